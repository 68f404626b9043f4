"""Writing a dataset: links to the images, who is shown, and what became of every row."""

import csv
import errno
import os
import shutil
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from filelock import FileLock, Timeout
from tqdm import tqdm

from ferblur.core.errors import UserError
from ferblur.core.files import read_json
from ferblur.core.ranks import cores
from ferblur.core.resume import PARTIAL
from ferblur.core.study import POOLS
from ferblur.curation.sidecar import NOBODY, SIDECAR
from ferblur.importing.planning import kept, pool_of
from ferblur.importing.rows import Row
from ferblur.importing.source import Source, image_suffix

DATASETS = Path("datasets")
RECORD = "import.csv"
PROFILE = "params.yaml"
ORIGIN = "import.json"
"""Where the dataset came from, and the hash of the profile that was written for it."""

_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES, errno.ENOSYS}


@dataclass
class Written:
    """How the images came in."""

    linked: int = 0
    symbolic: int = 0
    copied: int = 0
    made: int = 0

    def __str__(self) -> str:
        words = {
            "hard links": self.linked,
            "symbolic links (another file system, or another owner)": self.symbolic,
            "copies": self.copied,
            "files written": self.made,
        }
        return ", ".join(f"{number:,} {what}" for what, number in words.items() if number)


def origin(folder: Path) -> dict[str, str]:
    """What an earlier import noted; empty where there is nothing."""
    try:
        return read_json(folder / ORIGIN)
    except (OSError, ValueError):
        return {}


def check_place(name: str, source: Path) -> None:
    """Raise UserError where `datasets/<name>` holds anything but an import of this source."""
    folder = DATASETS / name
    if folder.resolve() == source.resolve() or folder.resolve() in source.resolve().parents:
        raise UserError(f"{folder}: holds the source itself; choose another name")
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not (folder / RECORD).is_file():
        raise UserError(f"{folder}: exists and was not imported; choose another name, or move it")
    ours = {*POOLS, RECORD, PROFILE, ORIGIN}
    if others := sorted(entry for entry in os.listdir(folder) if entry not in ours):
        raise UserError(
            f"{folder}: holds {', '.join(others[:3])}, which an import did not write; "
            "choose another name, or move that away"
        )
    earlier = origin(folder).get("source")
    if earlier and earlier != str(source.resolve()):
        raise UserError(
            f"{folder}: is an import of {earlier}; choose another name, or move {folder} away"
        )


@contextmanager
def replacing(name: str) -> Iterator[Path]:
    """Yield an empty folder that becomes `datasets/<name>` if the block succeeds.

    Raises UserError where another import of this name is under way.
    """
    folder, new, old = (DATASETS / place for place in (name, f".{name}.new", f".{name}.old"))
    PARTIAL.mkdir(exist_ok=True)
    try:
        with FileLock(PARTIAL / f"import-{name}.lock", timeout=0):
            _settle(folder, new, old)  # what a killed import left
            new.mkdir(parents=True)
            try:
                yield new
                if folder.exists():
                    folder.rename(old)
                new.rename(folder)
            finally:
                _settle(folder, new, old)
    except Timeout:
        raise UserError(f"{folder}: another import of this name is under way") from None


def write_images(folder: Path, source: Source, rows: Sequence[Row], copy: bool) -> Written:
    """Put each kept row's image at its target; a row whose image cannot be made gets a reason."""
    written = Written()
    for row in kept(rows):
        (folder / row.target).parent.mkdir(parents=True, exist_ok=True)
    left = kept(rows)
    bar = tqdm(left, desc="import", unit="img", disable=None, mininterval=1)
    for row, content in zip(bar, _contents(left), strict=True):
        place = folder / row.target
        if content is None:
            _link(source.images.link_target(row.file), place, copy, written)
            continue
        if isinstance(content, str):
            row.reason = content
            continue
        if not place.suffix:
            place = place.with_name(place.name + image_suffix(content))
            row.target = place.relative_to(folder).as_posix()
        place.write_bytes(content)
        written.made += 1
    return written


def remove_left_out(folder: Path, rows: Iterable[Row]) -> None:
    """Remove images whose rows were left out after they were written."""
    for row in rows:
        if row.reason and "/" in row.target:
            (folder / row.target).unlink(missing_ok=True)
    for place in sorted(folder.glob("*/*")):
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def write_people(folder: Path, rows: Sequence[Row]) -> None:
    """Write each pool's truth.csv: file, subject, source, and what else is known of the pictures.

    None where no people are known; rows that name nobody where others do were left out
    (`planning.name_pools`).
    """
    more = list(dict.fromkeys(name for row in kept(rows) for name in row.about or ()))
    for pool in POOLS:
        shown = [row for row in kept(rows) if pool_of(row) == pool]
        if shown and shown[0].subject:
            cells = (
                (
                    row.target.partition("/")[2],
                    f"person {row.subject}" if row.subject.lower() in NOBODY else row.subject,
                    row.file or row.where,
                    *((row.about or {}).get(name, "") for name in more),
                )
                for row in sorted(shown, key=lambda row: row.target)
            )
            _write_csv(folder / pool / SIDECAR, ("file", "subject", "source", *more), cells)


def write_record(folder: Path, rows: Iterable[Row]) -> None:
    """Write import.csv: every row, its image, label, person and pool, and what became of it."""
    cells = (
        (
            *(row.where, row.file, row.label, row.subject, row.pool),
            "left out" if row.reason else row.target,
            row.reason,
        )
        for row in rows
    )
    header = ("where", "file", "label", "subject", "pool", "outcome", "reason")
    _write_csv(folder / RECORD, header, cells)


def tally(rows: Iterable[Row]) -> dict[str, Counter[str]]:
    """Kept rows of each pool by emotion."""
    counts: dict[str, Counter[str]] = {pool: Counter() for pool in POOLS}
    for row in kept(rows):
        counts[pool_of(row)][row.emotion] += 1
    return counts


def _contents(rows: Sequence[Row]) -> Iterator[bytes | str | None]:
    """The bytes of each image that is to be written, or why there are none; None for a file.

    Clips are decoded on every core, a few ahead; the frames of one follow each other.
    """
    if not any("clip" in (row.about or {}) for row in rows):
        yield from map(_content, rows)
        return
    ahead: deque[Future[list[bytes | str | None]]] = deque()
    with ThreadPoolExecutor(cores()) as pool:
        for _, frames in groupby(rows, key=lambda row: row.file):
            ahead.append(pool.submit(lambda clip: [*map(_content, clip)], [*frames]))
            if len(ahead) > 2 * cores():
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()


def _content(row: Row) -> bytes | str | None:
    try:
        return row.content() if row.content else None
    except ValueError as error:
        return str(error)


def _link(target: Path, place: Path, copy: bool, written: Written) -> None:
    if copy:
        shutil.copyfile(target, place)
        written.copied += 1
        return
    try:
        os.link(target, place)
        written.linked += 1
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        place.symlink_to(target)
        written.symbolic += 1


def _settle(folder: Path, new: Path, old: Path) -> None:
    """Remove what is not in place, but never the only whole dataset."""
    if old.exists() and not folder.exists():
        old.rename(folder)
    for place in (new, old):
        if place.exists():
            shutil.rmtree(place)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
