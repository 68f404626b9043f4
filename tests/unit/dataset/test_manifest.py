"""A manifest is the same after it was written and read."""

from pathlib import Path

import pandas as pd

from face_tables import few, raised
from ferblur.dataset.manifest import read_manifest, write_manifest


def test_a_manifest_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    balanced = raised(few(happiness=30))
    write_manifest(path, balanced)
    pd.testing.assert_frame_equal(read_manifest(path), balanced, check_dtype=False)
    assert read_manifest(path)["brightness"].tolist() == balanced["brightness"].tolist()
