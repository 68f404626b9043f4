"""What goes in equals what comes out plus what is listed as rejected."""

import os
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
from ferblur.curation.layout import SIDECAR
from ferblur.stages import prepare


@pytest.fixture
def raw(project: Path, pools: Path, edit: Callable[..., None]) -> Path:
    edit(data={"root": str(pools)})
    return pools


def run() -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    prepare.main()
    names = ("train", "deployment", "duplicates", "rejects")
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


def test_every_file_is_accounted_for(raw: Path) -> None:
    fear = raw / "train/fear"
    shutil.copy(fear / "0.jpg", fear / "copy.jpg")
    shutil.copy(fear / "0.jpg", raw / "train/surprise/other.jpg")
    (fear / "cut.jpg").write_bytes((fear / "1.jpg").read_bytes()[:300])
    (fear / "empty.jpg").touch()
    (fear / "notes.txt").write_text("hello")
    Image.new("RGB", (8, 8)).save(fear / "really-a.jpg", format="PNG")
    tables, counts = run()
    assert counts["train"] == {
        "found": 18, "accepted": 12, "duplicates": 2, "rejects": 4, "conflicting": 1, "subjects": 0,
        "classes": dict.fromkeys(EMOTIONS, 2), "width": [32, 32], "height": [32, 32],
    }  # fmt: skip
    sizes = [(raw / "train" / name).stat().st_size for name in tables["train"]["source_id"]]
    assert tables["train"]["bytes"].tolist() == sizes
    assert tables["duplicates"].to_numpy().tolist() == [
        ["train", "fear/copy.jpg", "fear/0.jpg"],
        ["train", "surprise/other.jpg", "fear/0.jpg"],
    ]
    reasons = tables["rejects"].set_index("file")["reason"]
    assert reasons["fear/notes.txt"] == "not a .jpg file"
    assert all(
        reasons[f"fear/{name}.jpg"].startswith("cannot be decoded")
        for name in ("cut", "empty", "really-a")
    )


def test_a_name_that_is_not_utf8_is_a_reject(raw: Path) -> None:
    content = (raw / "train/fear/0.jpg").read_bytes()
    Path(os.fsdecode(bytes(raw / "train/fear") + b"/\xff.jpg")).write_bytes(content[:-1])
    tables, counts = run()
    assert counts["train"]["found"] == 13
    assert tables["rejects"]["file"].tolist() == ["fear/\\xff.jpg"]


def test_equal_pixels_in_other_bytes(raw: Path, edit: Callable[..., None]) -> None:
    original = raw / "train/fear/0.jpg"
    other = raw / "train/fear/same-pixels.jpg"
    content = original.read_bytes()
    other.write_bytes(content[:2] + b"\xff\xfe\x00\x04hi" + content[2:])  # a JPEG comment
    assert np.array_equal(np.asarray(Image.open(original)), np.asarray(Image.open(other)))
    assert run()[1]["train"]["duplicates"] == 0
    edit(prepare={"hash_of": "pixels"})
    assert run()[1]["train"]["duplicates"] == 1


def test_one_face_in_both_pools_is_counted(raw: Path) -> None:
    shutil.copy(raw / "train/fear/0.jpg", raw / "deployment/fear/x.jpg")
    assert run()[1]["in_both_pools"] == 1


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


def test_a_person_in_both_pools_is_refused(raw: Path) -> None:
    sidecar(raw, "train", "007")
    sidecar(raw, "deployment", "007")
    with pytest.raises(UserError, match=r"1 subjects are in both pools \(007"):
        prepare.main()


def test_a_pool_without_one_image_is_refused(raw: Path) -> None:
    for path in (raw / "deployment").glob("*/*.jpg"):
        path.write_text("not an image")
    with pytest.raises(UserError, match="deployment: none of its files is a readable JPEG"):
        prepare.main()
