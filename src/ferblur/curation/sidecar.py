"""`truth.csv` beside a pool's folders, which says who is shown in each of its files."""

import csv
import os
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from ferblur.core.errors import UserError

SIDECAR = "truth.csv"

COLUMNS = ("file", "subject")

NOBODY = frozenset({"", "na", "n/a", "<na>", "#n/a", "nan", "null", "none", "unknown", "?"})
"""Subjects, in lower case, with which tables mean nobody; as a name they would merge people."""

_NOBODY = (
    "no subject, or one that means nobody, such as NA: name who is shown (a person of such a name "
    "needs another)"
)

SHOWN = 3
"""Lines or names given as examples of a fault."""


def read_subjects(root: Path, pool: str) -> dict[str, str] | None:
    """The subject of each file that the pool's sidecar lists; None where there is no sidecar.

    All is text: a subject `007` stays one. Raises UserError with a line for each fault.
    """
    path = root / pool / SIDECAR
    if not os.path.lexists(path):
        return None
    subjects, faults = _read(path)
    if faults:
        raise UserError("\n".join(faults))
    return subjects


def check(folder: Path, files: Sequence[str]) -> list[str]:
    """What is wrong with a pool's sidecar, a line a fault; nothing where it has none.

    `files` are those of the pool, as paths inside it. One that the sidecar does not list is left
    to `prepare`, which rejects it; one listed by another spelling is a fault here.
    """
    path = folder / SIDECAR
    if not os.path.lexists(path):
        return []
    subjects, faults = _read(path)
    if faults or not files:
        return faults
    if subjects.keys().isdisjoint(files):
        example = f", such as '{next(iter(subjects))}'" if subjects else ""
        faults = [
            f"{path}: lists none of the pool's {len(files):,} files{example}; its column 'file' "
            f"must name them as {files[0]!a} does"
        ]
    spelt = {_fold(name): name for name in subjects}
    others = {
        file: spelt[_fold(file)] for file in files if file not in subjects and _fold(file) in spelt
    }
    if others:
        file, listed = next(iter(others.items()))
        faults = [
            f"{path}: {_number(len(others), 'file')} spelt otherwise than on disk, such as "
            f"{listed!a} for {file!a}; write each as it is there"
        ]
    return faults


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' if count != 1 else ''}"


def _fold(name: str) -> str:
    """A file's path, however a table spells it: case, accents, slashes, `./` in front."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/")).lower()
    return name.lstrip("/").removeprefix("./")


def _lines(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:SHOWN]))
    more = f" and {len(numbers) - SHOWN:,} more" if len(numbers) > SHOWN else ""
    return f"line{'s' if len(numbers) != 1 else ''} {named}{more}"


def _read(path: Path) -> tuple[dict[str, str], list[str]]:
    """Subjects by file, and what is wrong with the table, a line a fault."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
            return {}, [f"{path}: not a file; it must be a table with the columns {_needed()}"]
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _parse(path, stream)
    except OSError as error:
        return {}, [f"{path}: cannot be read ({error.strerror})"]
    except UnicodeDecodeError:
        return {}, [f"{path}: not UTF-8; save it as CSV in UTF-8"]
    except csv.Error as error:
        return {}, [f"{path}: not a table of comma-separated values ({error})"]


def _needed() -> str:
    return " and ".join(f"'{name}'" for name in COLUMNS)


def _parse(path: Path, stream: TextIO) -> tuple[dict[str, str], list[str]]:
    reader = csv.reader(stream, strict=True)
    header = [name.strip() for name in next(reader, [])]
    if any(header.count(name) != 1 for name in COLUMNS):
        found = ", ".join(f"'{name}'" for name in header) or "nothing"
        return {}, [
            f"{path}: must have the columns {_needed()}, once each, with commas between; its "
            f"first line has {found[:200]}"
        ]
    file_at, subject_at = (header.index(name) for name in COLUMNS)
    subjects, wrong = dict[str, str](), defaultdict[str, list[int]](list)
    for row in reader:
        if not row:
            continue
        if len(row) != len(header):
            wrong[f"not {len(header)} values, as the first line has"].append(reader.line_num)
            continue
        file, subject = row[file_at], row[subject_at].strip()
        if subject.lower() in NOBODY:
            wrong[_NOBODY].append(reader.line_num)
        elif file in subjects:
            wrong["a file that an earlier line lists: keep one of the two"].append(reader.line_num)
        else:
            subjects[file] = subject
    return subjects, [f"{path}: {_lines(lines)}: {what}" for what, lines in wrong.items()]
