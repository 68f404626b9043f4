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


def examine(path: Path, hash_of: str) -> tuple[str, tuple[int, int, int]]:
    """Decode and hash one file.

    `hash_of` is `file` (the bytes on disk) or `pixels` (the decoded RGB image and its size).
    Returns the SHA-256 in hexadecimal, and the image's width and height in px and the file's size
    in bytes. Raises ValueError with the reason where the file is to be rejected.
    """
    if path.suffix.lower() not in (".jpg", ".jpeg"):
        raise ValueError("not a .jpg file")
    try:
        content = path.read_bytes()
        with Image.open(path, formats=["JPEG"]) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = reason.replace(str(path), "file")
        raise ValueError(f"cannot be decoded: {reason}") from error
    height, width, _ = pixels.shape
    hashed = content
    if hash_of == "pixels":
        hashed = repr(pixels.shape).encode() + pixels.tobytes()
    return hashlib.sha256(hashed).hexdigest(), (width, height, len(content))


def prepare_pool(root: Path, pool: str, hash_of: str) -> dict[str, pd.DataFrame]:
    """Examine every file of a pool.

    Returns three tables that together name every file found: `accepted` (source_id, label,
    emotion, subject, sha256, image_width, image_height, bytes), `duplicates` (file, duplicate_of)
    and `rejects` (file, reason).
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
        try:
            digest, size = examine(root / pool / file, hash_of)
            if subjects is not None and file not in subjects:
                raise ValueError(f"not listed in {dataset.SIDECAR}")
        except ValueError as error:
            rejects.append((file, str(error)))
            continue
        if digest in first:
            duplicates.append((file, first[digest]))
        else:
            first[digest] = file
            emotion = file.partition("/")[0]
            subject = subjects[file] if subjects else ""
            label = dataset.EMOTIONS.index(emotion)
            accepted.append((file, label, emotion, subject, digest, *size))
    columns = ["source_id", "label", "emotion", "subject", "sha256"]
    columns += ["image_width", "image_height", "bytes"]
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
        accepted = tables["accepted"]
        if not len(accepted):
            raise UserError(f"{root / pool}: none of its files is a readable JPEG image")
        write_csv(OUT / f"{pool}.csv", accepted)
        summary[pool] = {
            "found": sum(len(table) for table in tables.values()),
            **{name: len(table) for name, table in tables.items()},
            "conflicting": sum(
                file.partition("/")[0] != kept.partition("/")[0]
                for file, kept in tables["duplicates"].itertuples(index=False)
            ),
            "subjects": len(people[pool]),
            "classes": accepted["emotion"]
            .value_counts()
            .reindex(dataset.EMOTIONS, fill_value=0)
            .to_dict(),
            "width": [int(accepted["image_width"].min()), int(accepted["image_width"].max())],
            "height": [int(accepted["image_height"].min()), int(accepted["image_height"].max())],
        }
    hashes = {pool: set(tables["accepted"]["sha256"]) for pool, tables in pools.items()}
    summary["in_both_pools"] = len(hashes["train"] & hashes["deployment"])
    for name in ("duplicates", "rejects"):
        table = pd.concat([tables[name].assign(pool=pool) for pool, tables in pools.items()])
        write_csv(OUT / f"{name}.csv", table[["pool", *table.columns.drop("pool")]])
    write_json(RESULTS / "counts.json", summary)


if __name__ == "__main__":
    stages.run(main)
