"""One mapped array and one table for each pool."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ferblur.dataset.faces import Faces


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "train.npy", np.arange(3 * 2 * 2 * 3, dtype=np.uint8).reshape(3, 2, 2, 3))
    table = pd.DataFrame({"source_id": ["b", "a", "c"], "label": [1, 0, 2], "subject": ""})
    table.to_csv(tmp_path / "train.csv", index=False)
    return tmp_path


def test_pixels_stay_on_disk(folder: Path) -> None:
    faces = Faces.open(folder, "train")
    assert isinstance(faces.pixels, np.memmap)
    assert not faces.pixels.flags.writeable
    assert faces.table["subject"].tolist() == ["", "", ""]


def test_rows_follow_the_names(folder: Path) -> None:
    faces = Faces.open(folder, "train")
    assert faces.rows(pd.Series(["a", "c", "a"])).tolist() == [1, 2, 1]
    with pytest.raises(KeyError):
        faces.rows(pd.Series(["d"]))


def test_an_array_that_does_not_fit_its_table_is_refused(folder: Path) -> None:
    np.save(folder / "train.npy", np.zeros((2, 2, 2, 3), dtype=np.uint8))
    with pytest.raises(ValueError, match="2 faces but 3 rows"):
        Faces.open(folder, "train")
