"""Each layout of the field in one tiny copy: what is recognised, and what is read from it.

Run: pytest tests/unit/importing/test_layouts.py
"""

import json
import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ferblur.core.errors import UserError
from ferblur.importing.layouts import BY_NAME, LAYOUTS, POOLS, Layout
from ferblur.importing.rows import Row

Read = Callable[..., tuple[Layout, list[Row]]]
Draw = Callable[..., None]
Bring = Callable[..., str]
Record = Callable[..., dict[str, str]]

NAMES = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise"
GREY = " ".join(str(value % 256) for value in range(24 * 24))
FOLDERS = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def said(rows: list[Row]) -> dict[str, tuple[str, str, str]]:
    """What each kept row says, by its image: label, person, pool."""
    return {
        row.file or row.name: (row.label, row.subject, row.pool) for row in rows if not row.reason
    }


def reasons(rows: list[Row]) -> Counter[str]:
    return Counter(row.reason for row in rows if row.reason)


def affwild2(
    given: Path, draw: Draw, pools: tuple[str, str], header: str, above: str = "labels"
) -> None:
    """Two videos for training, one of two people for validation."""
    train, validation = pools
    codes = ["0", "1", "-1", "4", "7" if "Other" in header else "-1"]
    write(given / f"{above}/{train}/1-30-1280x720.txt", header, *codes)
    write(given / f"{above}/{train}/video2.txt", header, "1", "6", "4")
    write(given / f"{above}/{validation}/video3_left.txt", header, "1", "4")
    write(given / f"{above}/{validation}/video3_right.txt", header, "4", "1")
    write(given / f"{above.replace('EXPR', 'VA')}-va/{train}/video2.txt", "valence,arousal", "0,0")
    for frame in range(1, 6):
        draw(f"cropped_aligned/1-30-1280x720/{frame:05d}.jpg")
    draw("cropped_aligned/video2/00001.jpg", "cropped_aligned/video2/00003.jpg")
    for frame in (1, 2):
        draw(f"cropped_aligned/video3_left/{frame:05d}.jpg")
        draw(f"cropped_aligned/video3_right/{frame:05d}.jpg")


@pytest.mark.parametrize(
    ("pools", "header", "above"),
    [
        (("Train_Set", "Validation_Set"), f"{NAMES},Other", "EXPR_Classification_Challenge"),
        (("Train_Set", "Validation_Set"), NAMES, "annotations/EXPR_Set"),
        (("Training_Set", "Validation_Set"), NAMES, "Expression_Set"),
    ],
    ids=["2022-eight-names", "2021-seven-names", "2020-training-set"],
)
def test_affwild2(
    pools: tuple[str, str], header: str, above: str, given: Path, draw: Draw, rows: Read
) -> None:
    affwild2(given, draw, pools, header, above)
    layout, found = rows()
    assert (layout.name, layout.profile) == ("affwild2", "affwild2")
    assert len(found) == 5 + 3 + 2 + 2
    kept = said(found)
    assert kept["cropped_aligned/1-30-1280x720/00002.jpg"] == ("Anger", "1-30-1280x720", pools[0])
    assert kept["cropped_aligned/video2/00003.jpg"] == ("Happiness", "video2", pools[0])
    assert kept["cropped_aligned/video3_left/00001.jpg"] == ("Anger", "video3", pools[1])
    assert kept["cropped_aligned/video3_right/00002.jpg"] == ("Anger", "video3", pools[1])
    assert reasons(found) == {"no such frame: no face was found in it": 1}


def test_affwild2_becomes_the_papers_dataset(
    given: Path, draw: Draw, bring: Bring, record: Record, files: Callable[..., dict[str, bytes]]
) -> None:
    affwild2(given, draw, ("Train_Set", "Validation_Set"), f"{NAMES},Other")
    out = bring(given, "affwild2")
    became = record("affwild2")
    assert became["labels/Train_Set/1-30-1280x720.txt:4"] == "label -1"
    assert became["labels/Train_Set/1-30-1280x720.txt:6"] == "label Other"
    assert became["labels/Train_Set/1-30-1280x720.txt:2"] == "only one pool has neutral"
    target = "train/anger/1-30-1280x720__00002.jpg"
    assert became["labels/Train_Set/1-30-1280x720.txt:3"] == target
    assert target in files("affwild2")
    assert "params.yaml" not in files("affwild2")  # profiles/affwild2.yaml is its own
    assert "make repro PROFILE=affwild2" in out
    assert files("affwild2")["train/truth.csv"].decode().splitlines()[1:3] == [
        "anger/1-30-1280x720__00002.jpg,1-30-1280x720,cropped_aligned/1-30-1280x720/00002.jpg",
        "anger/video2__00001.jpg,video2,cropped_aligned/video2/00001.jpg",
    ]


def test_affwild2_under_another_name_gets_the_papers_settings(
    given: Path, draw: Draw, bring: Bring, files: Callable[..., dict[str, bytes]]
) -> None:
    affwild2(given, draw, ("Train_Set", "Validation_Set"), NAMES)
    bring(given, "mine")
    profile = files()["params.yaml"].decode()
    assert "  root: datasets/mine " in profile
    assert "  weights: imagenet " in profile


def test_affwild2_prefers_aligned_frames_and_takes_every_nth(
    given: Path, draw: Draw, rows: Read
) -> None:
    write(given / "labels/Train_Set/v.txt", NAMES, *"1234561")
    for frame in range(1, 8):
        draw(f"cropped/v/{frame:05d}.jpg", f"cropped_aligned/v/{frame:05d}.jpg")
    _, found = rows(every=3)
    assert list(said(found)) == [f"cropped_aligned/v/0000{frame}.jpg" for frame in (1, 4, 7)]
    assert len(found) == 3


