"""Errors that the user can mend, and the one line that says how."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """Bad input or a bad parameter.

    The message is one line naming the file or the key, the value, and what is allowed; a stage
    prints it without a traceback and exits with status 1.
    """


REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space, then run again",
    errno.EDQUOT: "your share of the disk is used up; free some space, then run again",
    errno.EFBIG: "the file is larger than this disk or `ulimit -f` allows",
    errno.EROFS: "the disk is read-only; make it writable, or work in a copy on another disk",
    errno.EACCES: "permission denied; make it readable and writable for you (chown, chmod)",
    errno.EPERM: "not permitted; make it readable and writable for you (chown, chmod)",
    errno.EIO: "the disk fails to read or write; look at the system's log (dmesg)",
    errno.ESTALE: "the network disk has lost it; mount the disk again, then run again",
    errno.ENOLCK: "this disk keeps no locks; work on a local disk",
    errno.ENFILE: "too many open files on this machine; end other programs, then run again",
    errno.EMFILE: "too many open files; raise `ulimit -n`",
    errno.ENAMETOOLONG: "the name is too long; shorten it",
    errno.ELOOP: "links that lead in a circle; remove them",
    errno.EEXIST: "in the way of a folder; move it away",
    errno.ENOTDIR: "a file where a folder belongs; move it away",
    errno.EISDIR: "a folder where a file belongs; move it away",
    errno.EAGAIN: "no more processes or threads can be started; raise `ulimit -u`",
    errno.ENOMEM: "out of memory; end other programs, or lower the batch_size of align, train or "
    "evaluate",
}
"""What to do about the faults of a machine, by the system's number."""

_WORDS = {
    " requested and ": errno.ENOSPC,
    "inline_container.cc": errno.ENOSPC,
    "can't start new thread": errno.EAGAIN,
}
"""What NumPy, torch and Python say of some of these without a number."""


def fault(error: BaseException) -> int | None:
    """The number in `REMEDIES` of what went wrong, or None where it is nothing there.

    Libraries pass the system's words on in errors of their own, or say only that less was
    written than asked for: the disk is full then.
    """
    if isinstance(error, UserError):
        return None
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno if error.errno in REMEDIES else None
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    said = {os.strerror(number): number for number in REMEDIES} | _WORDS
    return next((number for words, number in said.items() if words in str(error)), None)


def explain(error: BaseException) -> str | None:
    """What the user can do about an error, in one line naming the file; None where it is a bug."""
    if isinstance(error, UserError):
        return str(error)
    kind = type(error).__name__  # torch's and concurrent.futures', without loading either
    if kind == "OutOfMemoryError":
        return "the GPU's memory is full; end other programs, or lower train.batch_size"
    if kind in ("BrokenProcessPool", "BrokenExecutor"):
        return "a process was killed, mostly for want of memory; lower FERBLUR_PROCESSES"
    if (number := fault(error)) is None:
        return None
    names = [getattr(error, name, None) for name in ("filename2", "filename")]
    where = next((f"{name}: " for name in names if name), "")
    return where + REMEDIES[number]


@contextmanager
def one_line(name: str = "") -> Iterator[None]:
    """Exit with status 1 and one line, behind a `name`, where the user can mend what went wrong.

    Ctrl-C exits with 130 and says nothing. Any other error is a bug and keeps its traceback.
    """
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if (line := explain(error)) is None:
            raise
        sys.exit(f"{name}: {line}" if name else line)


def printable(text: str, most: int = 100) -> str:
    """A text from a file as part of one line: escaped where it cannot be shown, `most` letters."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
