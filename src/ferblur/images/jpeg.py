"""Damage in a JPEG file, as far as it shows: the file holds no checksum, and Pillow passes over it.

A file is rejected where libjpeg warns. Tried on photographs, that told every cut inside a scan (of
progressive files 99 in 100), 64 random bytes in a scan in 63 cases of 100, 256 in 90, 1,024 in
all, but a single byte in 14. Up to 8 bytes too many before the end marker, as cameras write them,
are no damage; of random bytes, one case in 100 gets by for it.

libjpeg keeps its first warning only, and warns of much that changes no picture: up to 8 bytes of
padding between the parts of the header, scan parameters of a sequential file that are not 0, 63,
0, versions of JFIF and Adobe markers that it does not know. So a file with a warning is looked at
once more without these, and the damage that they hid is told.
"""

import re

import simplejpeg

from ferblur.images.limits import PASSES, UnusableError

END = b"\xff\xd9"

HARMLESS = re.compile(
    r"Corrupt JPEG data: [1-8] extraneous bytes before marker 0xd9|"
    r".*Could not determine subsampling"  # the check cannot read it; Pillow may
)
"""What libjpeg says of files that show as they should."""

SCAN = 0xDA
SEQUENTIAL = {0xC0, 0xC1}
NEEDED = {*SEQUENTIAL, 0xC2, 0xC4, 0xDB, 0xDD}  # frames, tables, the interval of restarts
PART = re.compile(rb"[^\xff]{0,8}\xff+([\xc0-\xc2\xc4\xda\xdb\xdd\xe0-\xef\xfe])(..)", re.DOTALL)
"""A part of the header: padding, marker and length."""

PARAMETERS = re.compile(
    rb"(\xff\xda(?:\0\x08\x01.{2}|\0\x0a\x02.{4}|\0\x0c\x03.{6}|\0\x0e\x04.{8})).{3}", re.DOTALL
)
"""The start of a scan; nothing in a scan's data looks like it."""

WHOLE_BAND = rb"\1" + b"\x00\x3f\x00"


def check(content: bytes, pixels: int) -> None:
    """Raise UnusableError for a JPEG file of so many px that is damaged, or too slow to decode."""
    scans = content.count(b"\xff\xda")  # or more, with thumbnails
    if scans > 1 and pixels * scans > PASSES:
        raise UnusableError(f"a JPEG of {scans} scans, too slow to decode: save the picture again")
    damage = _warning(content)
    if damage and (bare := _bare(content)) != content:
        damage = _warning(bare)
    if damage:
        raise UnusableError(f"a damaged JPEG: {damage}")


def _warning(content: bytes) -> str:
    """What libjpeg says of damage when it decodes at an eighth; empty where it says nothing."""
    try:
        channels = simplejpeg.decode_jpeg_header(content)[2]
        space = "CMYK" if channels in ("CMYK", "YCCK") else "GRAY"
        simplejpeg.decode_jpeg(content, space, fastdct=True, min_height=1, min_width=1)
    except ValueError as error:
        if not HARMLESS.match(str(error)):
            return str(error).removeprefix("Corrupt JPEG data: ")
    return ""


def _bare(content: bytes) -> bytes:
    """The file with no more in its header than its scans need; as it is where that is unclear."""
    parts, at, sequential = [content[:2]], 2, False
    while found := PART.match(content, at):
        marker, start = found[1][0], found.start(1) - 1
        if marker == SCAN:
            scans = content[start:]
            parts.append(PARAMETERS.sub(WHOLE_BAND, scans) if sequential else scans)
            return b"".join(parts)
        at = found.start(2) + int.from_bytes(found[2], "big")
        sequential |= marker in SEQUENTIAL
        if marker in NEEDED:
            parts.append(content[start:at])
    return content