def test_frames_passed_over_are_counted_and_not_listed(
    given: Path, draw: Draw, bring: Bring, record: Record
) -> None:
    for pool in ("Train_Set", "Validation_Set"):
        write(given / f"labels/{pool}/{pool}.txt", NAMES, *"1122334")
        draw(*(f"cropped_aligned/{pool}/{frame:05d}.jpg" for frame in range(1, 8)))
    draw("cropped_aligned/unnamed/00002.jpg")
    out = bring(given, "mine", "--every", "2")
    assert "frames passed over (--every 2): 6\n" in out
    assert len(record()) == 8 + 1
    assert record()["cropped_aligned/unnamed/00002.jpg"] == "no row names it"


def test_affwild2_without_frames(given: Path, draw: Draw, rows: Read) -> None:
    write(given / "labels/Train_Set/v.txt", NAMES, *"1234561")
    with pytest.raises(UserError, match="annotations, but no frames"):
        rows()


def test_affwild2_without_some_videos(given: Path, draw: Draw, bring: Bring) -> None:
    affwild2(given, draw, ("Train_Set", "Validation_Set"), NAMES)
    assert "without a folder" not in bring(given, "mine", "--dry-run")
    write(given / "labels/Train_Set/lost.txt", NAMES, "1", "4")
    out = bring(given, "mine", "--dry-run")
    assert "videos without a folder of frames: 1 (labels/Train_Set/lost.txt)" in out


def test_affwild2_with_labels_and_frames_apart(
    tmp_path: Path, given: Path, draw: Draw, rows: Read
) -> None:
    affwild2(given, draw, ("Train_Set", "Validation_Set"), NAMES)
    frames = given / "cropped_aligned"
    frames.rename(tmp_path / "frames")
    _, found = rows("labels", images=tmp_path / "frames")
    assert len(said(found)) == 11


RAFDB = ("train_00001.jpg 5", "train_00002.jpg 7", "test_0001.jpg 5", "test_0002.jpg 7")


@pytest.mark.parametrize("images", ["Image/aligned/{}_aligned.jpg", "Image/original/{}.jpg"])
def test_rafdb(images: str, given: Path, draw: Draw, rows: Read) -> None:
    lines = [*RAFDB, "train_00009.jpg 1", "train_00010.jpg " + "9" * 5000]
    write(given / "EmoLabel/list_patition_label.txt", *lines)
    draw(*(images.format(line.split(".")[0]) for line in RAFDB))
    layout, found = rows()
    assert layout.name == "rafdb"
    assert said(found)[images.format("train_00001")] == ("5", "", "train")
    assert said(found)[images.format("test_0002")] == ("7", "", "test")
    assert reasons(found) == {"no such file": 1, "not a name and a code": 1}


def test_rafdb_takes_aligned_faces_where_both_are_there(
    given: Path, draw: Draw, bring: Bring, record: Record
) -> None:
    write(given / "EmoLabel/list_patition_label.txt", *RAFDB)
    for line in RAFDB:
        stem = line.split(".")[0]
        draw(f"Image/aligned/{stem}_aligned.jpg", f"Image/original/{stem}.jpg")
    bring(given, "mine")
    assert record()["EmoLabel/list_patition_label.txt:1"] == (
        "train/sadness/train_00001_aligned.jpg"
    )
    assert record()["Image/original/train_00001.jpg"] == "original of an aligned image"


def test_compound_rafdb_is_not_taken_for_the_basic_one(
    given: Path, draw: Draw, bring: Bring
) -> None:
    write(given / "list_patition_label.txt", *RAFDB, "train_00003.jpg 11")
    draw(*(line.split()[0] for line in RAFDB), "train_00003.jpg")
    with pytest.raises(UserError, match=r"label\.txt:5: code 11: .* compound emotions"):
        bring(given, "mine")
    meant = "--labels", "5=happiness,7=fear,11="
    assert "label 11 1" in bring(given, "mine", *meant)


def test_basic_and_compound_rafdb_beside_each_other(given: Path, draw: Draw, rows: Read) -> None:
    for half in ("basic", "compound"):
        write(given / half / "EmoLabel/list.txt", *RAFDB)
        draw(*(f"{half}/Image/{line.split()[0]}" for line in RAFDB))
    with pytest.raises(UserError, match=r"basic/EmoLabel/list\.txt, compound/.* folder of one"):
        rows()
    assert len(said(rows("basic")[1])) == 4


def test_rafdb_folders(given: Path, draw: Draw, rows: Read) -> None:
    draw("DATASET/train/1/train_00001_aligned.jpg", "DATASET/test/6/test_0001_aligned.jpg")
    write(given / "train_labels.csv", "image,label", "train_00001_aligned.jpg,1")
    layout, found = rows()
    assert (layout.name, layout.codes["6"]) == ("rafdb-folders", "anger")
    assert said(found) == {
        "DATASET/train/1/train_00001_aligned.jpg": ("1", "", "train"),
        "DATASET/test/6/test_0001_aligned.jpg": ("6", "", "test"),
    }


