"""The one layout: right, odd and broken datasets, and what is said of each."""

import os
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from clone import ROOT
from ferblur.core.errors import UserError
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.curation import layout
from ferblur.curation.sidecar import read_subjects
from users import unprivileged

Change = Callable[[Path], object]


@pytest.fixture
def faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A right dataset: two files of each emotion in each pool; contents are not looked at."""
    monkeypatch.chdir(tmp_path)
    root = Path("datasets/mine")
    for pool in POOLS:
        for emotion in EMOTIONS:
            (root / pool / emotion).mkdir(parents=True)
            for number in range(2):
                (root / pool / emotion / f"{number}.jpg").write_text(f"{pool}{emotion}{number}")
    return root


def write(name: str, content: str = "x") -> Change:
    def change(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content.encode("utf-8", "surrogateescape"))

    return change


def move(name: str, to: str) -> Change:
    return lambda root: (root / name).rename(root / to)


def delete(name: str) -> Change:
    return lambda root: shutil.rmtree(root / name)


def link(name: str, to: str) -> Change:
    return lambda root: (root / name).symlink_to(to)


def also(*changes: Change) -> Change:
    return lambda root: [change(root) for change in changes]


def pipe(name: str) -> Change:
    return lambda root: os.mkfifo(root / name)


def listening(root: Path) -> None:
    before = Path.cwd()
    os.chdir(root / "train/fear")  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.jpg")
    os.chdir(before)


def table(*lines: str, name: str = "train/truth.csv") -> Change:
    return write(name, "\n".join(lines) + "\n")


FILES = [f"{emotion}/{number}.jpg" for emotion in EMOTIONS for number in range(2)]
SUBJECTS = [f"{file},p{place}" for place, file in enumerate(FILES)]

RIGHT: dict[str, Change] = {
    "as documented": lambda root: None,
    "junk everywhere": also(
        write("train/.DS_Store"), write("train/Thumbs.db"), write("deployment/desktop.ini"),
        write("train/fear/._0.jpg"), write("train/__MACOSX/fear/._0.jpg"),
        write("train/fear/.ipynb_checkpoints/0.jpg"), write("train/fear/Icon\r"),
        write("train/fear/@eaDir/0.jpg"), write("train/fear/THUMBS.DB"),
        write("train/fear/0.jpg~"), write("train/anger~/0.jpg"),
    ),
    "other things beside the pools": also(write("README.txt"), write("raw/1.jpg")),
    "an emotion that was not asked for": write("train/neutral/0.jpg"),
    "an emotion not asked for, by another name": write("deployment/Contemptuous/0.jpg"),
    "links to images": link("train/fear/2.jpg", "0.jpg"),
    "a pool that is a link": also(move("train", "elsewhere"), link("train", "elsewhere")),
    "names with spaces, accents, quotes": also(
        write("train/fear/Bild 1, Müller.jpg"), write("train/fear/顔 \u202fa.jpg"),
        write("train/fear/'\"$(x)`.jpg"), write("train/fear/" + "x" * 255),
        write("train/fear/-rf"), write("train/fear/a\\b.jpg"),
    ),
    "files of any extension, or none": also(write("train/fear/a"), write("train/fear/a.PNG")),
    "a table of people": table("file,subject", *SUBJECTS),
    "a table of people from Windows": write(
        "train/truth.csv", "\ufeff" + "\r\n".join(["file,subject", *SUBJECTS, ""])
    ),
    "a table of people with more columns and rows": table(
        "x,subject,file", *(",".join(["7", *line.split(",")[::-1]]) for line in SUBJECTS),
        "7,p,neutral/1.jpg", "",
    ),
}  # fmt: skip

BROKEN: dict[str, tuple[Change, list[str]]] = {
    "no such folder": (
        lambda root: root.rename(root.parent / "mind"),
        [r"mine: no such folder; does data\.root mean datasets/mind\?"],
    ),
    "nothing like it": (
        lambda root: root.rename(root.parent / "affwild2"),
        [r"mine: no such folder; data\.root names it: .* python -m ferblur\.importing SOURCE NAME"],
    ),
    "a link to nothing": (
        also(lambda root: root.rename(root.parent / "x"), lambda root: root.symlink_to("y")),
        [r"mine: a link to nothing; data\.root must name a folder with train and deployment"],
    ),
    "an archive": (
        also(shutil.rmtree, lambda root: root.write_text("zip")),
        [r"mine: not a folder; data\.root must name"],
    ),
    "the dataset one folder further in": (
        also(
            lambda root: root.rename("faces"), Path.mkdir,
            lambda root: Path("faces").rename(root / "faces"),
        ),
        [r"mine: has no pools, datasets/mine/faces has: name that one"],
    ),
    "emotions without pools": (
        also(delete("deployment"), *(move(f"train/{e}", e) for e in EMOTIONS), delete("train")),
        [r"mine: has folders of emotions, .*\.importing datasets/mine NAME draws them by person"],
    ),
    "pools by other names": (
        also(move("train", "Training"), move("deployment", "val")),
        [
            r"mine/train: no such folder; rename datasets/mine/Training to it",
            r"mine/deployment: no such folder; rename datasets/mine/val to it, if other people",
        ],
    ),
    "a misspelt pool": (
        move("deployment", "deploymnet"),
        [r"mine/deployment: no such folder; rename datasets/mine/deploymnet to it"],
    ),
    "a pool in another case, and two that may be the other": (
        also(move("train", "TRAIN"), move("deployment", "test"), write("valid/x")),
        [
            r"mine/train: no such folder; rename datasets/mine/TRAIN to it",
            r"mine/deployment: .* rename datasets/mine/test or datasets/mine/valid to it",
        ],
    ),
    "no pools at all": (
        also(delete("train"), delete("deployment")),
        [
            r"mine/train: no such folder; data\.root needs train/ and deployment/",
            r"mine/deployment: no such folder; data\.root needs",
        ],
    ),
    "a pool that is a file": (
        also(delete("train"), write("train")),
        [r"mine/train: not a folder; it must hold a folder for each emotion"],
    ),
    "a pool that is a link to nothing": (
        also(delete("train"), link("train", "nowhere")),
        [r"mine/train: a link to nothing; it must hold"],
    ),
    "one pool twice": (
        also(delete("train"), link("train", "deployment")),
        [r"mine: train and deployment are the same folder, or one inside the other"],
    ),
    "a missing class": (
        delete("train/fear"),
        [r"mine/train/fear: no such folder; .* or take fear out of data\.emotions"],
    ),
    "an empty class": (
        also(delete("deployment/fear"), write("deployment/fear/.keep")),
        [r"mine/deployment/fear: no images; every class needs some in both pools"],
    ),
    "classes in another case": (
        move("train/anger", "train/Anger"),
        [r"mine/train/Anger: rename it to 'anger', as data\.emotions has it"],
    ),
    "classes by other words": (
        also(move("train/happiness", "train/happy"), move("train/disgust", "train/Disgusted")),
        [
            r"mine/train/Disgusted: rename it to 'disgust'",
            r"mine/train/happy: rename it to 'happiness'",
        ],
    ),
    "a misspelt class": (
        move("train/surprise", "train/surpries"),
        [r"mine/train/surpries: rename it to 'surprise'"],
    ),
    "a class twice": (
        write("train/happy/9.jpg"),
        [r"mine/train/happy: means happiness\? Move its images to happiness/"],
    ),
    "unknown classes": (
        also(write("train/engagement/1.jpg"), write("train/7/1.jpg")),
        [
            r"train/7: not among data\.emotions \(anger, .*\): add it there, .* if it is a code",
            r"train/engagement: not among data\.emotions .*or move the folder out of the pool$",
        ],
    ),
    "images beside the classes": (
        also(write("train/1.jpg"), write("train/2.jpg"), write("train/3.jpg")),
        [r"mine/train/1\.jpg and 2 more: not in the folder of an emotion: move it there, or out"],
    ),
    "folders in a class": (
        also(write("train/fear/video 1/0.jpg"), write("train/fear/video 2/0.jpg")),
        [r"train/fear/video 1 and 1 more: a folder inside an emotion's folder: move its images up"],
    ),
    "a class that is a link": (
        also(move("train/fear", "fear"), link("train/fear", "../fear")),
        [r"train/fear: a link to a folder, in which DVC would not see a change: link the images"],
    ),
    "pipes and sockets": (
        also(pipe("train/fear/2.jpg"), listening, pipe("train/2.jpg")),
        [
            r"train/fear/2\.jpg and 1 more: neither a file nor a folder.*: move it elsewhere",
            r"mine/train/2\.jpg: not in the folder of an emotion",
        ],
    ),
    "a pipe in a class not asked for": (
        also(write("train/neutral/0.jpg"), pipe("train/neutral/1.jpg")),
        [r"train/neutral/1\.jpg: neither a file nor a folder"],
    ),
    "links to nothing and to themselves": (
        also(link("train/fear/2.jpg", "nowhere"), link("train/fear/3.jpg", "3.jpg")),
        [r"fear/2\.jpg: a link to nothing: bring back", r"fear/3\.jpg: a link that leads back"],
    ),
    "a link to the folder it is in": (
        link("train/fear/all", "."),
        [r"train/fear/all: a folder inside an emotion's folder"],
    ),
    "names that cannot be kept": (
        also(
            write("train/fear/a\udcff.jpg"), write("train/fear/a\rb.jpg"),
            write("train/fear/a\nb.jpg"), write("train/fear/\x1b[31m.jpg"),
        ),
        [
            r"fear/a\\xff\.jpg: its name is not UTF-8, and DVC cannot hash it: rename it",
            r"fear/\\x1b\[31m\.jpg and 2 more: a control character in its name",
        ],
    ),
    "names that are one elsewhere": (
        also(
            write("train/fear/A.jpg"), write("train/fear/a.JPG"),
            write("train/anger/M\u00fcller.jpg"), write("train/anger/Mu\u0308ller.jpg"),
        ),
        [
            r"anger/Müller\.jpg: its name differs from another's only in case or in how",
            r"fear/a\.JPG: its name differs from another's",
        ],
    ),
    "a DVC repository of its own": (
        write(".dvc/config"),
        [r"mine/\.dvc: makes the folder a DVC repository of its own"],
    ),
    "a table in another case": (
        table("file,subject", *SUBJECTS, name="train/Truth.CSV"),
        [r"mine/train/Truth\.CSV: name it truth\.csv"],
    ),
    "a table that is a folder": (
        write("train/truth.csv/x"),
        [r"truth\.csv: not a file; it must be a table with the columns 'file' and 'subject'"],
    ),
    "a table that is a pipe": (pipe("train/truth.csv"), [r"truth\.csv: not a file"]),
    "a table that is a link to nothing": (
        link("train/truth.csv", "nowhere"),
        [r"truth\.csv: cannot be read \(No such file"],
    ),
    "an empty table": (
        write("train/truth.csv", ""),
        [r"truth\.csv: must have the columns 'file' and 'subject', .* first line has nothing"],
    ),
    "a table in UTF-16": (
        lambda root: (root / "train/truth.csv").write_text("file,subject\n", encoding="utf-16"),
        [r"truth\.csv: not UTF-8; save it as CSV in UTF-8"],
    ),
    "a table with semicolons": (
        table("file;subject", "fear/0.jpg;p"),
        [r"truth\.csv: must have the columns .* commas between; .* has 'file;subject'$"],
    ),
    "a table without people": (
        table("file,label", "fear/0.jpg,fear"),
        [r"truth\.csv: must have the columns .* has 'file', 'label'$"],
    ),
    "a table with a column twice": (
        table("file,subject,subject", "fear/0.jpg,a,b"),
        [r"truth\.csv: must have the columns .* once each"],
    ),
    "a table with nobody in it": (
        table("file,subject", *SUBJECTS[:7], f"{FILES[7]},", f"{FILES[8]},NA", f"{FILES[9]}, ",
              f"{FILES[10]},nan", f"{FILES[11]},unknown"),
        [r"truth\.csv: lines 9, 10, 11 and 2 more: no subject, or one that means nobody"],
    ),
    "a table that lists a file twice": (
        table("file,subject", *SUBJECTS, SUBJECTS[0]),
        [r"truth\.csv: line 14: a file that an earlier line lists: keep one of the two"],
    ),
    "a table with ragged lines": (
        table("file,subject", *SUBJECTS, "fear/1.jpg,a,b", "fear"),
        [r"truth\.csv: lines 14, 15: not 2 values, as the first line has"],
    ),
    "a table of other files": (
        table("file,subject", "img_1.png,p"),
        [r"truth\.csv: lists none of the pool's 12 files, such as 'img_1\.png'; .*'anger/0\.jpg'"],
    ),
    "a table with no rows": (
        table("file,subject"),
        [r"truth\.csv: lists none of the pool's 12 files; its column 'file' must"],
    ),
    "a table in which files are spelt otherwise": (
        table("file,subject", *SUBJECTS[2:], r".\Anger\0.JPG,a", "./anger/1.jpg,b"),
        [r"truth\.csv: 2 files spelt otherwise than on disk, such as '.*' for 'anger/0\.jpg'"],
    ),
    "a table that is no text": (
        write("train/truth.csv", "file,subject\n\0,\"x\"y\n"),
        [r"truth\.csv: not a table of comma-separated values"],
    ),
    "all at once": (
        also(
            move("deployment", "Test"), move("train/anger", "train/Angry"), delete("train/fear"),
            write("train/x.jpg"), table("file;subject"),
        ),
        [
            r"mine/deployment: no such folder; rename datasets/mine/Test to it",
            r"mine/train/Angry: rename it to 'anger'",
            r"mine/train/x\.jpg: not in the folder",
            r"mine/train/fear: no such folder",
            r"mine/train/truth\.csv: must have the columns",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_or_odd_dataset_is_counted(name: str, faces: Path) -> None:
    before = layout.check(faces, EMOTIONS)
    assert before == {pool: dict.fromkeys(EMOTIONS, 2) for pool in POOLS}
    RIGHT[name](faces)
    after = layout.check(faces, EMOTIONS)
    for pool in POOLS:
        files = layout.list_files(faces, pool, EMOTIONS)
        assert files == sorted(files)
        assert len(files) == sum(after[pool].values())
        assert set(files) >= set(FILES)
        assert not [
            file
            for file in files
            if "humb" in file or "/." in file or "@" in file or file.endswith("~")
        ]


@pytest.mark.parametrize("name", BROKEN)
def test_faults_are_named_with_a_remedy(name: str, faces: Path) -> None:
    change, expected = BROKEN[name]
    change(faces)
    with pytest.raises(UserError) as error:
        layout.check(faces, EMOTIONS)
    lines = str(error.value).splitlines()
    assert len(lines) == len(expected), lines
    for line, pattern in zip(lines, expected, strict=True):
        assert re.search(pattern, line), line
        assert line.startswith("datasets/mine")
        assert not re.search("remove|delete", line)
        assert line.isprintable()


def test_labels_are_label_encoders() -> None:
    from sklearn.preprocessing import LabelEncoder

    shuffled = ["surprise", "fear", "anger", "sadness", "disgust", "happiness"]
    assert tuple(LabelEncoder().fit(shuffled).classes_) == EMOTIONS


def test_other_classes_in_another_order(faces: Path) -> None:
    write("train/neutral/0.jpg")(faces)
    write("deployment/Neutral/.x")(faces)
    asked = ["surprise", "happiness", "anger"]
    assert layout.check(faces, asked)["train"] == {"surprise": 2, "happiness": 2, "anger": 2}
    files = layout.list_files(faces, "train", asked)
    assert files == sorted(files)
    assert {file.partition("/")[0] for file in files} == set(asked)
    assert layout.left_out(faces, "train", asked) == {
        "disgust": 2, "fear": 2, "neutral": 1, "sadness": 2,
    }  # fmt: skip
    assert layout.left_out(faces, "deployment", EMOTIONS) == {"Neutral": 0}


def test_classes_of_ones_own(faces: Path) -> None:
    for pool in POOLS:
        write(f"{pool}/engaged/0.jpg")(faces)
        write(f"{pool}/happy/0.jpg")(faces)
    asked = ["engaged", "fear"]
    assert layout.check(faces, asked)["deployment"] == {"engaged": 1, "fear": 2}
    (faces / "train/happiness").rename(faces / "train/Happiness")
    shutil.rmtree(faces / "train/happy")
    with pytest.raises(UserError, match="train/Happiness: rename it to 'happy'"):
        layout.check(faces, ["happy", "fear"])


def test_the_first_hundred_faults_and_how_many_there_are(faces: Path) -> None:
    for number in range(110):
        write(f"train/unknown{number:03}/0.jpg")(faces)
    with pytest.raises(UserError) as error:
        layout.check(faces, EMOTIONS)
    lines = str(error.value).splitlines()
    assert len(lines) == 101
    assert "unknown099" in lines[99]
    assert lines[100] == "and 10 more faults"


def test_a_pool_named_instead_of_the_dataset(faces: Path) -> None:
    with pytest.raises(UserError, match="must have the pools train and deployment: name datasets/"):
        layout.check(faces / "train", EMOTIONS)


def test_what_nobody_may_read_is_named(faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "fear":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).suffix != ".png")
    write("train/anger/2.png")(faces)
    with pytest.raises(UserError) as error:
        layout.check(faces, EMOTIONS)
    assert str(error.value).splitlines() == [
        "datasets/mine/train/anger/2.png: not readable by this user: chmod u+r",
        "datasets/mine/train/fear: cannot be read (Permission denied): chmod u+rx",
        "datasets/mine/deployment/fear: cannot be read (Permission denied): chmod u+rx",
    ]


def test_what_another_user_may_not_read_is_named(faces: Path, tmp_path: Path) -> None:
    (faces / "train/fear").chmod(0)
    (faces / "train/anger/0.jpg").chmod(0)
    (faces / "deployment").chmod(0)
    with unprivileged(tmp_path), pytest.raises(UserError) as error:
        layout.check(faces, EMOTIONS)
    for name in ("train/fear: cannot be read", "train/anger/0.jpg: not readable", "deployment: "):
        assert f"{faces}/{name}" in str(error.value)


def test_outside_the_project_hidden_files_may_stop_dvc(faces: Path, tmp_path: Path) -> None:
    link("train/fear/.#lock", "nobody@nowhere")(faces)
    assert layout.check(faces, EMOTIONS)  # .dvcignore keeps it from DVC
    (tmp_path / "elsewhere").mkdir()
    os.chdir(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"fear/\.#lock: a link to nothing"):
        layout.check(tmp_path / faces, EMOTIONS)


def test_subjects_come_from_the_sidecar(faces: Path) -> None:
    assert read_subjects(faces, "train") is None
    table("subject,file,x", "007,fear/0.jpg,1", " 1e3 ,fear/1.jpg,")(faces)
    assert read_subjects(faces, "train") == {"fear/0.jpg": "007", "fear/1.jpg": "1e3"}
    table("file", "fear/0.jpg")(faces)
    with pytest.raises(UserError, match=r"truth\.csv: must have the columns 'file' and 'subject'"):
        read_subjects(faces, "train")


def test_a_missing_folder_is_named_when_files_are_listed(faces: Path) -> None:
    with pytest.raises(UserError, match=r"train/calm: cannot be read \(No such file"):
        layout.list_files(faces, "train", ["calm"])


def ignored(name: str) -> bool:
    return GitIgnoreSpec.from_lines(
        line.strip() for line in (ROOT / ".dvcignore").read_text().splitlines()
    ).match_file(name)  # as DVC reads it


@pytest.mark.parametrize(
    "name",
    [
        *(case(name) for name in sorted(layout.JUNK) for case in (str.lower, str.upper, str.title)),
        "Icon\r", "__MACOSX/0.jpg", "@eaDir/0.jpg", "lost+found/x", ".DS_Store", "fear/._0.jpg",
        "fear/.ipynb_checkpoints/0.jpg", "fear/0.jpg~", "fear~/0.jpg",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_junk_here_is_junk_to_dvc(name: str) -> None:
    assert any(layout.is_junk(part) for part in name.split("/"))
    assert ignored(f"datasets/mine/train/{name}")
    assert ignored(f"faces/train/{name}")


@pytest.mark.parametrize(
    "name",
    ["0.jpg", "Icon", "Icons", "icon.jpg", "~0.jpg", "IMG~1.JPG", "Thumbs.db.jpg", "thumbs",
     "MACOSX", "eaDir", "lost+found2", "lost", "truth.csv", "desktop_ini", "Thumbs_db", "a.dvc"],
)  # fmt: skip
def test_what_is_none_here_is_none_to_dvc(name: str) -> None:
    assert not layout.is_junk(name)
    assert not ignored(f"datasets/mine/train/fear/{name}")


def test_dvcs_own_files_are_none_to_dvc() -> None:
    assert not ignored(".dvc/config")
