"""The command as a whole: what it says, and how mistakes end."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ferblur.core.errors import UserError, one_line
from ferblur.importing.__main__ import main, parse
from users import unprivileged

Draw = Callable[..., None]
Bring = Callable[..., str]
Files = Callable[..., dict[str, bytes]]
Record = Callable[..., dict[str, str]]


def people(given: Path, draw: Draw, number: int = 6) -> Path:
    lines = ["file,emotion,person"]
    for person in range(number):
        for label in ("anger", "joy"):
            draw(f"faces/{person}_{label}.jpg")
            lines.append(f"faces/{person}_{label}.jpg,{label},p{person}")
    (given / "t.csv").write_text("\n".join(lines))
    return given / "t.csv"


def test_a_table_with_people_and_no_pools(
    given: Path, draw: Draw, bring: Bring, files: Files
) -> None:
    table = people(given, draw)
    draw("faces/more.jpg", "elsewhere/other.jpg")
    with table.open("a") as stream:
        stream.write("\nfaces/missing.jpg,anger,p1\nfaces/0_joy.jpg,Other,p0")
    out = bring(table, "mine")
    assert "found: 14 rows, 12 to import" in out
    assert "train: 8: anger 4, happiness 4" in out
    assert "smallest: anger 4 in train, anger 2 in deployment" in out
    assert "deployment: 4: anger 2, happiness 2" in out
    assert "drawn with seed 1, 0.33 for deployment, by person" in out
    assert "rows: 14 = 12 imported + 2 left out: label Other 1, no such file 1" in out
    assert "files beside them, left out: no row names it 1" in out  # but not elsewhere/
    assert out.endswith("Next: make repro PROFILE=mine\n")
    subjects = [
        {line.split(",")[1] for line in files()[f"{pool}/truth.csv"].decode().splitlines()[1:]}
        for pool in ("train", "deployment")
    ]
    assert (len(subjects[0]), len(subjects[1])) == (4, 2)
    assert not subjects[0] & subjects[1]


def test_what_is_said_before_anything_is_written(
    given: Path, draw: Draw, bring: Bring, here: Path
) -> None:
    out = bring(people(given, draw), "mine", "--dry-run")
    assert "dry run: nothing is written" in out
    assert not (here / "datasets").exists()


def test_every_row_and_image_is_accounted_for(
    given: Path, draw: Draw, bring: Bring, record: Record
) -> None:
    people(given, draw)
    draw("more.jpg")
    (given / "link.jpg").symlink_to("/etc/hostname")
    bring(given, "mine")
    became = record()
    assert len(became) == 12 + 2
    assert became["more.jpg"] == "no row names it"
    assert became["link.jpg"] == "a link that leaves the source folder"


def test_files_that_are_no_images_are_named(
    given: Path, draw: Draw, bring: Bring, record: Record
) -> None:
    draw(*(f"{label}/{n}.image" for label in ("happy", "sad") for n in range(2)))
    heic = b"\0\0\0\x20ftypheic"
    for name, content in (
        ("happy/1.heic", heic), ("sad/2.ppm", b"P6 1 1 255 abc"), ("3.bin", b"\1\2\3\xff"),
        ("4.zip", b"PK\3\4"), ("5.pts", b"version: 1"), ("6.json", b"{}"), ("7.npy", b"\x93NUMPY"),
    ):  # fmt: skip
        (given / name).write_bytes(content)
    out = bring(given, "mine")
    assert "rows: 4 = 4 imported + 0 left out" in out
    became = record()
    assert became["happy/1.heic"].startswith("HEIC: convert it")
    assert became["sad/2.ppm"].startswith("Netpbm: ")
    assert became["3.bin"].startswith("not a picture")
    assert became["4.zip"].startswith("an archive")
    assert len(became) == 8
    assert "an archive: unpack it 1" in out
    assert became["happy/1.image"].endswith("/happiness/1.image")
    for image in given.rglob("*.image"):
        image.unlink()
    (given / "4.zip").unlink()
    with pytest.raises(UserError, match=r"no images: 3\.bin: .*; happy/1\.heic: HEIC"):
        bring(given, "other")


def test_many_files_that_are_no_images_are_told_before(
    given: Path, draw: Draw, bring: Bring
) -> None:
    draw(*(f"{label}/{n}.jpg" for label in ("happy", "sad") for n in range(10)))
    (given / "happy/0.heic").write_bytes(b"\0\0\0\x20ftypheic")
    assert "not taken" not in bring(given, "mine", "--dry-run")
    (given / "sad/0.heic").write_bytes(b"\0\0\0\x20ftypheic")
    out = bring(given, "mine", "--dry-run")
    assert "warning: files that are not taken: HEIC: convert it" in out


def test_files_elsewhere_are_no_concern_of_a_table(
    given: Path, draw: Draw, bring: Bring, record: Record
) -> None:
    table = people(given, draw)
    for place in ("other.heic", "faces/beside.heic"):
        (given / place).write_bytes(b"\0\0\0\x20ftypheic")
    (given / "link.jpg").symlink_to("/etc/hostname")
    bring(table, "mine")
    assert len(record()) == 12 + 1
    assert record()["faces/beside.heic"].startswith("HEIC")


@pytest.mark.parametrize("pooled", [True, False])
def test_rows_without_a_person_among_people(
    pooled: bool, given: Path, draw: Draw, bring: Bring, files: Files, record: Record
) -> None:
    table = people(given, draw)
    if pooled:
        table.write_text("".join(
            f"{line},{'split' if n == 0 else 'train' if n < 7 else 'test'}\n"
            for n, line in enumerate(table.read_text().splitlines())
        ))  # fmt: skip
    table.write_text(table.read_text().replace("0_joy.jpg,joy,p0", "0_joy.jpg,joy,"))
    out = bring(table, "mine")
    assert "warning: 1 are left out: no person named; --columns subject= takes all" in out
    assert list(record().values()).count("no person named") == 1
    assert {"train/truth.csv", "deployment/truth.csv"} < set(files())
    out = bring(table, "mine", "--columns", "subject=")
    assert "12 imported" in out
    assert "train/truth.csv" not in files()


def test_a_person_na_is_nobody_and_the_warning_names_it(
    given: Path, draw: Draw, bring: Bring
) -> None:
    table = people(given, draw)
    table.write_text(table.read_text().replace(",p0", ",NA"))
    out = bring(table, "mine")
    assert "2 are left out: no person named (so 'NA' is read; a person of such a name" in out


def test_a_profile_of_its_own_and_another(given: Path, draw: Draw, bring: Bring) -> None:
    with pytest.raises(UserError, match="--profile: affwild2 is a profile itself"):
        bring(people(given, draw), "affwild2", "--profile", "smoke")


def test_what_a_kept_profile_has_is_not_claimed(
    given: Path, draw: Draw, bring: Bring, here: Path
) -> None:
    table = people(given, draw)
    assert "taken whole" in bring(table, "mine")
    assert "taken whole" in bring(table, "mine")
    profile = here / "datasets/mine/params.yaml"
    profile.write_text(profile.read_text().replace("detector: none", "detector: mtcnn"))
    assert "taken whole" not in bring(table, "mine")


def test_no_people_is_a_warning(given: Path, draw: Draw, bring: Bring) -> None:
    draw(*(f"{label}/{number}.jpg" for label in ("sad", "happy") for number in range(3)))
    out = bring(given, "mine")
    assert "people: not known" in out
    assert out.count("frames of one") == 1
    assert "warning: frames of one person may be in both pools" in out


def test_labels_apart_from_images(tmp_path: Path, given: Path, draw: Draw, bring: Bring) -> None:
    table = people(given, draw)
    table.rename(tmp_path / "labels.csv")
    with pytest.raises(UserError, match=r"nothing to import: 12 rows, no such file 12; .*--images"):
        bring(tmp_path / "labels.csv", "mine", "--images", tmp_path / "project/profiles")
    assert "12 imported" in bring(tmp_path / "labels.csv", "mine", "--images", given)


def test_numbered_columns_and_codes(given: Path, draw: Draw, bring: Bring) -> None:
    people(given, draw)
    lines = [f"faces/{p}_{label}.jpg {code}" for p in range(6) for code, label in
             enumerate(("anger", "joy"))]  # fmt: skip
    (given / "t.csv").write_text("\n".join(lines))
    columns = ("--columns", "file=1,label=2")
    with pytest.raises(UserError, match=r"'0' \(6\), '1' \(6\)"):
        bring(given / "t.csv", "mine", *columns)
    out = bring(given / "t.csv", "mine", *columns, "--labels", "0=Anger,1=happy")
    assert "train: 8: anger 4, happiness 4" in out


def test_the_share_and_the_seed(given: Path, draw: Draw, bring: Bring, files: Files) -> None:
    table = people(given, draw, 10)
    bring(table, "mine", "--deployment", "0.5", "--seed", "2")
    second = files()["deployment/truth.csv"]
    assert len(second.splitlines()) == 11
    bring(table, "mine", "--deployment", "0.5", "--seed", "3")
    assert files()["deployment/truth.csv"] != second


def test_some_emotions_and_some_images(
    given: Path, draw: Draw, bring: Bring, files: Files, record: Record
) -> None:
    table = people(given, draw, 12)
    with table.open("a") as stream:
        stream.write("\nfaces/0_joy.jpg,sad,p0\nfaces/1_joy.jpg,fear,p1\nfaces/2_anger.jpg,fear,p2")
    out = bring(table, "mine", "--emotions", "Angry, joy", "--most", "6", "--seed", "3")
    # an image with two labels is none of those asked for, and does not become so by --emotions
    assert "happiness 4" in out
    became = Counter(record().values())
    assert became["listed twice, with different labels, people or pools"] == 6
    assert became["more than 6 of anger"] == 11 - 6
    assert became["more than 6 of happiness"] == 10 - 6
    assert "rows: 27 = 12 imported + 15 left out" in out
    before = files()
    bring(table, "mine", "--emotions", "anger,happiness", "--most", "6", "--seed", "3")
    assert files() == before


def test_another_profile(given: Path, draw: Draw, bring: Bring, files: Files) -> None:
    bring(people(given, draw), "mine", "--profile", "smoke")
    assert files()["params.yaml"].startswith(b"# The profile smoke for datasets/mine")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mine", "--deployment", "1"), "--deployment: a share between 0 and 1"),
        (("mine", "--deployment", "nan"), "--deployment: a share between 0 and 1"),
        (("mine", "--seed", "-1"), "--seed: from 1"),
        (("mine", "--every", "0"), "--every: from 1"),
        (("mine", "--most", "1"), "--most: from 2, one for each pool, not 1"),
        (("mine", "--emotions", "fear"), "--emotions: no image shows fear; there are anger, hap"),
        (("mine", "--columns", "place=x"), "--columns: file, label, subject or pool"),
        (("mine", "--labels", "0=Grr grr!"), "--labels: 0=Grr grr!"),
        (("mine", "--profile", "none"), "no profile 'none'"),
        (("../mine",), r"NAME: '\.\./mine'"),
        (("a/b",), "NAME"),
        ((".hidden",), "NAME"),
        (("",), "NAME"),
        (("demo",), "is a profile's name"),
        (("mine", "--layout", "kdef"), "nothing to import: 12 rows, a name of another form 12"),
        (("mine", "--layout", "affectnet-npy"), "nothing to import"),
        (("mine", "--layout", "rafdb"), "nothing to import: 0 rows, no images"),
        (("mine", "--layout", "fer2013"), "no table of pixels"),
        (("mine", "--layout", "ferplus"), "no table of votes"),
        (("mine", "--layout", "expw"), "nothing to import"),
        (("mine", "--layout", "ckplus"), "nothing to import"),
        (("mine", "--layout", "affwild2"), "annotations, but no frames"),
        (("mine", "--layout", "folders"), "labels that name no known emotion: 'faces'"),
    ],
)
def test_mistakes_are_one_line(
    arguments: tuple[str, ...], message: str, given: Path, draw: Draw, bring: Bring, here: Path
) -> None:
    people(given, draw)
    with pytest.raises(UserError, match=message) as error:
        bring(given, *arguments)
    assert "\n" not in str(error.value)
    assert not list((here / "datasets").glob("*"))


def test_each_file_alone_with_each_layout(given: Path, draw: Draw, bring: Bring) -> None:
    """Whatever layout the user insists on, a table or an error comes out, no traceback."""
    from ferblur.importing.layouts import BY_NAME

    table = people(given, draw)
    for name in BY_NAME:
        try:
            bring(table, "mine", "--layout", name, "--dry-run")
        except UserError as error:
            assert "\n" not in str(error)  # noqa: PT017


def command(here: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ferblur.importing", *arguments],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_mistake_exits_with_status_1_and_one_line(here: Path, given: Path) -> None:
    ended = command(here, str(given / "none.csv"), "mine")
    assert ended.returncode == 1
    assert ended.stderr == f"{given / 'none.csv'}: no such file or folder\n"
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: SOURCE, NAME"),
        (("", "mine"), "argument SOURCE: no file or folder named"),
        (("~nobody-here/x", "mine"), "argument SOURCE: '~nobody-here/x'"),
        ((".", "mine", "--seed", "x"), "argument --seed: invalid int value: 'x'"),
        ((".", "mine", "--layout", "x"), "argument --layout: invalid choice: 'x'"),
        ((".", "mine", "--labels", "x"), "argument --labels: 'x': pairs such as"),
    ],
)
def test_a_mistaken_command_line(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError) as error:
        parse(arguments)
    assert str(error.value).startswith(message)


def test_columns_to_pass_over(given: Path, draw: Draw, bring: Bring) -> None:
    table = people(given, draw)
    table.write_text("".join(
        f"{line},{'set' if number == 0 else 'A'}\n"
        for number, line in enumerate(table.read_text().splitlines())
    ))  # fmt: skip
    with pytest.raises(UserError, match=r"'A': neither .*--columns pool="):
        bring(table, "mine")
    assert "by person" in bring(table, "mine", "--columns", "pool=")
    assert "by image" in bring(table, "other", "--columns", "pool=,subject=")


def test_columns_of_a_folders_table(given: Path, draw: Draw, bring: Bring) -> None:
    table = people(given, draw)
    table.write_text(table.read_text().replace("file,", "photo,"))
    (given / "notes.txt").write_text("some words, and more\n")
    assert "12 imported" in bring(given, "mine", "--columns", "file=photo")
    with pytest.raises(UserError, match=r"with columns foto \(t\.csv has photo, emotion, person\)"):
        bring(given, "mine", "--columns", "file=foto")
    (given / "u.csv").write_text(table.read_text())
    with pytest.raises(UserError, match=r"several are a table of images \(t\.csv, u\.csv\)"):
        bring(given, "mine", "--columns", "file=photo")


def test_what_may_not_be_wanted_is_said_before_writing(
    given: Path, draw: Draw, bring: Bring
) -> None:
    draw(*(f"{pool}/{label}/1.jpg" for pool in ("train", "val") for label in ("sad", "happy")))
    draw("train/fear/1.jpg", "train/fear/2.jpg", *(f"train/{number}.jpg" for number in range(5)))
    (given / "list.csv").write_text("train/sad/1.jpg,3\n")
    (given / "other.txt").write_text("0: train/sad/1.jpg: 3\n")
    (given / "broken.parquet").write_bytes(b"PAR1")
    (given / "notes.txt").write_text("some words, and more\n")
    out = bring(given, "mine", "--dry-run")
    assert "warning: fear (2) is left out, as only one pool has it" in out
    assert "--columns pool= draws new pools" in out
    assert "warning: 5 of 11 are left out: no label" in out
    assert "warning: lists that are not read: broken.parquet, list.csv, other.txt\n" in out
    assert "left out, as" not in bring(given, "mine", "--columns", "pool=")


def test_help_says_what_each_layout_is(capsys: pytest.CaptureFixture[str]) -> None:
    from ferblur.importing.layouts import LAYOUTS

    with pytest.raises(SystemExit):
        parse(["--help"])
    out = capsys.readouterr().out
    for layout in LAYOUTS:
        assert f"  {layout.name:16}{layout.title}: {layout.mark}\n" in out
        assert "?P<" not in layout.mark


def test_an_unusable_path_is_one_line(here: Path) -> None:
    ended = command(here, "a" * 5000, "mine")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1


def test_a_project_that_may_not_be_written(
    here: Path, given: Path, draw: Draw, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = parse([str(people(given, draw)), "mine"])
    here.chmod(0o555)
    with unprivileged(tmp_path), pytest.raises(SystemExit) as ended, one_line():
        main(arguments)
    assert re.fullmatch(r"\S+: permission denied; make it [^\n]*", str(ended.value.code))
    assert not (here / "datasets").exists()