@pytest.mark.parametrize(
    ("name", "header", "order"),
    [
        ("fer2013.csv", "emotion,pixels,Usage", "{0},{1},{2}"),
        ("icml_face_data.csv", "emotion, Usage, pixels", "{0},{2},{1}"),
        ("train.csv", "emotion,pixels", '{0},"{1}"'),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_fer2013_tables(
    name: str, header: str, order: str, whole: bool, given: Path, rows: Read
) -> None:
    lines = [
        order.format(code, GREY, usage)
        for code, usage in [(0, "Training"), (6, "PublicTest"), (3, "PrivateTest")]
    ]
    write(given / name, header, *lines)
    write(given / "test.csv", "pixels", GREY)
    layout, found = rows("" if whole else name)
    assert layout.name == "fer2013"
    assert [row.label for row in found] == ["0", "6", "3"]
    usages = ["", "", ""] if name == "train.csv" else ["Training", "PublicTest", "PrivateTest"]
    assert [row.pool for row in found] == usages
    content = found[0].content
    assert content is not None
    assert content().startswith(b"\x89PNG")


def test_fer2013_writes_its_pixels(
    given: Path, bring: Bring, files: Callable[..., dict[str, bytes]]
) -> None:
    import io

    from PIL import Image

    cells = [(code, usage) for usage in ("Training", "PublicTest") for code in (0, 3)]
    write(given / "f.csv", "emotion,pixels,Usage", *(f"{c},{GREY},{u}" for c, u in cells))
    out = bring(given / "f.csv", "fer2013")
    image = Image.open(io.BytesIO(files("fer2013")["train/anger/f_00002.png"]))
    assert image.size == (24, 24)
    assert np.asarray(image).ravel().tolist() == [value % 256 for value in range(576)]
    assert "  detector: none " in files("fer2013")["params.yaml"].decode()
    assert "4 files written" in out


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        ("1 2 3", "pixels that are no square"),
        (GREY + " 1", "pixels that are no square"),
        (GREY.replace("7", "777"), "pixels that are no numbers from 0 to 255"),
        (GREY.replace("7", "x"), "pixels that are no numbers from 0 to 255"),
        ("", "pixels that are no square"),
    ],
)
def test_broken_pixels(pixels: str, reason: str, given: Path, rows: Read) -> None:
    write(given / "f.csv", "emotion,pixels,Usage", f"0,{pixels},Training")
    assert rows("f.csv")[1][0].reason == reason


def test_fer2013_without_usage_beside_one_with(given: Path, rows: Read) -> None:
    write(given / "train.csv", "emotion,pixels", f"0,{GREY}")
    write(given / "icml_face_data.csv", "emotion, Usage, pixels", f"1,Training,{GREY}")
    assert [row.label for row in rows()[1]] == ["1"]


def test_of_tables_of_the_same_pixels_one_is_read(given: Path, rows: Read) -> None:
    write(given / "icml_face_data.csv", "emotion, Usage, pixels", f"0,Training,{GREY}")
    write(given / "fer2013/fer2013.csv", "emotion,pixels,Usage", f"0,{GREY},Training")
    write(given / "train.csv", "emotion,pixels", f"0,{GREY}")
    assert [row.where for row in rows()[1]] == ["fer2013/fer2013.csv:2"]
    for other in (f"1,Training,{GREY}", f"0,Training,{GREY}\n0,Training,{GREY}"):
        write(given / "icml_face_data.csv", "emotion, Usage, pixels", other)
        with pytest.raises(UserError, match=r"pixels \(fer2013/fer2013\.csv, icml"):
            rows()


def test_ckplus_in_fer2013s_form(given: Path, bring: Bring, record: Record) -> None:
    cells = [(code, usage) for usage in ("Training", "PublicTest") for code in (0, 7)]
    write(given / "ckextended.csv", "emotion,pixels,Usage", *(f"{c},{GREY},{u}" for c, u in cells))
    bring(given / "ckextended.csv", "mine")
    assert record()["ckextended.csv:3"] == "train/contempt/ckextended_00003.png"
    out = bring(given / "ckextended.csv", "drawn", "--columns", "pool=")
    assert "FER2013" in out
    assert "pools: none given; drawn" in out
    assert "FER2013" in bring(given / "ckextended.csv", "drawn", "--columns", "label=emotion")


def test_fer2013_folders(given: Path, draw: Draw, bring: Bring, record: Record) -> None:
    for folder in ("angry", "happy"):
        draw(f"train/{folder}/Training_1.jpg", f"test/{folder}/PublicTest_2.jpg")
        draw(f"test/{folder}/PrivateTest_3.jpg")
    out = bring(given, "mine")
    assert "test -> deployment" in out
    assert record()["test/happy/PrivateTest_3.jpg"] == "deployment/happiness/PrivateTest_3.jpg"


VOTES = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
BALLOTS = (
    "Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0",
    "Training,fer0000001.png,0,9,0,0,0,0,0,0,1,0",
    "PublicTest,fer0000002.png,4,0,0,0,4,2,0,0,0,0",  # a tie
    "PublicTest,fer0000003.png,1,0,0,0,2,0,0,0,7,0",  # unknown
    "PrivateTest,,0,0,0,0,0,0,0,0,0,10",  # no face
    "PrivateTest,fer0000005.png,6,0,0,0,2,2,0,0,0,0",
    "PrivateTest,fer0000006.png,0,10,0,0,0,0,0,0,0,0",
)


def test_ferplus_with_fer2013s_rows(given: Path, bring: Bring, record: Record) -> None:
    write(given / "fer2013new.csv", VOTES, *BALLOTS)
    table = [f"0,{GREY},{line.split(',')[0]}" for line in BALLOTS]
    write(given / "fer2013.csv", "emotion,pixels,Usage", *table)
    bring(given, "mine")
    assert list(record().values()) == [
        "train/neutral/fer0000000.png",
        "train/happiness/fer0000001.png",
        "votes tie",
        "label unknown",
        "label NF",
        "deployment/neutral/fer0000005.png",
        "deployment/happiness/fer0000006.png",
    ]


def test_ferplus_with_images(given: Path, draw: Draw, rows: Read) -> None:
    write(given / "fer2013new.csv", VOTES, *BALLOTS)
    draw(*(f"FER2013Train/fer000000{number}.png" for number in (0, 1, 5)))
    layout, found = rows()
    assert layout.name == "ferplus"
    assert said(found)["FER2013Train/fer0000001.png"] == ("happiness", "", "Training")
    assert reasons(found) == {"votes tie": 1, "no file named": 1, "no such file": 2}


def test_ferplus_with_another_number_of_rows(given: Path, rows: Read) -> None:
    write(given / "fer2013new.csv", VOTES, *BALLOTS)
    write(given / "fer2013.csv", "emotion,pixels,Usage", f"0,{GREY},Training")
    with pytest.raises(UserError, match="as many rows"):
        rows()


AFFECTNET = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,"
    "valence,arousal"
)


