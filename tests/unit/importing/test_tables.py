"""Tables as people have them: each is read to the same rows, or refused in one line.

Run: pytest tests/unit/importing/test_tables.py
"""

import codecs
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ferblur.core.errors import UserError
from ferblur.importing import tables
from ferblur.importing.layouts import Layout
from ferblur.importing.rows import Row

Read = Callable[..., tuple[Layout, list[Row]]]

FILES = ("1.jpg", "sub/2.jpg", "sub dir/ü 100%.jpg", "cafe\u0301.jpg", "UP.JPG", "deep/er/6.jpg")
NFC = "caf\u00e9.jpg"


@pytest.fixture(autouse=True)
def _images(given: Path) -> None:
    for file in FILES:
        (given / file).parent.mkdir(parents=True, exist_ok=True)
        (given / file).write_bytes(b"\xff\xd8\xff" + file.encode())


def read(
    given: Path, rows: Read, content: bytes, name: str = "t.csv", **options: object
) -> list[Row]:
    (given / name).write_bytes(content)
    return rows(name, **options)[1]


PLAIN = "file,emotion\n1.jpg,anger\nsub/2.jpg,joy\n"
TWO = [("1.jpg", "anger"), ("sub/2.jpg", "joy")]

SAME = {
    "as it should be": PLAIN.encode(),
    "no line end at the end": PLAIN.rstrip().encode(),
    "CRLF": PLAIN.replace("\n", "\r\n").encode(),
    "CR": PLAIN.replace("\n", "\r").encode(),
    "line ends mixed": b"file,emotion\r\n1.jpg,anger\nsub/2.jpg,joy\r",
    "BOM": codecs.BOM_UTF8 + PLAIN.encode(),
    "UTF-16 with its mark": PLAIN.encode("utf-16"),
    "UTF-16, big end first, marked": codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
    "UTF-16 without a mark": PLAIN.encode("utf-16-le"),
    "UTF-16 without a mark, big end first": PLAIN.encode("utf-16-be"),
    "UTF-32": PLAIN.encode("utf-32"),
    "semicolons": PLAIN.replace(",", ";").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "bars": PLAIN.replace(",", "|").encode(),
    "spaces": PLAIN.replace(",", " ").encode(),
    "several spaces": PLAIN.replace(",", "   ").encode(),
    "Excel's first line": ("sep=;\n" + PLAIN.replace(",", ";")).encode(),
    "quotes": b'"file","emotion"\n"1.jpg","anger"\n"sub/2.jpg","joy"\n',
    "spaces after commas": PLAIN.replace(",", ", ").encode(),
    "spaces around all cells": b" file , emotion \n 1.jpg , anger \n sub/2.jpg , joy \n",
    "empty lines": PLAIN.replace("\n", "\n\n").encode(),
    "an empty line first": b"\n" + PLAIN.encode(),
    "commas at the ends": b"file,emotion\n1.jpg,anger,\nsub/2.jpg,joy,,\n",
    "an unnamed index": b",file,emotion\n0,1.jpg,anger\n1,sub/2.jpg,joy\n",
    "other columns": b"id,emotion,age,file\n7,anger,30,1.jpg\n8,joy,,sub/2.jpg\n",
    "upper case": b"FILE,Emotion\n1.jpg,anger\nsub/2.jpg,joy\n",
    "path, label": b"path,label\n1.jpg,anger\nsub/2.jpg,joy\n",
    "file_name, class": b"file_name,class\n1.jpg,anger\nsub/2.jpg,joy\n",
    "Image Name, Expression": b"Image Name,Expression\n1.jpg,anger\nsub/2.jpg,joy\n",
    "image.path, emotion-label": b"image.path,emotion-label\n1.jpg,anger\nsub/2.jpg,joy\n",
    "filepath, Emotion Label": b"filepath,Emotion Label\n1.jpg,anger\nsub/2.jpg,joy\n",
    "Bild;Emotion": b"Bild;Emotion\n1.jpg;anger\nsub/2.jpg;joy\n",
    "pth, label": b"pth,label\n1.jpg,anger\nsub/2.jpg,joy\n",
    "backslashes": b"file,emotion\n1.jpg,anger\nsub\\2.jpg,joy\n",
    "./": b"file,emotion\n./1.jpg,anger\n./sub/2.jpg,joy\n",
    ".\\": b"file,emotion\n.\\1.jpg,anger\n.\\sub\\2.jpg,joy\n",
    "slashes doubled": b"file,emotion\n.//1.jpg,anger\nsub//2.jpg,joy\n",
    "out and in again": b"file,emotion\nsub/../1.jpg,anger\nsub/./2.jpg,joy\n",
    "another machine's paths": b"file,emotion\n/home/me/d/1.jpg,anger\n/home/me/d/sub/2.jpg,joy\n",
    "Windows' paths": b"file,emotion\nC:\\me\\1.jpg,anger\nD:/me/sub/2.jpg,joy\n",
    "case of a suffix": b"file,emotion\n1.JPG,anger\nsub/2.Jpg,joy\n",
    "names without their folder": b"file,emotion\n1.jpg,anger\n2.jpg,joy\n",
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_read_to_the_same_rows(name: str, given: Path, rows: Read) -> None:
    found = read(given, rows, SAME[name])
    assert [(row.file, row.label) for row in found] == TWO
    assert not any(row.reason for row in found)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.txt", "t.CSV", "t", "t.data"])
def test_what_a_table_is_called(name: str, given: Path, rows: Read) -> None:
    assert len(read(given, rows, PLAIN.encode(), name)) == 2


@pytest.mark.parametrize(
    ("cell", "file"),
    [
        ("sub dir/ü 100%.jpg", "sub dir/ü 100%.jpg"),
        ("sub%20dir/%C3%BC%20100%25.jpg", "sub dir/ü 100%.jpg"),
        ("sub dir/u\u0308 100%.jpg", "sub dir/ü 100%.jpg"),  # NFD here, NFC on the disk
        (NFC, "cafe\u0301.jpg"),  # NFC here, NFD on the disk
        ("up.jpg", "UP.JPG"),
        ("er/6.jpg", "deep/er/6.jpg"),
        ("6.jpg", "deep/er/6.jpg"),
        ('"sub dir/ü 100%.jpg"', "sub dir/ü 100%.jpg"),
    ],
)
def test_paths_that_find_their_file(cell: str, file: str, given: Path, rows: Read) -> None:
    (row,) = read(given, rows, f"file,emotion\n{cell},anger\n".encode())
    assert (row.file, row.reason) == (file, "")


def test_windows_western_code_page(given: Path, rows: Read) -> None:
    (row,) = read(given, rows, "file,emotion\nsub dir/ü 100%.jpg,Überraschung\n".encode("cp1252"))
    assert (row.file, row.label) == ("sub dir/ü 100%.jpg", "Überraschung")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("7.jpg", "no such file"),
        ("", "no file named"),
        ("   ", "no file named"),
        ("sub", "no such file"),
        (".", "no such file"),
        ("../given/1.jpg", "its path leaves the source folder"),
        ("..\\1.jpg", "its path leaves the source folder"),
        ("sub/../../1.jpg", "its path leaves the source folder"),
        ("%2e%2e/1.jpg", "no such file"),
        ("/etc/passwd", "no such file"),
        ("wrong/2.jpg", "no such file"),
        ("/elsewhere/er/6.jpg", "no such file"),
        ("a" * 5000, "no such file"),
        ("1.jpg\0", "no such file"),
    ],
)
def test_paths_that_find_none(cell: str, reason: str, given: Path, rows: Read) -> None:
    (given.parent / "1.jpg").write_bytes(b"\xff\xd8\xff")
    (row,) = read(given, rows, f"file,emotion\n{cell},anger\n".encode())
    assert (row.file, row.reason) == ("", reason)


