"""Accept the files that are images, and remove exact duplicates (section III.A)."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from ferblur import dataset, stages
from ferblur.errors import UserError
from ferblur.files import write_csv, write_json
from ferblur.params import load

OUT = Path("data/prepare")
RESULTS = Path("results/prepare")


def examine(path: Path, hash_of: str) -> tuple[str, str]:
    """Hash one file; returns (SHA-256 hexadecimal or "", reason for rejecting it or "").

    `hash_of` is `file` (the bytes on disk) or `pixels` (the decoded RGB image and its size).
    """
    if path.suffix.lower() not in (".jpg", ".jpeg"):
        return "", "not a .jpg file"
    try:
        content = path.read_bytes()
        with Image.open(path, formats=["JPEG"]) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return "", f"cannot be decoded: {reason.replace(str(path), 'file')}"
    if hash_of == "pixels":
        content = repr(pixels.shape).encode() + pixels.tobytes()
    return hashlib.sha256(content).hexdigest(), ""


def prepare_pool(root: Path, pool: str, hash_of: str) -> dict[str, pd.DataFrame]:
    """Examine every file of a pool.

    Returns three tables that together name every file found: `accepted` (source_id, label,
    emotion, subject, sha256), `duplicates` (file, duplicate_of) and `rejects` (file, reason).
    The first of equal files in sorted order is kept.
    """
    subjects = dataset.read_subjects(root, pool)
    accepted, duplicates, rejects = [], [], []
    first: dict[str, str] = {}
    for file in dataset.list_files(root, pool):
        printable = os.fsencode(file).decode("utf-8", "backslashreplace")
        if printable != file:
            rejects.append((printable, "its name is not UTF-8"))
            continue
        digest, reason = examine(root / pool / file, hash_of)
        if not reason and subjects is not None and file not in subjects:
            reason = f"not listed in {dataset.SIDECAR}"
        if reason:
            rejects.append((file, reason))
        elif digest in first:
            duplicates.append((file, first[digest]))
        else:
            first[digest] = file
            emotion = file.partition("/")[0]
            subject = subjects[file] if subjects else ""
            accepted.append((file, dataset.EMOTIONS.index(emotion), emotion, subject, digest))
    columns = ["source_id", "label", "emotion", "subject", "sha256"]
    return {
        "accepted": pd.DataFrame(accepted, columns=columns),
        "duplicates": pd.DataFrame(duplicates, columns=["file", "duplicate_of"]),
        "rejects": pd.DataFrame(rejects, columns=["file", "reason"]),
    }


def main() -> None:
    """Write accepted, duplicate and rejected files of both pools, and the counts."""
    params = load()
    root = Path(params.data.root)
    dataset.check(root)
    pools = {pool: prepare_pool(root, pool, params.prepare.hash_of) for pool in dataset.POOLS}

    people = {pool: set(tables["accepted"]["subject"]) - {""} for pool, tables in pools.items()}
    shared = sorted(people["train"] & people["deployment"])
    if shared:
        raise UserError(
            f"{root}: {len(shared)} subjects are in both pools ({', '.join(shared[:3])}, …); "
            "deployment must show people the models have not seen"
        )

    shutil.rmtree(OUT, ignore_errors=True)
    summary: dict[str, Any] = {}
    for pool, tables in pools.items():
        write_csv(OUT / f"{pool}.csv", tables["accepted"])
        summary[pool] = {
            "found": sum(len(table) for table in tables.values()),
            **{name: len(table) for name, table in tables.items()},
            "conflicting": sum(
                file.partition("/")[0] != kept.partition("/")[0]
                for file, kept in tables["duplicates"].itertuples(index=False)
            ),
            "subjects": len(people[pool]),
        }
        if not len(tables["accepted"]):
            raise UserError(f"{root / pool}: none of its files is a readable JPEG image")
    hashes = {pool: set(tables["accepted"]["sha256"]) for pool, tables in pools.items()}
    summary["in_both_pools"] = len(hashes["train"] & hashes["deployment"])
    for name in ("duplicates", "rejects"):
        table = pd.concat([tables[name].assign(pool=pool) for pool, tables in pools.items()])
        write_csv(OUT / f"{name}.csv", table[["pool", *table.columns.drop("pool")]])
    write_json(RESULTS / "counts.json", summary)


if __name__ == "__main__":
    stages.run(main)