@pytest.mark.parametrize("file", ["", "Manually_Annotated_file_lists/training.csv"])
def test_affectnet_first_release(file: str, given: Path, draw: Draw, rows: Read) -> None:
    lists = given / "Manually_Annotated_file_lists"
    write(lists / "training.csv", AFFECTNET, *(f"1/a{n}.jpg,1,1,9,9,1;2,{n},0,0" for n in range(9)))
    write(lists / "automatically_annotated.csv", AFFECTNET, "1/a1.jpg,1,1,9,9,1;2,2,0,0")
    write(lists / "validation.csv", AFFECTNET, "2/b.jpg,1,1,9,9,1;2,1,0,0")
    draw(*(f"Manually_Annotated_Images/1/a{n}.jpg" for n in range(8)))
    draw("Manually_Annotated_Images/2/b.jpg")
    layout, found = rows(file, images=given / "Manually_Annotated_Images" if file else None)
    assert (layout.name, layout.codes["5"], layout.codes["8"]) == ("affectnet", "disgust", None)
    above = "" if file else "Manually_Annotated_Images/"
    assert said(found)[f"{above}1/a5.jpg"] == ("5", "", "" if file else "training")
    if not file:
        assert said(found)["Manually_Annotated_Images/2/b.jpg"] == ("1", "", "validation")


def test_affectnets_list_without_a_header(given: Path, draw: Draw, rows: Read) -> None:
    landmarks = ";".join(map(str, range(136)))  # more cells than the row has
    write(given / "training.csv", AFFECTNET, f"1/a.jpg,1,1,9,9,{landmarks},3,0,0")
    write(given / "a_validation.csv", f"2/b.jpg,1,1,9,9,{landmarks},4,0,0")
    draw("1/a.jpg", "2/b.jpg")
    assert said(rows()[1]) == {
        "1/a.jpg": ("3", "", "training"), "2/b.jpg": ("4", "", "validation"),
    }  # fmt: skip


def test_affectnet_later_release(given: Path, draw: Draw, rows: Read) -> None:
    draw("train_set/images/1.jpg", "train_set/images/2.jpg", "val_set/images/3.jpg")
    draw("val_set/images/4.jpg", "val_set/images/5.jpg")
    for pool, name, value in [
        ("train", "1", np.array("6")),
        ("train", "2", np.array(1)),
        ("val", "3", np.array(["7"])),
    ]:
        folder = given / f"{pool}_set/annotations"
        folder.mkdir(exist_ok=True)
        np.save(folder / f"{name}_exp.npy", value)
        np.save(folder / f"{name}_aro.npy", np.array("0.1"))
    np.save(given / "val_set/annotations/4_exp.npy", np.array([{}], object), allow_pickle=True)
    layout, found = rows()
    assert (layout.name, layout.codes["6"]) == ("affectnet-npy", "anger")
    assert said(found) == {
        "train_set/images/1.jpg": ("6", "", "train_set"),
        "train_set/images/2.jpg": ("1", "", "train_set"),
        "val_set/images/3.jpg": ("7", "", "val_set"),
    }
    assert reasons(found) == {"its label cannot be read": 1, "no label": 1}


def test_affectnets_labels_run_no_code(given: Path, draw: Draw, rows: Read) -> None:
    class Planted:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path(given / "planted").touch, ()  # type: ignore[return-value]

    draw("train_set/images/1.jpg")
    (given / "train_set/annotations").mkdir()
    label = given / "train_set/annotations/1_exp.npy"
    label.write_bytes(pickle.dumps(Planted()))
    assert reasons(rows()[1]) == {"its label cannot be read": 1}
    np.save(label, np.array([Planted()], object), allow_pickle=True)
    assert reasons(rows()[1]) == {"its label cannot be read": 1}
    assert not (given / "planted").exists()


def ckplus(given: Path, draw: Draw) -> None:
    for person, labelled in (("S005", "   3.0000000e+00"), ("S010", "   5.0000000e+00")):
        for sequence in ("001", "002"):
            for frame in range(1, 7):
                draw(f"cohn-kanade-images/{person}/{sequence}/{person}_{sequence}_{frame:08d}.png")
        label = given / f"Emotion/{person}/001/{person}_001_00000006_emotion.txt"
        write(label, labelled)


def test_ckplus(given: Path, draw: Draw, rows: Read) -> None:
    ckplus(given, draw)
    layout, found = rows()
    assert (layout.name, layout.codes["3"]) == ("ckplus", "disgust")
    frames = "cohn-kanade-images/S005/001/S005_001_0000000{}.png"
    kept = {path: row for path, row in said(found).items() if "S005" in path}
    assert kept == {
        frames.format(1): ("neutral", "S005", ""),
        frames.format(4): ("3", "S005", ""),
        frames.format(5): ("3", "S005", ""),
        frames.format(6): ("3", "S005", ""),
    }
    assert reasons(found) == {
        "a frame between neutral and the emotion": 4,
        "its sequence has no label": 12,
    }


def test_ckplus_keeps_people_together_and_names_short(
    given: Path, draw: Draw, bring: Bring, record: Record
) -> None:
    ckplus(given, draw)
    with pytest.raises(UserError, match="two to ten emotions must be in both pools, not 1"):
        bring(given, "mine")  # each emotion but neutral has one person only
    write(given / "Emotion/S010/001/S010_001_00000006_emotion.txt", "3.0")
    bring(given, "mine")
    targets = [became for became in record().values() if "/" in became]
    assert {name.split("/")[2][:4] for name in targets if name.startswith("train")} in (
        {"S005"},
        {"S010"},
    )
    assert {name.split("/")[1] for name in targets} == {"neutral", "disgust"}
    assert {len(name.split("/")[2]) for name in targets} == {len("S005_001_00000011.png")}


def test_ckplus_folders(given: Path, draw: Draw, rows: Read) -> None:
    draw("CK+48/anger/S010_004_00000017.png", "CK+48/happy/S011_006_00000011.png")
    layout, found = rows()
    assert layout.name == "ckplus-folders"
    assert said(found)["CK+48/anger/S010_004_00000017.png"] == ("anger", "S010", "")


