"""Manifests: a dataset as rows, not copies.

A manifest is a table with the columns of `COLUMNS`. Each row is one sample: which aligned face it
comes from and what is done to that face when the sample is read. `curation` makes them; no pixel
is touched.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.core.files import write_csv

COLUMNS = {
    "sample_id": "int64",  # position in the manifest
    "source_id": "str",  # the face's file, relative to its pool
    "label": "int64",  # place in data.emotions
    "flip": "int64",  # 1: mirrored left to right
    "brightness": "float64",  # factor, 1 is unchanged
    "blur_radius": "float64",  # box radius in px on the aligned face, 0 is sharp
    "split": "str",  # train, val or test; deployment; empty before the split
}


def write_manifest(path: Path, manifest: pd.DataFrame) -> None:
    """Write a manifest as CSV, atomically."""
    write_csv(path, manifest[list(COLUMNS)])


def read_manifest(path: Path) -> pd.DataFrame:
    """Read a manifest written by `write_manifest`."""
    return pd.read_csv(path, dtype=COLUMNS, keep_default_na=False)


def make_rows(
    source_id: Sequence[str] | np.ndarray,
    label: int | np.ndarray,
    *,
    flip: int | np.ndarray = 0,
    brightness: float | np.ndarray = 1.0,
    blur_radius: float | np.ndarray = 0.0,
    split: str = "",
) -> pd.DataFrame:
    """Samples of N faces of one class, not numbered yet; a value serves all of them, or N do."""
    return pd.DataFrame(
        {
            "source_id": np.asarray(source_id, dtype=object),
            "label": label,
            "flip": flip,
            "brightness": brightness,
            "blur_radius": blur_radius,
            "split": split,
        }
    )


def number_rows(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join samples to a manifest and number them."""
    manifest = pd.concat(parts, ignore_index=True)
    manifest.insert(0, "sample_id", np.arange(len(manifest)))
    return manifest
