"""Aligned faces: one memory-mapped array and one table for each pool."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

TEXT = {"source_id": "str", "emotion": "str", "subject": "str", "status": "str"}


@dataclass(frozen=True)
class Faces:
    """The output of `align` for one pool.

    `pixels` is N x H x W x 3 uint8 RGB, mapped read-only from disk. `table` has one row for each
    of the N faces, in the same order, with at least `source_id`, `label` and `subject` (empty
    where unknown).
    """

    pixels: np.ndarray
    table: pd.DataFrame

    @classmethod
    def open(cls, folder: Path, pool: str) -> "Faces":
        """Map `<folder>/<pool>.npy` and read `<folder>/<pool>.csv`."""
        pixels = np.load(folder / f"{pool}.npy", mmap_mode="r", allow_pickle=False)
        table = pd.read_csv(folder / f"{pool}.csv", dtype=TEXT, keep_default_na=False)
        if len(pixels) != len(table):
            raise ValueError(f"{folder}/{pool}: {len(pixels)} faces but {len(table)} rows")
        return cls(pixels, table)

    def rows(self, source_ids: pd.Series) -> np.ndarray:
        """Position in `pixels` of each source_id; raises KeyError for an unknown one."""
        positions = pd.Series(np.arange(len(self.table)), index=self.table["source_id"])
        return positions.loc[source_ids].to_numpy()
