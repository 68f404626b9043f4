"""What goes in equals what comes out plus what is listed as rejected."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ferblur.core.errors import UserError
from ferblur.core.files import read_json
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.curation.sidecar import SIDECAR
from ferblur.stages import prepare

Picture = Callable[..., np.ndarray]


@pytest.fixture
def raw(project: Path, pools: Path, edit: Callable[..., None]) -> Path:
    edit(data={"root": str(pools)})
    return pools


def run() -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    prepare.main()
    names = ("train", "deployment", "duplicates", "rejects", "near_duplicates")
    tables = {
        name: pd.read_csv(f"data/prepare/{name}.csv", keep_default_na=False, dtype={"subject": str})
        for name in names
    }
    return tables, read_json(Path("results/prepare/counts.json"))


def test_a_clean_dataset_is_accepted_whole(raw: Path) -> None:
    tables, counts = run()
    assert [len(tables[pool]) for pool in POOLS] == [12, 12]
    assert tables["train"]["source_id"].is_monotonic_increasing
    assert tables["train"]["label"].tolist() == [label for label in range(6) for _ in range(2)]
    assert len(tables["duplicates"]) == len(tables["rejects"]) == counts["in_both_pools"] == 0


def test_every_file_is_accounted_for(
    raw: Path, edit: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    edit(prepare={"max_rejected": 0.2})
    fear = raw / "train/fear"
    shutil.copy(fear / "0.jpg", fear / "copy.jpg")
    shutil.copy(fear / "0.jpg", raw / "train/surprise/other.jpg")
    (fear / "cut.jpg").write_bytes((fear / "1.jpg").read_bytes()[:300])
    (fear / "empty.jpg").touch()
    (fear / "notes.txt").write_text("hello")
    Image.new("RGB", (8, 9)).save(fear / "really-a.jpg", format="PNG")
    tables, counts = run()
    assert counts["train"] == {
        "found": 18, "accepted": 13, "duplicates": 2, "rejects": 3, "conflicting": 1, "subjects": 0,
        "classes": dict.fromkeys(EMOTIONS, 2) | {"fear": 3}, "width": [8, 32], "height": [9, 32],
        "reasons": {"a damaged JPEG": 1, "an empty file": 1, "text, not a picture": 1},
        "listed_but_absent": 0, "near_duplicates": 0,
    }  # fmt: skip
    sizes = [(raw / "train" / name).stat().st_size for name in tables["train"]["source_id"]]
    assert tables["train"]["bytes"].tolist() == sizes
    assert tables["duplicates"].to_numpy().tolist() == [
        ["train", "fear/copy.jpg", "fear/0.jpg"],
        ["train", "surprise/other.jpg", "fear/0.jpg"],
    ]
    rejects = tables["rejects"]
    assert rejects["file"].tolist() == ["fear/cut.jpg", "fear/empty.jpg", "fear/notes.txt"]
    assert rejects["reason"][0].startswith("a damaged JPEG: ")
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "train: 18 found, 13 accepted, 2 duplicates, 3 rejected "
        "(1 a damaged JPEG, 1 an empty file, 1 text, not a picture; data/prepare/rejects.csv)",
        "deployment: 12 found, 12 accepted, 0 duplicates, 0 rejected",
    ]
    assert said.err == ""


def test_equal_pixels_in_other_bytes(raw: Path, edit: Callable[..., None]) -> None:
    original = raw / "train/fear/0.jpg"
    other = raw / "train/fear/same-pixels.jpg"
    content = original.read_bytes()
    other.write_bytes(content[:2] + b"\xff\xfe\x00\x04hi" + content[2:])  # a JPEG comment
    assert np.array_equal(np.asarray(Image.open(original)), np.asarray(Image.open(other)))
    assert run()[1]["train"]["duplicates"] == 0
    edit(prepare={"hash_of": "pixels"})
    assert run()[1]["train"]["duplicates"] == 1


def test_a_picture_in_both_pools_is_counted(
    raw: Path, edit: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(raw / "train/fear/0.jpg", raw / "deployment/fear/x.jpg")
    assert run()[1]["in_both_pools"] == 1
    fault = (
        f"{raw}: pictures in both pools: 1, such as train/fear/0.jpg and deployment/fear/x.jpg; "
        "deployment must show what the models have not seen"
    )
    assert capsys.readouterr().err == f"warning: {fault}\n"
    edit(prepare={"strict": True})
    with pytest.raises(UserError, match="strict: false lets it pass") as raised:
        prepare.main()
    assert str(raised.value).startswith(fault)


def test_near_duplicates_are_reported_and_kept(raw: Path, picture: Picture) -> None:
    again = raw / "train/fear/again.jpg"
    Image.fromarray(picture(5, 32, 32)).save(again, quality=60)  # train/fear/0.jpg
    Image.fromarray(picture(5, 32, 32)).save(raw / "deployment/anger/again.png")
    Image.fromarray(picture(6, 32, 32)).save(raw / "deployment/anger/other.png")
    tables, counts = run()
    assert [len(tables[pool]) for pool in POOLS] == [13, 14]
    assert tables["near_duplicates"].to_numpy().tolist() == [
        ["train", "fear/0.jpg", 0],
        ["train", "fear/1.jpg", 1],
        ["train", "fear/again.jpg", 0],
        ["deployment", "anger/again.png", 0],
        ["deployment", "anger/other.png", 1],
    ]
    assert [counts[pool]["near_duplicates"] for pool in POOLS] == [2, 0]
    assert counts["near_duplicates_in_both_pools"] == 2


def sidecar(raw: Path, pool: str, subject: str, skip: str = "") -> None:
    files = [f"{path.parent.name}/{path.name}" for path in sorted((raw / pool).glob("*/*.jpg"))]
    lines = [f"{file},{subject}" for file in files if file != skip]
    (raw / pool / SIDECAR).write_text("\n".join(["file,subject", *lines]))


def test_subjects_are_carried_on(raw: Path) -> None:
    sidecar(raw, "train", "007", skip="fear/0.jpg")
    sidecar(raw, "deployment", "008")
    tables, counts = run()
    assert set(tables["train"]["subject"]) == {"007"}
    assert counts["train"]["subjects"] == 1
    assert tables["rejects"]["reason"].tolist() == ["not listed in truth.csv"]


def test_a_person_in_both_pools_is_a_warning_or_an_error(
    raw: Path, edit: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    sidecar(raw, "train", "007")
    sidecar(raw, "deployment", "007")
    assert run()[1]["people_in_both_pools"] == 1
    assert "people in both pools: 1, such as 007" in capsys.readouterr().err
    edit(prepare={"strict": True})
    with pytest.raises(UserError, match="people in both pools: 1, such as 007"):
        prepare.main()


def test_what_is_listed_but_not_there_is_told(
    raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sidecar(raw, "train", "007")
    with (raw / "train" / SIDECAR).open("a") as table:
        table.write("\nfear/gone.jpg,007\n")
    assert run()[1]["train"]["listed_but_absent"] == 1
    said = "truth.csv: 1 listed but not there, such as 'fear/gone.jpg'"
    assert said in capsys.readouterr().err


def test_too_many_rejects_stop_the_run_and_are_listed(
    raw: Path, edit: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        (raw / "train/fear" / f"{name}.jpg").touch()
    with pytest.raises(UserError) as raised:
        prepare.main()
    assert str(raised.value) == (
        f"{raw / 'train'}: 2 of 14 files are rejected (14.3%), for the reasons in "
        "data/prepare/rejects.csv; prepare.max_rejected allows 10.0%"
    )
    assert "deployment: 12 found" in capsys.readouterr().out
    assert len(pd.read_csv("data/prepare/rejects.csv")) == 2
    assert not Path("data/prepare/train.csv").exists()
    edit(prepare={"max_rejected": 0.15})
    assert run()[1]["train"]["rejects"] == 2


def test_an_emotion_without_one_picture_is_refused(raw: Path, edit: Callable[..., None]) -> None:
    edit(prepare={"max_rejected": 1})
    for path in (raw / "deployment/fear").iterdir():
        path.write_text("not an image")
    with pytest.raises(UserError, match="deployment: no file of fear is accepted"):
        prepare.main()


def test_emotions_come_from_the_parameters(raw: Path, edit: Callable[..., None]) -> None:
    edit(data={"emotions": ["surprise", "anger", "fear"]})
    tables, counts = run()
    assert tables["train"].groupby("emotion")["label"].unique().map(list).to_dict() == {
        "anger": [1], "fear": [2], "surprise": [0],
    }  # fmt: skip
    assert list(counts["train"]["classes"]) == ["surprise", "anger", "fear"]
