"""Whole files or none: atomic writing, JSON, CSV and hashes."""

import errno
import hashlib
import os
from pathlib import Path

import pandas as pd
import pytest

from ferblur.core import files
from ferblur.core.errors import explain
from ferblur.core.files import digest


def test_atomic_replaces_only_on_success(tmp_path: Path) -> None:
    path = tmp_path / "deep/result.txt"
    files.write_text(path, "old")
    with pytest.raises(RuntimeError), files.atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(path.parent) == ["result.txt"]


def test_atomic_temporary_keeps_the_suffix(tmp_path: Path) -> None:
    with files.atomic(tmp_path / "figure.svg") as temporary:
        assert temporary.suffix == ".svg"
        assert temporary.parent == tmp_path
        temporary.touch()


def test_json_keeps_order_and_precision(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    files.write_json(path, {"b": 0.1 + 0.2, "a": 1})
    assert list(files.read_json(path)) == ["b", "a"]
    assert files.read_json(path)["b"] == 0.1 + 0.2


def test_json_refuses_not_a_number(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"accuracy": float("nan")})
    assert not path.exists()


def test_csv_round_trip_is_exact(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ["x", "y"], "value": [1 / 3, 2e-17]})
    files.write_csv(tmp_path / "table.csv", table)
    read = pd.read_csv(tmp_path / "table.csv")
    pd.testing.assert_frame_equal(read, table, check_exact=True)


def test_sha256_is_hashlibs(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "blob").write_bytes(content)
    assert files.sha256(tmp_path / "blob") == hashlib.sha256(content).hexdigest()


def test_a_folder_is_its_files_and_their_names(tmp_path: Path) -> None:
    digests = set()
    for name, content in (("a", "1"), ("b", "1"), ("b", "2")):
        folder = tmp_path / name / content
        folder.mkdir(parents=True)
        (folder / name).write_text(content)
        digests |= {digest(folder), digest(folder)}
    assert len(digests) == 3
    with pytest.raises(FileNotFoundError):
        digest(tmp_path / "c")


def test_a_fault_is_named_by_the_file_not_by_the_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with pytest.raises(PermissionError) as caught, files.atomic(path) as temporary:
        raise PermissionError(errno.EACCES, "denied", str(temporary))
    assert caught.value.filename == str(path)
    with pytest.raises(OSError, match="No space left") as full, files.atomic(path):
        raise OSError("8 requested and 4 written")
    assert (full.value.errno, full.value.filename) == (errno.ENOSPC, str(path))


def test_a_fault_of_another_file_keeps_its_name(tmp_path: Path) -> None:
    with pytest.raises(PermissionError) as caught, files.atomic(tmp_path / "copy"):
        raise PermissionError(errno.EACCES, "denied", "source")
    assert caught.value.filename == "source"


def test_a_file_where_a_folder_belongs_is_named(tmp_path: Path) -> None:
    (tmp_path / "results").touch()
    with pytest.raises(OSError, match="results") as caught:
        files.write_text(tmp_path / "results/table.csv", "")
    assert str(explain(caught.value)).endswith("move it away")
