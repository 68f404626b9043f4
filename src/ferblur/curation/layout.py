"""The one layout every dataset enters as: `<root>/{train,deployment}/<emotion>/*.jpg`.

A pool may carry a sidecar `truth.csv` with a column `file` (path inside the pool) and a column
`subject`; where it does, statistics are clustered by subject.
"""

import os
import stat
from pathlib import Path

import pandas as pd

from ferblur.core.errors import UserError
from ferblur.core.study import EMOTIONS, POOLS

SIDECAR = "truth.csv"


def list_files(root: Path, pool: str) -> list[str]:
    """List every file in the pool's emotion folders as sorted paths relative to the pool.

    Hidden files and the sidecar are not part of the dataset and are left out.
    Raises UserError where the layout is not the documented one.
    """
    folder = root / pool
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; data.root needs {'/ and '.join(POOLS)}/")
    found = []
    for entry in sorted(os.listdir(folder)):
        if entry.startswith(".") or entry == SIDECAR:
            continue
        if entry not in EMOTIONS or not (folder / entry).is_dir():
            raise UserError(
                f"{folder / entry}: not a folder named after an emotion ({', '.join(EMOTIONS)})"
            )
        for name in sorted(os.listdir(folder / entry)):
            if not name.startswith("."):
                found.append(f"{entry}/{name}")
    return sorted(found)


def read_subjects(root: Path, pool: str) -> dict[str, str] | None:
    """Read the sidecar's subject of each file; None where the pool has no sidecar."""
    path = root / pool / SIDECAR
    if not path.exists():
        return None
    try:
        table = pd.read_csv(path, dtype=str, usecols=["file", "subject"])
    except ValueError as error:
        raise UserError(f"{path}: needs the columns 'file' and 'subject' ({error})") from error
    return dict(zip(table["file"], table["subject"], strict=True))


def check(root: Path) -> dict[str, int]:
    """Check the dataset's layout before any work starts; returns the file count of each pool.

    Raises UserError for a missing pool or emotion, and for anything that is neither a regular
    file nor a folder (hashing a pipe or a device would hang DVC).
    """
    counts = {}
    for pool in POOLS:
        files = list_files(root, pool)
        for file in files:
            path = root / pool / file
            try:
                mode = path.stat().st_mode
            except OSError as error:
                raise UserError(f"{path}: cannot be read ({error.strerror})") from error
            if not stat.S_ISREG(mode):
                raise UserError(f"{path}: not a regular file; remove it")
            if not os.access(path, os.R_OK):
                raise UserError(f"{path}: not readable by this user")
        for emotion in EMOTIONS:
            if not any(file.startswith(f"{emotion}/") for file in files):
                raise UserError(f"{root / pool / emotion}: no images; every pool needs all six")
        counts[pool] = len(files)
    return counts
