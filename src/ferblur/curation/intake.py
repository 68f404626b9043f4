"""Intake: which files of a pool are images, and which of those are exact duplicates (III.A)."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from ferblur.core.study import EMOTIONS
from ferblur.curation.layout import SIDECAR, list_files, read_subjects


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


def accept_pool(root: Path, pool: str, hash_of: str) -> dict[str, pd.DataFrame]:
    """Examine every file of a pool.

    Returns three tables that together name every file found: `accepted` (source_id, label,
    emotion, subject, sha256, image_width, image_height, bytes), `duplicates` (file, duplicate_of)
    and `rejects` (file, reason).
    The first of equal files in sorted order is kept.
    """
    subjects = read_subjects(root, pool)
    accepted, duplicates, rejects = [], [], []
    first: dict[str, str] = {}
    for file in list_files(root, pool):
        printable = os.fsencode(file).decode("utf-8", "backslashreplace")
        if printable != file:
            rejects.append((printable, "its name is not UTF-8"))
            continue
        try:
            digest, size = examine(root / pool / file, hash_of)
            if subjects is not None and file not in subjects:
                raise ValueError(f"not listed in {SIDECAR}")
        except ValueError as error:
            rejects.append((file, str(error)))
            continue
        if digest in first:
            duplicates.append((file, first[digest]))
        else:
            first[digest] = file
            emotion = file.partition("/")[0]
            subject = subjects[file] if subjects else ""
            label = EMOTIONS.index(emotion)
            accepted.append((file, label, emotion, subject, digest, *size))
    columns = ["source_id", "label", "emotion", "subject", "sha256"]
    columns += ["image_width", "image_height", "bytes"]
    return {
        "accepted": pd.DataFrame(accepted, columns=columns),
        "duplicates": pd.DataFrame(duplicates, columns=["file", "duplicate_of"]),
        "rejects": pd.DataFrame(rejects, columns=["file", "reason"]),
    }
