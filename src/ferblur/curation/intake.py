"""Intake: which files of a pool are pictures, and which of those are exact duplicates (III.A)."""

import hashlib
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from ferblur.core.params import Prepare
from ferblur.core.ranks import cores
from ferblur.curation.layout import CONTROL, list_files
from ferblur.curation.sidecar import SIDECAR, read_subjects
from ferblur.curation.similarity import difference_hash, group
from ferblur.images.decoding import decoded, reading

SEEN = 2**18
"""Most px of a picture as its likeness is judged: a larger JPEG need not be decoded whole."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Examined:
    """What is known of a picture: SHA-256, width and height in px as it is looked at, likeness."""

    digest: str
    width: int
    height: int
    bytes: int
    likeness: int


@dataclass(frozen=True)
class Intake:
    """What came of a pool: three tables that together name every file in it, once.

    `accepted` has source_id, label, emotion, subject, sha256, image_width, image_height and bytes;
    `duplicates` file and duplicate_of; `rejects` file and reason. `likenesses` are the difference
    hashes of the accepted (uint64), `absent` the files listed in the sidecar that are not there.
    """

    accepted: pd.DataFrame
    duplicates: pd.DataFrame
    rejects: pd.DataFrame
    likenesses: np.ndarray
    absent: list[str]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The three tables by name."""
        names = ("accepted", "duplicates", "rejects")
        return {name: getattr(self, name) for name in names}

    @property
    def found(self) -> int:
        """How many files there are."""
        return sum(map(len, self.tables.values()))

    @property
    def reasons(self) -> Counter[str]:
        """How many files are rejected for each reason, without its details."""
        return Counter(reason.partition(":")[0] for reason in self.rejects["reason"])

    def counts(self, emotions: Sequence[str]) -> dict[str, Any]:
        """What there is to say of the pool in numbers; sizes are the smallest and the largest."""
        accepted = self.accepted
        classes = accepted["emotion"].value_counts().reindex(list(emotions), fill_value=0)
        return {
            "found": self.found,
            **{name: len(table) for name, table in self.tables.items()},
            "conflicting": sum(
                file.partition("/")[0] != kept.partition("/")[0]
                for file, kept in self.duplicates.itertuples(index=False)
            ),
            "subjects": len(set(accepted["subject"]) - {""}),
            "classes": classes.to_dict(),
            "width": [int(accepted["image_width"].min()), int(accepted["image_width"].max())],
            "height": [int(accepted["image_height"].min()), int(accepted["image_height"].max())],
            "reasons": dict(self.reasons.most_common()),
            "listed_but_absent": len(self.absent),
        }


def examine(path: Path, hash_of: str) -> Examined:
    """Decode and hash one file.

    `hash_of` is `file` (the bytes on disk) or `pixels` (the size and the pixels of the picture,
    upright, in sRGB). Raises ValueError with the reason where the file is to be rejected.
    """
    by_pixels = hash_of == "pixels"
    most = None if by_pixels else SEEN
    with reading(path) as content, decoded(content, most) as (pixels, (width, height)):
        hashed = hashlib.sha256(repr((height, width, 3)).encode() if by_pixels else content)
        if by_pixels:
            hashed.update(pixels.data)
        return Examined(hashed.hexdigest(), width, height, len(content), difference_hash(pixels))


def accept_pool(root: Path, pool: str, params: Prepare, emotions: Sequence[str]) -> Intake:
    """Examine every file of a pool, several at a time; labels are places in `emotions`.

    The first of equal files in sorted order is kept.
    """
    subjects = read_subjects(root, pool)
    files = list_files(root, pool, emotions)

    def look(file: str) -> Examined | str:
        """What a file is, or why it is rejected."""
        if subjects is not None and file not in subjects:
            return f"not listed in {SIDECAR}"
        try:
            return examine(root / pool / file, params.hash_of)
        except ValueError as error:
            return str(error)

    accepted, duplicates, rejects, likenesses = [], [], [], []
    first: dict[str, str] = {}
    for file, seen in zip(files, _in_order(look, files, f"prepare {pool}"), strict=True):
        printable = _printable(file)
        if printable != file:
            rejects.append((printable, "its name is not UTF-8, or has control characters"))
        elif isinstance(seen, str):
            rejects.append((file, seen))
        elif seen.digest in first:
            duplicates.append((file, first[seen.digest]))
        else:
            first[seen.digest] = file
            emotion = file.partition("/")[0]
            subject = subjects[file] if subjects else ""
            about = seen.digest, seen.width, seen.height, seen.bytes
            accepted.append((file, emotions.index(emotion), emotion, subject, *about))
            likenesses.append(seen.likeness)
    columns = ["source_id", "label", "emotion", "subject", "sha256"]
    columns += ["image_width", "image_height", "bytes"]
    return Intake(
        pd.DataFrame(accepted, columns=columns),
        pd.DataFrame(duplicates, columns=["file", "duplicate_of"]),
        pd.DataFrame(rejects, columns=["file", "reason"]),
        np.array(likenesses, np.uint64),
        sorted((subjects or {}).keys() - set(files)),
    )


def in_both(pools: Mapping[str, Intake], column: str) -> list[str]:
    """What the accepted files of all pools have in common in a column, sorted, but for nothing."""
    values = [set(intake.accepted[column]) for intake in pools.values()]
    return sorted(set.intersection(*values) - {""})


def near_duplicates(pools: Mapping[str, Intake]) -> pd.DataFrame:
    """Accepted files that look like others in any pool: pool, file, and group, from 0."""
    likenesses = np.concatenate([intake.likenesses for intake in pools.values()])
    files = pd.concat(
        [intake.accepted[["source_id"]].assign(pool=pool) for pool, intake in pools.items()]
    )
    files["group"] = group(likenesses)
    alike = files[files["group"].duplicated(keep=False)].rename(columns={"source_id": "file"})
    alike["group"] = pd.factorize(alike["group"])[0]
    return alike[["pool", "file", "group"]]


def _printable(name: str) -> str:
    """A name as a table can hold it, equal to it where it is one."""
    name = os.fsencode(name).decode("utf-8", "backslashreplace")
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), name)


def _in_order(work: Callable[[T], R], items: Sequence[T], what: str) -> Iterator[R]:
    """Results in the order of the items; few are under way at a time, on every core."""
    waiting: deque[Future[R]] = deque()
    most = 8 * cores()
    with ThreadPoolExecutor(cores()) as threads:
        for item in tqdm(items, desc=what, unit="file", disable=None):
            waiting.append(threads.submit(work, item))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
