"""Tables of labels as people have them: text of any encoding and separator, JSON lines, parquet."""

import codecs
import csv
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ferblur.core.errors import UserError
from ferblur.curation.vocabulary import fold

IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"),
    ".mpo",
)

_IMAGE_NAME = re.compile(rf"\w({'|'.join(map(re.escape, IMAGE_SUFFIXES))})(?!\w)", re.IGNORECASE)

SUFFIXES = {".csv", ".tsv", ".txt", ".lst", ".jsonl", ".ndjson", ".parquet"}
"""What the name of a table may end in when a folder is searched."""

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16's, which it starts with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PACKED = {b"PK\x03\x04": "zip or xlsx", b"\x1f\x8b": "gzip", b"7z\xbc\xaf": "7z", b"Rar!": "rar"}
_SEPARATORS = ",;\t|"
_CELL = 2**22  # characters; an image of 48 px has 9,000

csv.field_size_limit(_CELL)


@dataclass(frozen=True)
class Table:
    """A table's form: its columns as written, and how its text is to be read."""

    path: Path
    columns: tuple[str, ...]
    separator: str = ""  # empty for parquet and JSON lines
    encoding: str = ""
    headed: bool = True

    @property
    def words(self) -> tuple[str, ...]:
        """The columns' names as they are compared."""
        return tuple(map(fold, self.columns))


def examine(path: Path, numbered: bool = False) -> Table:
    """Find out a table's form from its first line and its encoding.

    `numbered` says that there is no header: the columns are then named 1, 2, 3 and so on.
    Raises UserError where the file is not a table.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(2**16)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    if head.startswith(b"PAR1"):
        return Table(path, tuple(_schema(path)))
    if packed := next((name for magic, name in _PACKED.items() if head.startswith(magic)), None):
        raise UserError(f"{path}: is packed ({packed}); unpack it, or save the sheet as CSV")
    encoding = _encoding(path, head)
    lines = _lines(path, encoding)
    first = next((line for line in lines if line.strip() and not line.startswith("sep=")), "")
    if not first.strip():
        raise UserError(f"{path}: is empty")
    if "\0" in first:
        raise UserError(f"{path}: is not a table of text")
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        keys = _object(path, 1, first)
        return Table(path, tuple(keys), encoding=encoding)
    split = {mark: [cell.strip() for cell in _cells(path, first, mark)] for mark in _SEPARATORS}
    # a row's landmarks may be split by more marks than its cells, but an image's name ends a cell
    separator = max(split, key=lambda mark: (_is_row(split[mark]), len(split[mark])))
    if separator not in first:
        separator = " "
    cells = [cell.strip() for cell in _cells(path, first, separator)]
    columns = tuple(str(place) for place in range(1, len(cells) + 1)) if numbered else tuple(cells)
    return Table(path, columns, separator, encoding, not numbered)


def read(table: Table) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield each row's line number with its cells by column, all text.

    A row that has not as many cells as there are columns comes as a string that says so. Empty
    lines are no rows. Raises UserError where the text is broken: an open quote, another encoding.
    """
    if not table.encoding:
        yield from _parquet_rows(table)
    elif not table.separator:
        for number, line in enumerate(_lines(table.path, table.encoding), start=1):
            if line.strip():
                content = _object(table.path, number, line)
                yield number, {key: _text(content.get(key)) for key in table.columns}
    else:
        yield from _text_rows(table)


def names_images(table: Table) -> bool:
    """Whether the first lines, the header among them, hold a word like an image's name."""
    cells = [*table.columns]
    with suppress(UserError):
        for _, row in islice(read(table), 2):
            cells += row.values() if isinstance(row, dict) else ()
    return any(map(_IMAGE_NAME.search, cells))


def share_headers(found: dict[str, Table]) -> None:
    """Give a table whose first line is a row already the header of one of its width beside it.

    AffectNet's first release is such a pair.
    """
    for file, table in found.items():
        if table.separator and table.headed and _is_row(table.columns):
            for other in found.values():
                if (
                    other.path.parent == table.path.parent
                    and len(other.columns) == len(table.columns)
                    and not _is_row(other.columns)
                ):
                    found[file] = replace(table, columns=other.columns, headed=False)
                    break


def _is_row(columns: Sequence[str]) -> bool:
    return any(column.lower().endswith(IMAGE_SUFFIXES) for column in columns)


