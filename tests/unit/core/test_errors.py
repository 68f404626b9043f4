"""What a machine refuses becomes one line with a remedy; a bug stays a traceback."""

import errno
import os
import shutil
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
import torch

from ferblur.core import errors
from ferblur.core.errors import UserError, explain, fault, one_line, printable


def oserror(number: int, *names: str) -> OSError:
    return OSError(number, os.strerror(number), *names)


EXPLAINED: dict[str, tuple[Exception, str]] = {
    "ours": (UserError("align.size: is odd"), "align.size: is odd"),
    "full": (oserror(errno.ENOSPC, "x.npy"), "x.npy: the disk is full; free some space, then run "),
    "full, while copied": (
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "from", None, "to"), "to: the disk is fu",
    ),
    "full, in a folder": (
        shutil.Error([("a", "b", str(oserror(errno.ENOSPC)))]), "the disk is full; free some",
    ),
    "full, says NumPy": (OSError("4194304 requested and 1048448 written"), "the disk is full; fre"),
    "full, says torch": (
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"),
        "the disk is full; free some space",
    ),
    "full, says safetensors": (
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
        "the disk is full; free some space",
    ),
    "quota": (oserror(errno.EDQUOT), "your share of the disk is used up"),
    "read-only": (oserror(errno.EROFS, "models"), "models: the disk is read-only; make it"),
    "another's": (oserror(errno.EACCES, "data"), "data: permission denied; make it readable and"),
    "immutable": (oserror(errno.EPERM, "data"), "data: not permitted; make it readable and"),
    "too many files": (oserror(errno.EMFILE, "a"), "a: too many open files; raise `ulimit -n`"),
    "a long name": (oserror(errno.ENAMETOOLONG, "aaa"), "aaa: the name is too long; shorten it"),
    "a damaged disk": (oserror(errno.EIO, "a"), "a: the disk fails to read or write; look at"),
    "a file for a folder": (oserror(errno.ENOTDIR, "data/x"), "data/x: a file where a folder"),
    "no memory": (MemoryError(), "out of memory; end other programs, or lower the batch_size of"),
    "no memory, says torch": (
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes. "
                     "Error code 12 (Cannot allocate memory)"),
        "out of memory; end other programs",
    ),
    "no memory on a GPU": (torch.OutOfMemoryError("CUDA out of memory"), "the GPU's memory is"),
    "no threads": (RuntimeError("can't start new thread"), "no more processes or threads can be"),
    "a killed process": (BrokenProcessPool("terminated abruptly"), "a process was killed, mostly"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_fault_is_one_line_with_a_remedy(name: str) -> None:
    error, said = EXPLAINED[name]
    line = explain(error)
    assert line is not None
    assert line.startswith(said)
    assert line.isprintable()


@pytest.mark.parametrize(
    "bug",
    [ValueError("bad"), KeyError("x"), RuntimeError("shapes differ"), OSError("no number"),
     oserror(errno.EBADF), FileNotFoundError(errno.ENOENT, "none", "x")],
)  # fmt: skip
def test_a_bug_is_not_explained(bug: Exception) -> None:
    assert explain(bug) is None
    with pytest.raises(type(bug)), one_line("align"):
        raise bug


def test_libraries_are_known_by_what_they_really_raise(tmp_path: Path) -> None:
    """A file that may not grow stands for a full disk, which a test cannot make."""
    code = f"""
import os, resource, sys
import numpy as np, pandas as pd, torch
from safetensors.torch import save_file
from ferblur.core.files import atomic, write_csv, write_text
from ferblur.core.errors import explain
resource.setrlimit(resource.RLIMIT_FSIZE, (99_999, 99_999))
os.chdir({str(tmp_path)!r})
from pathlib import Path
big = np.zeros(1_000_000, np.uint8)

def numpy(path): np.save(path, big)
def text(path): path.write_text("x" * 1_000_000)
def torchs(path): torch.save({{"a": torch.from_numpy(big)}}, path)
def safe(path): save_file({{"a": torch.from_numpy(big)}}, path)
def table(path): pd.DataFrame({{"a": big}}).to_csv(path)

for write in (numpy, text, torchs, safe, table):
    try:
        with atomic(Path("deep/file.npy")) as temporary:
            write(temporary)
    except Exception as error:
        print(explain(error))
print(os.listdir("deep"))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    *lines, left = done.stdout.splitlines()
    assert len(lines) == 5
    for line in lines:
        assert line.startswith(("deep/file.npy: the disk is full", "deep/file.npy: the file is la"))
    assert left == "[]"


def test_every_fault_has_its_number() -> None:
    for number in errors.REMEDIES:
        assert fault(oserror(number)) == number
        assert fault(RuntimeError(f"failed: {os.strerror(number)} (os error {number})")) == number


def test_our_own_words_are_no_fault() -> None:
    said = f"faces: unreadable: {os.strerror(errno.EACCES)}"
    assert fault(UserError(said)) is None
    assert explain(UserError(said)) == said


def test_one_line_names_who_says_it() -> None:
    with pytest.raises(SystemExit, match=r"^align: x: the disk is full"), one_line("align"):
        raise oserror(errno.ENOSPC, "x")
    with pytest.raises(SystemExit, match=r"^x: the disk is full"), one_line():
        raise oserror(errno.ENOSPC, "x")


def test_an_interrupt_is_quiet() -> None:
    with pytest.raises(SystemExit) as left, one_line("align"):
        raise KeyboardInterrupt
    assert left.value.code == 130


def test_what_cannot_be_shown_is_escaped_and_cut() -> None:
    assert printable("été") == "été"
    assert printable("a\nb\x1b[31m\ud800") == r"a\nb\x1b[31m\ud800"
    assert printable("x" * 100) == "x" * 100
    assert printable("x" * 101) == "x" * 99 + "…"
    assert len(printable("\0" * 10**6)) == 100