def test_a_name_that_two_folders_have(given: Path, rows: Read) -> None:
    (given / "deep/2.jpg").write_bytes(b"")
    (row,) = read(given, rows, b"file,emotion\n2.jpg,anger\n")
    assert row.reason == "several files have this name"


def test_names_that_differ_in_case_only(given: Path, rows: Read) -> None:
    (given / "up.jpg").write_bytes(b"")
    found = read(given, rows, b"file,emotion\nUP.JPG,anger\nup.jpg,fear\nUp.jpg,joy\n")
    assert [row.file for row in found] == ["UP.JPG", "up.jpg", ""]
    assert found[2].reason == "several files have this name"


@pytest.mark.parametrize(
    "header", ["subject", "Person", "person_id", "video", "Actor ID", "participant"]
)
def test_people(header: str, given: Path, rows: Read) -> None:
    text = f"file,emotion,{header}\n1.jpg,anger,p 1\nsub/2.jpg,joy,NA\nUP.JPG,joy,\n"
    found = read(given, rows, text.encode())
    assert [row.subject for row in found] == ["p 1", "", ""]


@pytest.mark.parametrize("header", ["pool", "split", "Usage", "partition", "set"])
def test_pools(header: str, given: Path, rows: Read) -> None:
    found = read(given, rows, f"file,emotion,{header}\n1.jpg,anger,Train\n".encode())
    assert found[0].pool == "Train"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1.jpg", "row of 1 cells, not 2"),
        ("a, b.jpg,anger", "row of 3 cells, not 2"),
        ("1.jpg;anger", "row of 1 cells, not 2"),
    ],
)
def test_rows_of_another_width(line: str, reason: str, given: Path, rows: Read) -> None:
    found = read(given, rows, f"file,emotion\n{line}\nsub/2.jpg,joy\n".encode())
    assert [row.reason for row in found] == [reason, ""]
    assert found[1].where == "t.csv:3"


def test_quoted_line_ends_keep_their_row(given: Path, rows: Read) -> None:
    found = read(given, rows, b'file,note,emotion\n1.jpg,"one\r\ntwo, three",anger\n')
    assert (len(found), found[0].label) == (1, "anger")


def packed() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x", "x")
    return stream.getvalue()