def embedded(path: Path, column: str, index: int) -> bytes | None:
    """The image inside row `index` of a parquet file; None where the row has none."""
    start = index // _CHUNK * _CHUNK
    if _chunks.get("at") != (path, column, start):  # rows are asked for in order
        import polars as pl

        with _parquet(path):
            rows = pl.scan_parquet(path).select(column).slice(start, _CHUNK).collect()
        _chunks.update(at=(path, column, start), rows=rows[column].to_list())
    cell = _chunks["rows"][index - start]
    return cell.get("bytes") if isinstance(cell, dict) else cell


_CHUNK = 256
_chunks: dict[str, Any] = {}


def class_names(table: Table, column: str) -> list[str]:
    """The labels' names that a parquet file carries for a column of codes; else an empty list.

    Hugging Face's `datasets` writes them into the file.
    """
    if table.encoding:
        return []
    import polars as pl

    with _parquet(table.path):
        metadata = pl.read_parquet_metadata(table.path)
    try:
        written = json.loads(metadata.get("huggingface", "{}"))
        return [str(name) for name in written["info"]["features"][column]["names"]]
    except (KeyError, TypeError, ValueError):
        return []


def images(table: Table) -> str | None:
    """The column of a parquet file that holds images: bytes, or bytes with a path."""
    if table.encoding:
        return None
    return next((name for name, held in _schema(table.path).items() if held), None)


@contextmanager
def _parquet(path: Path) -> Iterator[None]:
    """Turn what polars raises on a broken file into UserError; it panics on some."""
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise UserError(f"{path}: is not a parquet file, or a broken one ({first})") from error


def _schema(path: Path) -> dict[str, bool]:
    """The columns of a parquet file, and whether each holds images."""
    import polars as pl

    with _parquet(path):
        schema = pl.scan_parquet(path).collect_schema()
    return {
        name: kind == pl.Binary
        or (isinstance(kind, pl.Struct) and any(f.name == "bytes" for f in kind.fields))
        for name, kind in schema.items()
    }


def _parquet_rows(table: Table) -> Iterator[tuple[int, dict[str, str] | str]]:
    import polars as pl

    holding = images(table)
    wanted = [pl.col(name) for name in table.columns if name != holding]
    with _parquet(table.path):
        frame = pl.scan_parquet(table.path)
        kind = frame.collect_schema()[holding] if holding else None
        if holding and isinstance(kind, pl.Struct) and any(f.name == "path" for f in kind.fields):
            wanted.append(pl.col(holding).struct.field("path").alias(holding))
        rows = frame.select(wanted).collect()
    for number, row in enumerate(rows.iter_rows(named=True), start=1):
        yield number, {name: _text(row.get(name)) for name in table.columns}


def _text_rows(table: Table) -> Iterator[tuple[int, dict[str, str] | str]]:
    reader = csv.reader(
        _lines(table.path, table.encoding),
        delimiter=table.separator,
        skipinitialspace=True,
        strict=True,
    )
    width, waiting = len(table.columns), table.headed
    try:
        for cells in reader:
            if not any(map(str.strip, cells)) or cells[0].startswith("sep="):
                continue
            if waiting:
                waiting = False
                continue
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            if len(cells) != width:
                yield reader.line_num, f"row of {len(cells)} cells, not {width}"
            else:
                yield reader.line_num, dict(zip(table.columns, cells, strict=True))
    except csv.Error as error:
        raise UserError(f"{table.path}: line {reader.line_num}: {error}") from error


def _cells(path: Path, line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error as error:
        raise UserError(f"{path}: line 1: {error}") from error


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """The lines of a text, whichever characters end them."""
    try:
        with path.open(encoding=encoding) as stream:
            yield from stream
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not text in {encoding}; save it as UTF-8") from error


def _encoding(path: Path, head: bytes) -> str:
    """UTF-8, -16 or -32 by mark or by zeros; what is none of them is western Windows' cp1252."""
    for mark, name in _BOMS.items():
        if head.startswith(mark):
            return name
    pairs = head[: len(head) // 2 * 2]
    for places, name in ((pairs[1::2], "utf-16-le"), (pairs[::2], "utf-16-be")):
        if places and places.count(0) > len(places) * 0.4:
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as stream:
            while block := stream.read(2**20):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: line {number}: is not JSON") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: line {number}: is not a JSON object")
    return content


def _text(value: object) -> str:
    return "" if value is None else str(value)
