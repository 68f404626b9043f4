"""Image files as pixels: upright, 8-bit, sRGB, whatever they are called and however they store it.

Told by content: JPEG, MPO (first picture), PNG and APNG (first frame), BMP, TIFF (first page), WebP
and GIF (first frame). What has no one meaning is given one here:

- Transparency is laid over white.
- 16-bit greys are divided by 257. Of floats and 32-bit integers the range is the first of 0..1
  (floats only), 0..255 and 0..65535 that holds them; a tenth beyond it is overshoot, and cut off.
- A colour profile is converted to sRGB, perceptually, unless it is sRGB to within two levels. One
  that is broken or meant for other channels is passed over, and so is PNG's gamma. CMYK without
  a profile is the plain complement; JPEG's is inverted, as Adobe writes it.
- The orientation in EXIF, XMP or TIFF is applied; a broken or unknown one is not.

A JPEG file that lacks only its end marker is whole; `images/jpeg.py` says what is damage.
"""

import math
import stat
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from ferblur.images import jpeg
from ferblur.images.colour import rgb
from ferblur.images.kinds import describe
from ferblur.images.limits import (
    LARGEST,
    MOST_BYTES,
    MOST_TEXT,
    WHOLE,
    Counted,
    Room,
    UnusableError,
    check_parts,
    too_large,
    too_much,
)

FORMATS = ("JPEG", "PNG", "BMP", "DIB", "TIFF", "WEBP", "GIF")
"""Pillow's decoders in use (its JPEG reads MPO too). The others stay shut: some start programs."""

ORIENTATION = 0x0112  # EXIF's tag
TURNS = {  # by orientation: quarter turns counter-clockwise, whether mirrored left to right then
    1: (0, False), 2: (0, True), 3: (2, False), 4: (2, True),
    5: (3, True), 6: (3, False), 7: (1, True), 8: (1, False),
}  # fmt: skip

warnings.filterwarnings("ignore", module=r"PIL\.")  # what matters is in a ValueError
PngImagePlugin.MAX_TEXT_CHUNK = MOST_TEXT  # XMP may have megabytes

_bytes, _pixels = Room(MOST_BYTES), Room(WHOLE)  # always taken in this order


def read_image(path: Path, pixels: int | None = None) -> np.ndarray:
    """Decode a file to H x W x 3 uint8 sRGB, upright.

    An image of more than `pixels` (if given, and at most `WHOLE`) is shrunk to at most that many,
    by one whole number in both directions. Raises ValueError saying why it cannot be used.
    """
    with reading(path) as content:
        return decode(content, pixels)[0]


@contextmanager
def reading(path: Path) -> Iterator[bytes]:
    """Yield a regular file's bytes; nothing else is ever opened, a pipe would wait forever.

    Raises ValueError saying why there are none.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"{_KINDS.get(stat.S_IFMT(found.st_mode), 'no file')}, not a file")
        if found.st_size > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES >> 20} MiB: save the picture smaller")
        with _bytes.take(found.st_size):
            yield path.read_bytes()
    except FileNotFoundError as error:
        what = "a link to a file that is not there" if path.is_symlink() else "not there any more"
        raise ValueError(what) from error
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error


_KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip


def decode(content: bytes, pixels: int | None = None) -> tuple[np.ndarray, tuple[int, int]]:
    """Decode a file's bytes, as `read_image`.

    Returns the pixels, and the width and height in px of the upright image before shrinking.
    """
    with decoded(content, pixels) as result:
        return result


@contextmanager
def decoded(
    content: bytes, pixels: int | None = None
) -> Iterator[tuple[np.ndarray, tuple[int, int]]]:
    """Yield what `decode` returns, and count its memory as in use until the end."""
    with ExitStack() as room:
        yield _decode_within(room, content, pixels)


def _decode_within(
    room: ExitStack, content: bytes, pixels: int | None
) -> tuple[np.ndarray, tuple[int, int]]:
    is_jpeg = content.startswith(b"\xff\xd8")
    if is_jpeg and not content.endswith(jpeg.END):
        content += jpeg.END
    most, kind = LARGEST if is_jpeg else WHOLE, ""
    try:
        check_parts(content)
        with Image.open(Counted(content), formats=FORMATS) as image:
            kind = str(image.format)
            if math.prod(image.size) > most:
                raise UnusableError(too_large(most, "{} x {} px, ".format(*image.size)))
            room.enter_context(_pixels.take(math.prod(image.size) // (2 if is_jpeg else 1)))
            if is_jpeg:
                jpeg.check(content, math.prod(image.size))
            return _decode(image, min(pixels or WHOLE, WHOLE))
    except UnusableError as error:
        raise ValueError(str(error)) from error
    except Image.DecompressionBombError as error:  # before a picture could be asked for its size
        raise ValueError(too_large(most)) from error
    except UnidentifiedImageError as error:
        raise ValueError(describe(content)) from error
    except MemoryError as error:
        raise ValueError(f"needs more memory than there is ({kind})") from error
    except Exception as error:  # of a hostile file, decoders raise whatever there is
        said = " ".join(str(error).split())[:200] or type(error).__name__
        what = f"a damaged {kind}: {said}" if kind else f"{describe(content)} ({said})"
        if "MAX_TEXT" in said:  # Pillow's words for too much of it in a PNG
            what = too_much("text or a colour profile", MOST_TEXT)
        raise ValueError(what) from error


def _decode(image: Image.Image, most: int) -> tuple[np.ndarray, tuple[int, int]]:
    width, height = image.size
    if (factor := _factor(image.size, most)) > 1:
        scale = max(power for power in (1, 2, 4, 8) if power <= factor)
        image.draft(None, (max(width // scale, 1), max(height // scale, 1)))
    image.load()
    pixels = rgb(image, _factor(image.size, most))
    turns, mirrored = TURNS[_orientation(image)]
    if turns or mirrored:
        pixels = np.rot90(pixels, turns)
        pixels = np.ascontiguousarray(pixels[:, ::-1] if mirrored else pixels)
    return pixels, (height, width) if turns % 2 else (width, height)


def _factor(size: tuple[int, int], most: int) -> int:
    """The smallest whole number to shrink by, so that at most `most` px remain."""
    factor = math.isqrt(math.prod(size) // most) or 1
    while math.prod(-(-side // factor) for side in size) > most:
        factor += 1
    return factor


def _orientation(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(ORIENTATION)
    except Exception:  # broken in one of many ways
        return 1
    return orientation if isinstance(orientation, int) and orientation in TURNS else 1