BROKEN = {
    "empty": (b"", "is empty"),
    "nothing but lines": (b"\n\n \n", "is empty"),
    "a header alone without columns we know": (b"a,b\n", "no columns for the file and the emotion"),
    "no column of files": (b"emotion,age\nanger,3\n", "no columns for the file and the emotion"),
    "no column of emotions": (b"file,age\n1.jpg,3\n", "no columns for the file and the emotion"),
    "no header": (b"1.jpg,anger\nsub/2.jpg,joy\n", "by number where there is no header"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no columns|not a table of text"),
    "a workbook": (packed(), r"packed \(zip or xlsx\); unpack it"),
    "gzip": (gzip.compress(PLAIN.encode()), r"packed \(gzip\)"),
    "broken parquet": (b"PAR1" + b"\0" * 50, "not a parquet file"),
    "an open quote": (b'file,emotion\n1.jpg,"anger\nsub/2.jpg,joy\n', r"line 3: unexpected end"),
    "text after a quote": (b'file,emotion\n"1.jpg"x,anger\n', "line 2: ',' expected"),
    "no western text either": (b"file,emotion\n\x81\x8d.jpg,anger\n", "save it as UTF-8"),
    "half of UTF-16": (codecs.BOM_UTF16_LE + b"f", "is not text in utf-16|no columns"),
    "zeros": (b"\0" * 100, "not a table of text|empty|no columns"),
    "an endless cell": (b"file,emotion\n" + b"a" * (2**22 + 9), "field larger than field limit"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_refused_in_one_line(name: str, given: Path, rows: Read) -> None:
    content, message = BROKEN[name]
    with pytest.raises(UserError, match=message) as error:
        read(given, rows, content)
    assert "\n" not in str(error.value)
    assert "t.csv" in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"file_name": "1.jpg", "label": "joy"}\n{"file_name": ', "line 2: is not JSON"),
        (b"[1, 2]\n", "line 1: is not a JSON object"),
        (b"[" * 100_000, "line 1: is not JSON"),
    ],
)
def test_broken_json_lines(content: bytes, message: str, given: Path, rows: Read) -> None:
    with pytest.raises(UserError, match=message):
        read(given, rows, content, "t.jsonl")


def test_json_lines(given: Path, rows: Read) -> None:
    content = b'{"file_name": "1.jpg", "label": 3}\n\n{"label": null, "file_name": "sub/2.jpg"}\n'
    found = read(given, rows, content, "t.jsonl")
    assert [(row.file, row.label) for row in found] == [("1.jpg", "3"), ("sub/2.jpg", "")]


def test_columns_that_the_user_names(given: Path, rows: Read) -> None:
    content = b"photo,file,mood,who\n1.jpg,x,anger,p1\n"
    columns = {"file": "photo", "label": "mood", "subject": "who"}
    (row,) = read(given, rows, content, columns=columns)
    assert (row.file, row.label, row.subject) == ("1.jpg", "anger", "p1")
    with pytest.raises(UserError, match="has no columns foto among photo, file"):
        read(given, rows, content, columns={"file": "foto"})
    with pytest.raises(UserError, match="no columns for the file and the emotion among photo"):
        read(given, rows, content, columns={"file": "photo"})


def test_the_separator_of_a_first_row_is_the_one_after_its_image(given: Path) -> None:
    (given / "t.csv").write_bytes(b"sub/2.jpg , 1;2;3;4,joy\n")
    assert tables.examine(given / "t.csv", numbered=True).separator == ","
    (given / "t.csv").write_bytes(b"photo;note, long, very, long\n")
    assert tables.examine(given / "t.csv").separator == ","  # a header as before


def test_no_header_with_numbered_columns(given: Path) -> None:
    (given / "t.csv").write_bytes(b"7,1.jpg,anger\n8,sub/2.jpg,joy\n")
    table = tables.examine(given / "t.csv", numbered=True)
    assert table.columns == ("1", "2", "3")
    assert [cells for _, cells in tables.read(table)] == [
        {"1": "7", "2": "1.jpg", "3": "anger"},
        {"1": "8", "2": "sub/2.jpg", "3": "joy"},
    ]


def test_parquet_with_paths(given: Path, rows: Read) -> None:
    import polars as pl

    frame = pl.DataFrame(
        {"path": ["1.jpg", "sub\\2.jpg", None], "label": ["joy", None, "fear"], "person": [1, 2, 3]}
    )
    frame.write_parquet(given / "t.parquet")
    found = rows("t.parquet")[1]
    assert [(row.file, row.label, row.subject) for row in found] == [
        ("1.jpg", "joy", "1"), ("sub/2.jpg", "", "2"), ("", "fear", "3"),
    ]  # fmt: skip


def test_parquet_cut_off(given: Path, rows: Read) -> None:
    import polars as pl

    pl.DataFrame({"path": ["1.jpg"] * 99, "label": ["joy"] * 99}).write_parquet(given / "t.parquet")
    whole = (given / "t.parquet").read_bytes()
    for size in (5, len(whole) // 2, len(whole) - 1):
        (given / "t.parquet").write_bytes(whole[:size])
        with pytest.raises(UserError, match="not a parquet file"):
            rows("t.parquet")