def test_kdef(given: Path, draw: Draw, rows: Read) -> None:
    draw("KDEF/AF01/AF01ANS.JPG", "KDEF/BF01/BF01AFS.JPG", "KDEF/AM02/AM02SUHL.JPG")
    layout, found = rows()
    assert layout.name == "kdef"
    assert said(found) == {
        "KDEF/AF01/AF01ANS.JPG": ("AN", "F01", ""),
        "KDEF/BF01/BF01AFS.JPG": ("AF", "F01", ""),
    }
    assert reasons(found) == {"view HL": 1}


def test_one_person_cannot_fill_two_pools(given: Path, draw: Draw, bring: Bring) -> None:
    draw(*(f"{session}F01{code}S.JPG" for session in "AB" for code in ("AN", "HA")))
    with pytest.raises(UserError, match="F01 is the only one, and one person cannot fill two"):
        bring(given, "mine")
    assert "by image" in bring(given, "mine", "--columns", "subject=")


def test_jaffe_and_its_person_na(given: Path, draw: Draw, bring: Bring, record: Record) -> None:
    for person in ("KA", "NA", "YM"):
        draw(f"jaffe/{person}.AN1.39.tiff", f"jaffe/{person}.HA2.40.tiff")
    write(given / "jaffe/README", "ratings")
    out = bring(given, "mine")
    assert "recognised: JAFFE" in out
    assert "people: 3" in out
    truth = "".join(
        Path(f"datasets/mine/{pool}/truth.csv").read_text() for pool in ("train", "deployment")
    )
    assert ",person NA," in truth  # not what pandas reads as no name
    assert record()["jaffe/KA.AN1.39.tiff"].endswith("/anger/KA.AN1.39.tiff")


def test_frames_of_cremad(given: Path, draw: Draw, rows: Read) -> None:
    draw("1001_IEO_ANG_HI_01.jpg", "1002_DFA_HAP_XX/0001.jpg", "1002_DFA_NEU_X.png")
    layout, found = rows()
    assert layout.name == "crema-d"
    assert said(found)["1001_IEO_ANG_HI_01.jpg"] == ("ANG", "1001", "")
    assert said(found)["1002_DFA_HAP_XX/0001.jpg"] == ("HAP", "1002", "")


def test_frames_of_ravdess(given: Path, draw: Draw, rows: Read) -> None:
    draw("Actor_12/02-01-06-01-02-01-12/0001.jpg", "Actor_01/02-01-03-01-02-01-01_5.png")
    layout, found = rows()
    assert (layout.name, layout.codes["06"]) == ("ravdess", "fear")
    assert said(found)["Actor_12/02-01-06-01-02-01-12/0001.jpg"] == ("06", "12", "")
    assert said(found)["Actor_01/02-01-03-01-02-01-01_5.png"] == ("03", "01", "")


def test_expw(given: Path, draw: Draw, bring: Bring, record: Record) -> None:
    import io

    from PIL import Image

    draw("image/origin/angry_actor_104.jpg", "image/origin/happy two_1.jpg", size=40)
    write(
        given / "label/label.lst",
        "angry_actor_104.jpg 0 10 4 14 30 22.9362 0",
        "angry_actor_104.jpg 1 10 20 36 26 22.9362 3",
        "happy two_1.jpg 0 0 0 20 20 1.5 3",
        "happy two_1.jpg 1 100 100 120 120 1.5 0",
        "happy two_1.jpg 2 5 5 25 25 1.5 0",
        "nonsense",
    )
    out = bring(given, "mine", "--deployment", "0.5")
    assert "recognised: ExpW" in out
    became = list(record().values())
    assert became[0].endswith("/anger/angry_actor_104_0.png")
    assert became[3:] == [
        "its box is not in the image",
        became[4],
        "not an image, a box and a code",
    ]
    cut = Image.open(io.BytesIO(Path("datasets/mine", became[0]).read_bytes()))
    # top 10, left 4, right 14, bottom 30; a quarter on each side, as far as the scene goes
    assert cut.size == (2 + 10 + 2, 5 + 20 + 5)


def test_faces_of_one_scene_stay_in_one_pool(
    given: Path, draw: Draw, bring: Bring, record: Record
) -> None:
    draw(*(f"{scene}.jpg" for scene in range(12)), size=40)
    lines = [f"{scene}.jpg {face} 5 5 30 30 1.0 {(scene + face) % 2 * 3}"
             for scene in range(12) for face in range(3)]  # fmt: skip
    write(given / "label.lst", *lines)
    out = bring(given, "mine")
    assert "for deployment, by scene" in out
    assert "people: not known" in out
    pools: dict[str, set[str]] = {}
    for target in record().values():
        pools.setdefault(Path(target).name.split("_")[0], set()).add(target.split("/")[0])
    assert len(pools) == 12
    assert set(map(len, pools.values())) == {1}
    assert "deployment/truth.csv" not in {
        path.relative_to("datasets/mine").as_posix() for path in Path("datasets/mine").rglob("*")
    }


@pytest.mark.parametrize(("turn", "wanted"), [(1, ""), (3, "turned"), (6, "turned"), (9, "")])
def test_a_box_does_not_fit_a_turned_scene(turn: int, wanted: str, tmp_path: Path) -> None:
    from PIL import Image

    from ferblur.importing.readers import cut

    exif = Image.Exif()
    exif[0x0112] = turn
    Image.new("RGB", (40, 40)).save(tmp_path / "1.jpg", exif=exif)
    if wanted:
        with pytest.raises(ValueError, match=wanted):
            cut(tmp_path / "1.jpg", (10, 10, 20, 20))
    else:
        assert cut(tmp_path / "1.jpg", (10, 10, 20, 20)).startswith(b"\x89PNG")


