"""What is read of a file, however it is made: so many bytes, px and parts, and no more.

Checked before a decoder starts, which may need minutes or all memory to find out. A file and its
pixels take at most 2 GB; readers wait for each other where more would be in use. Packed text in a
PNG may take 64 MiB beside that, for each reader.
"""

import io
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

MOST_BYTES = 2**27
"""Size of the largest file that is read."""

WHOLE = 2**26
"""Most px of a picture that is decoded whole, and of one that is returned: 8192 x 8192."""

LARGEST = 2**27
"""Most px of a JPEG, which is shrunk while it is decoded."""

PASSES = 2**30
"""Most px times scans of a JPEG: each scan goes over the whole picture."""

MOST_TEXT = 2**24
"""Bytes that a text or colour profile in a PNG may unpack to; Pillow holds 64 MiB in all."""

MOST_PROFILE = 2**22
"""Bytes of a colour profile that is used; some are kept at hand."""

READS = 2**20  # of a file, part by part
VALUES = 2**18  # of one entry of a TIFF, such as its strips; Pillow makes a number of each
ENTRIES = 2**12  # of one directory of a TIFF
DIRECTORIES = {34665, 34853, 40965}  # TIFF's entries that point to more entries
BYTES = {1, 2, 6, 7}  # kinds of entry that stay bytes


class UnusableError(Exception):
    """Says in full why a picture is not used."""


class Room:
    """Lets users in while what they take together is at most `most`."""

    def __init__(self, most: int) -> None:
        self._most = self._free = most
        self._change = threading.Condition()

    @contextmanager
    def take(self, amount: int) -> Iterator[None]:
        """Wait until there is room, and hold it; what takes more than all takes all."""
        amount = min(amount, self._most)
        with self._change:
            self._change.wait_for(lambda: self._free >= amount)
            self._free -= amount
        try:
            yield
        finally:
            with self._change:
                self._free += amount
                self._change.notify_all()


class Counted(io.BytesIO):
    """A file that can be read so many times, and not in millions of small parts."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        """Read, if it is not once too often."""
        self.reads += 1
        if self.reads > READS:
            raise OSError("too many parts")
        return super().read(size)


def too_large(most: int, size: str = "") -> str:
    """Why a picture of too many px is not used."""
    return f"more than {most / 1e6:.0f} megapixels: {size}save the picture smaller"


def too_much(what: str, most: int) -> str:
    """Why a picture with so much beside its pixels is not used."""
    return f"{what} of more than {most >> 20} MiB: save the picture without it"


def check_parts(content: bytes) -> None:
    """Raise UnusableError for a file that Pillow would take apart for minutes, or in gigabytes."""
    if content.count(b"Exif\0\0") > 64:
        raise UnusableError("EXIF in more than 64 parts: save the picture again")
    if content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        _check_tiff(content, "<" if content[:1] == b"I" else ">", b"+" in content[:4])


def _check_tiff(content: bytes, order: str, big: bool) -> None:
    offset, number, entry = ("Q", "Q", "HHQQ") if big else ("I", "H", "HHII")
    directories = list(struct.unpack_from(order + offset, content, 8 if big else 4))
    for at in directories:
        (entries,) = struct.unpack_from(order + number, content, at)
        start, size = at + struct.calcsize(order + number), struct.calcsize(order + entry)
        if entries > ENTRIES or len(directories) > len(DIRECTORIES) + 1:
            raise UnusableError(f"a damaged TIFF: a directory of {entries:,} entries")
        body = content[start : start + entries * size]
        for tag, kind, count, value in struct.iter_unpack(order + entry, body):
            if count > VALUES and kind not in BYTES:
                raise UnusableError(f"a damaged TIFF: {count:,} values of one kind")
            if tag in DIRECTORIES and 0 < value < len(content) and value not in directories:
                directories.append(value)