def test_a_box_does_not_fit_a_shrunk_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    from ferblur.importing import readers

    Image.new("RGB", (40, 40)).save(tmp_path / "1.jpg")
    monkeypatch.setattr(readers, "read_image", lambda _: np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(ValueError, match="shrunk"):
        readers.cut(tmp_path / "1.jpg", (1, 1, 9, 9))


@pytest.mark.parametrize("pools", [("Train", "Val"), ("Train", "Test"), ("training", "DEV")])
def test_afew_and_sfew(pools: tuple[str, str], given: Path, draw: Draw, rows: Read) -> None:
    draw(*(f"{pool}/{folder}/{pool}_1.png" for pool in pools for folder in FOLDERS))
    layout, found = rows()
    assert layout.name == "folders"
    assert said(found)[f"{pools[1]}/Angry/{pools[1]}_1.png"] == ("Angry", "", pools[1])
    assert len(said(found)) == 14


def test_folders_below_an_emotions_are_clips(given: Path, draw: Draw, rows: Read) -> None:
    for pool, clip in (("Train_AFEW", "00004"), ("Val_AFEW", "00009")):
        for label in ("Angry", "Happy"):
            draw(*(f"{pool}/a/Faces/{label}/{clip}{n}{label[0]}/000.jpg" for n in range(2)))
    draw("Train_AFEW/3.png")
    _, found = rows()
    assert found[0].label == ""
    assert said(found[1:])["Train_AFEW/a/Faces/Angry/000041A/000.jpg"] == (
        "Angry", "000041A", "Train",
    )  # fmt: skip
    assert said(found)["Val_AFEW/a/Faces/Happy/000090H/000.jpg"] == ("Happy", "000090H", "Val")


def test_a_clip_stays_in_one_pool(given: Path, draw: Draw, bring: Bring, record: Record) -> None:
    for label in ("happy", "sad"):
        draw(*(f"{label}/{label}{clip}/{n}.jpg" for clip in range(4) for n in range(3)))
    assert "people: 8" in bring(given, "mine", "--deployment", "0.5")
    pools: dict[str, set[str]] = {}
    for image, target in record().items():
        pools.setdefault(image.split("/")[1], set()).add(target.split("/")[0])
    assert set(map(len, pools.values())) == {1}


@pytest.mark.parametrize("paths", [
    ("happy/images/1.jpg", "happy/images/2.jpg", "sad/images/1.jpg"),
    ("happy/a/1.jpg", "happy/b/1.jpg", "sad/1.jpg"),
    ("happy/train/1.jpg", "happy/test/1.jpg", "sad/train/1.jpg", "sad/test/1.jpg"),
])  # fmt: skip
def test_folders_that_are_no_clips(
    paths: tuple[str, ...], given: Path, draw: Draw, rows: Read
) -> None:
    draw(*paths)
    assert {row.subject for row in rows()[1]} == {""}


@pytest.mark.parametrize("pools", [("",), ("test/", "train/")])
def test_folders_above_an_emotions_are_people(
    pools: tuple[str, ...], given: Path, draw: Draw, bring: Bring, rows: Read
) -> None:
    shown = [pool + person + pool[:2] for pool in pools for person in ("B", "C", "SA")]
    draw(*(f"{folder}/{label}/{n}.jpg" for folder in shown
           for label in ("fear", "joy") for n in range(2)))  # fmt: skip
    assert {row.file.rsplit("/", 2)[0]: row.subject for row in rows()[1]} == {
        folder: folder.rpartition("/")[2] for folder in shown
    }
    out = bring(given, "mine")
    assert "so is each above it" in out
    assert f"people: {len(shown)}\n" in out
    assert "people: not known" in bring(given, "mine", "--columns", "subject=")


@pytest.mark.parametrize("paths", [
    ("faces/fear/1.jpg", "faces/joy/1.jpg"),
    ("a/fear/1.jpg", "a/joy/1.jpg", "b/fear/1.jpg"),
    ("a/fear/1.jpg", "a/joy/1.jpg", "b/fear/1.jpg", "b/joy/1.jpg", "fear/2.jpg"),
    ("Train_A/fear/1.jpg", "Train_A/joy/1.jpg", "Val_A/fear/1.jpg", "Val_A/joy/1.jpg"),
    ("x/a/fear/1.jpg", "x/a/joy/1.jpg", "y/b/fear/1.jpg", "y/b/joy/1.jpg"),
])  # fmt: skip
def test_folders_above_that_are_no_people(
    paths: tuple[str, ...], given: Path, draw: Draw, rows: Read
) -> None:
    draw(*paths)
    assert {row.subject for row in rows()[1]} == {""}


@pytest.mark.parametrize("person", ["SA", "AN", "CON", "Normal"])
def test_people_whose_names_are_codes(person: str, given: Path, draw: Draw, rows: Read) -> None:
    draw(*(f"{label}/{who}/1.jpg" for label in ("fear", "joy") for who in (person, "B")))
    assert said(rows()[1])[f"fear/{person}/1.jpg"] == ("fear", person, "")


def test_a_folder_called_as_a_code_is_not_guessed(given: Path, draw: Draw, bring: Bring) -> None:
    draw(*(f"{label}/{n}.jpg" for label in ("fear", "sad", "AN") for n in range(3)))
    with pytest.raises(UserError, match=r"known emotion: 'AN' \(3, anger\?\).*--labels AN=anger"):
        bring(given, "mine")
    assert "anger 2, fear 2, sadness 2" in bring(given, "mine", "--labels", "AN=anger")


def test_folders_of_different_emotions(
    given: Path, draw: Draw, bring: Bring, record: Record
) -> None:
    draw(*(f"{label}/{n}.jpg" for label in ("fear", "happy/joy", "sad") for n in range(3)))
    draw("fear/Joy/1.jpg")
    out = bring(given, "mine", "--deployment", "0.5")
    assert "warning: 1 are left out: its folders name different emotions; --labels FOLDER" in out
    assert record()["fear/Joy/1.jpg"] == "its folders name different emotions"
    assert record()["happy/joy/1.jpg"].split("/")[1] == "happiness"
    assert "left out: its" not in bring(given, "mine", "--labels", "fear=fear")
    assert record()["fear/Joy/1.jpg"].split("/")[1] == "fear"


def test_imagefolder(given: Path, draw: Draw, bring: Bring, record: Record) -> None:
    for pool in ("train", "validation", "test"):
        draw(f"{pool}/happy/x.png", f"{pool}/sad/x.png")
    bring(given, "mine")
    assert record()["validation/sad/x.png"] == "deployment/sadness/validation__sad__x.png"
    assert record()["train/sad/x.png"] == "train/sadness/train__sad__x.png"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_imagefolder_with_metadata(kind: str, given: Path, draw: Draw, rows: Read) -> None:
    for pool in ("train", "test"):
        draw(f"{pool}/1.png", f"{pool}/2.png")
        pairs = [("1.png", "happy"), ("2.png", "sad")]
        if kind == "csv":
            lines = ["file_name,label", *(",".join(pair) for pair in pairs)]
        else:
            lines = [json.dumps({"file_name": file, "label": label}) for file, label in pairs]
        write(given / pool / f"metadata.{kind}", *lines)
    layout, found = rows()
    assert layout.name == "table"
    assert said(found) == {
        "test/1.png": ("happy", "", "test"),
        "test/2.png": ("sad", "", "test"),
        "train/1.png": ("happy", "", "train"),
        "train/2.png": ("sad", "", "train"),
    }


def test_the_pools_of_a_tables_paths(given: Path, draw: Draw, rows: Read) -> None:
    draw("train/0.jpg", "Val_set/1.jpg", "2.jpg")
    lines = ["file_name,label", "train/0.jpg,sad", "Val_set/1.jpg,happy", "none/3.jpg,sad"]
    write(given / "metadata.csv", *lines)
    assert [row.pool for row in rows()[1]] == ["train", "Val_set", ""]
    assert [row.pool for row in rows(columns={"pool": ""})[1]] == [""] * 3
    write(given / "metadata.csv", *lines, "2.jpg,sad")  # in neither
    assert [row.pool for row in rows()[1]] == [""] * 4


def parquet(
    path: Path, labels: list[int], names: list[str] | None, paths: bool = True
) -> list[bytes]:
    """Write what Hugging Face's datasets write; returns the images."""
    import polars as pl

    images = [
        b"\x89PNG" + bytes([number % 256, number // 256, label])
        for number, label in enumerate(labels)
    ]
    cells = [
        {"bytes": content, "path": f"../../{number}.png" if paths else None}
        for number, content in enumerate(images)
    ]
    frame = pl.DataFrame(
        {"image": cells, "label": labels},
        schema={"image": pl.Struct({"bytes": pl.Binary, "path": pl.String}), "label": pl.Int64},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    features = {"label": {"names": names, "_type": "ClassLabel"}}
    said = {"huggingface": json.dumps({"info": {"features": features}})} if names else None
    frame.write_parquet(path, metadata=said)
    return images


@pytest.mark.parametrize("paths", [True, False])
def test_parquet_of_hugging_face(
    paths: bool, given: Path, bring: Bring, files: Callable[..., dict[str, bytes]]
) -> None:
    names = ["angry", "happy"]
    labels = [number % 2 for number in range(300)]  # more than are read at once
    images = parquet(given / "data/train-00000-of-00001.parquet", labels, names, paths)
    parquet(given / "data/test-00000-of-00001.parquet", [0, 1], names, paths)
    out = bring(given, "mine")
    assert "test -> deployment" in out
    name = "299.png" if paths else "train-00000-of-00001_000300.png"
    assert files()[f"train/happiness/{name}"] == images[299]
    assert not (given.parent / "299.png").exists()  # a path inside the table is only a name
    assert sum(path.startswith("train/") for path in files()) == 300


def test_parquet_without_names_is_not_guessed(given: Path, bring: Bring) -> None:
    parquet(given / "train.parquet", [0, 1, 0, 1], None)
    with pytest.raises(UserError, match=r"'0' \(2\), '1' \(2\)"):
        bring(given / "train.parquet", "mine")
    assert "4 imported" in bring(
        given / "train.parquet", "mine", "--labels", "0=anger,1=fear", "--deployment", "0.5"
    )


def test_embedded_names_with_and_without_a_suffix(
    given: Path, bring: Bring, files: Callable[..., dict[str, bytes]]
) -> None:
    import polars as pl

    cells = [{"bytes": b"\x89PNG%d" % n, "path": path}
             for n, path in enumerate(("5", "5.png", "5.PNG", "6") * 2)]  # fmt: skip
    labels, pools = ["fear"] * 4 + ["joy"] * 4, ["train", "test"] * 4
    frame = pl.DataFrame({"image": cells, "label": labels, "split": pools})
    frame.write_parquet(given / "t.parquet")
    pl.concat([frame, frame]).write_parquet(given / "t.parquet")
    bring(given / "t.parquet", "mine")
    images = [path for path in files() if path.endswith(("png", "PNG"))]
    assert len({path.casefold() for path in images}) == 16
    written = [content for number in range(8) for content in 2 * [b"\x89PNG%d" % number]]
    assert sorted(files()[path] for path in images) == written


def test_muxspace(
    given: Path, draw: Draw, bring: Bring, record: Record, files: Callable[..., dict[str, bytes]]
) -> None:
    names = (
        "Ada_Nemo_0001",
        "ada_nemo_0002",
        "AdaNemo_7",
        "Eve_Nemo_0001",
        "Eve_Nemo_0002",
        "x_1k",
    )
    draw(*(f"images/{name}.jpg" for name in (*names, "Eve_Nemo_0003")))
    write(
        given / "data/legend.csv",
        "user.id,image,emotion",
        *(f"628,{name}.jpg,{label}" for name in names[:-1] for label in ("anger",)),
        f"628,{names[-1]}.jpg,HAPPINESS",
        "628,AdaNemo_7.jpg,ANGER",
        "628,Eve_Nemo_0001.jpg,happiness",
        "628,ADA_NEMO_0001.JPG,Anger",
        "628,Eve_Nemo_0002.jpg,happiness",
        "628,Nobody_0001.jpg,happiness",
    )
    write(given / "data/500_picts_satz.csv", "user.id;image;emotion", "1;x_1k.jpg;sad")
    with pytest.raises(UserError, match="in both pools, not 1"):
        bring(given, "mine")  # one person is happy
    draw("images/Ivy_2.jpg")
    with (given / "data/legend.csv").open("a") as stream:
        stream.write("628,Ivy_2.jpg,Happiness\n")
    out = bring(given, "mine", "--deployment", "0.5")
    assert "user.id is who labelled" in out
    assert "people: 4\n" in out
    became = record()
    assert became["data/legend.csv:8"] == became["data/legend.csv:10"] == "listed twice"
    different = "listed twice, with different labels, people or pools"
    assert [line for line, reason in became.items() if reason == different] == [
        f"data/legend.csv:{number}" for number in (5, 6, 9, 11)
    ]
    assert became["data/legend.csv:12"] == "no such file"
    assert became["images/Eve_Nemo_0003.jpg"] == "no row names it"
    assert "rows: 12 = 5 imported + 7 left out" in out
    shown = b"".join(files()[f"{pool}/truth.csv"] for pool in ("train", "deployment"))
    assert b"/ada_nemo_0002.jpg,ada_nemo,images/ada_nemo_0002.jpg" in shown
    people = {line.split(b",")[1] for line in shown.splitlines()} - {b"subject"}
    assert people == {b"ada_nemo", b"adanemo", b"ivy", b"x_1k"}
    assert "people: not known" in bring(given, "mine", "--columns", "subject=")


def test_our_own_layout_in_other_words(given: Path, draw: Draw, bring: Bring) -> None:
    draw("Train/Angry/1.jpg", "Train/HAPPY/2.jpg", "Deployment/ANGER/3.jpg", "Deployment/joy/4.jpg")
    write(given / "Train/truth.csv", "file,subject", "Angry/1.jpg,p1", "HAPPY/2.jpg,p2")
    write(given / "Deployment/truth.csv", "file,subject", "ANGER/3.jpg,p2", "joy/4.jpg,p4")
    out = bring(given, "mine")
    assert "Train -> train; Deployment -> deployment" in out
    assert "warning: people in both pools: 1 (p2)" in out
    assert "not read" not in out


def test_an_import_can_be_imported(
    given: Path, draw: Draw, bring: Bring, files: Callable[..., dict[str, bytes]]
) -> None:
    draw(*(f"{person}/{kind}.jpg" for person in "abc" for kind in ("x", "y")))
    lines = [f"{person}/{kind}.jpg,{label},{person}" for person in "abc"
             for kind, label in (("x", "anger"), ("y", "fear"))]  # fmt: skip
    write(given / "labels.csv", "file,label,person", *lines)
    bring(given, "first")
    bring("datasets/first", "second")

    def images(name: str) -> list[tuple[str, bytes]]:
        held = files(name).items()
        return [(path, content) for path, content in held if path.endswith("jpg")]

    assert images("second") == images("first")
    assert "people: 3" in bring("datasets/first", "third")


def test_two_datasets_in_one_folder_are_told_apart_by_the_user(
    given: Path, draw: Draw, rows: Read
) -> None:
    ckplus(given / "ck", lambda *paths: draw(*(f"ck/{path}" for path in paths)))
    write(given / "raf/list_patition_label.txt", *RAFDB)
    with pytest.raises(UserError, match=r"looks like RAF-DB and CK\+; .*--layout rafdb\|ckplus"):
        rows()


def refusal(rows: Read) -> str:
    with pytest.raises(UserError) as error:
        rows()
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500
    return str(error.value)


def test_an_unknown_folder_hears_what_there_is(given: Path, draw: Draw, rows: Read) -> None:
    draw("1.jpg", "2.jpg")
    (given / "notes.txt").write_text("some words, and more")
    said = refusal(rows)
    assert "given: 2 images, and nothing says their emotion; a dataset of the field: " in said
    assert all(layout.name in said for layout in LAYOUTS)
    draw("0/1.jpg", "1/2.jpg")
    assert "if their folders (0, 1) are emotions: --labels 0=anger,…" in refusal(rows)
    assert {row.label for row in rows(labels={"0": "anger", "1": "fear"})[1]} == {"", "0", "1"}


def test_an_empty_folder(given: Path, rows: Read, tmp_path: Path) -> None:
    assert refusal(rows).endswith("given: no files")
    (given / "faces").symlink_to(tmp_path)
    assert "no files: faces: a linked folder; give it itself" in refusal(rows)
    (given / "faces.zip").write_bytes(b"PK")
    assert "holds faces.zip, but no images: unpack it" in refusal(rows)


@pytest.mark.parametrize(
    ("name", "lines", "said"),
    [
        ("l.csv", ("photo;Mood;Subject", "p0/1.jpg;sad;p0"), r"l\.csv has photo, Mood, Subject"),
        ("l.txt", ("p0/1.jpg,sad", "p1/1.jpg,happy"), r"l\.txt has p0/1\.jpg, sad"),
    ],
)
def test_folders_of_people_are_no_emotions(
    name: str, lines: tuple[str, ...], said: str, given: Path, draw: Draw, rows: Read
) -> None:
    draw("p0/1.jpg", "p1/1.jpg", "Image/aligned/2.jpg")
    write(given / name, *lines)
    with pytest.raises(UserError, match=f"{said}.*name them: --columns file=") as error:
        rows()
    assert "--labels" not in str(error.value)


def test_layouts_have_one_name_each() -> None:
    assert len(BY_NAME) == len(LAYOUTS)
    assert set(POOLS.values()) == {"train", "deployment"}


def test_no_word_for_no_emotion_hides_a_code() -> None:
    from ferblur.importing.layouts import NO_EMOTION

    assert not any(word.isdecimal() or not word for word in NO_EMOTION)
