"""What people's folders of pictures hold, made here: by name, how it is made and what comes of it.

`CASES[name]` writes a file at a path and says its outcome: `Accepted`, or the reason (an
expression) of a rejection. The name of a case is the name of its file.
"""

import io
import os
import random
import socket
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageFilter

ORANGE, GREY = (200, 100, 50), (120, 120, 120)
WIDTH, HEIGHT = 48, 32


@dataclass(frozen=True)
class Accepted:
    """A picture of this size, in px, and mean colour; `corner` is that of its upper left 4 x 4."""

    colour: tuple[int, int, int] = ORANGE
    size: tuple[int, int] = (WIDTH, HEIGHT)
    corner: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Case:
    """How a file is made, and what comes of it."""

    make: Callable[[Path], object]
    outcome: Accepted | str


CASES: dict[str, Case] = {}


def add(name: str, content: bytes | Callable[[Path], object], outcome: Accepted | str) -> None:
    """Add a case by its bytes, or by what makes it."""
    assert name not in CASES, name
    make = (lambda path: path.write_bytes(content)) if isinstance(content, bytes) else content
    CASES[name] = Case(make, outcome)


def plain(mode: str = "RGB", colour: Any = ORANGE) -> Image.Image:
    """A picture of one colour."""
    return Image.new(mode, (WIDTH, HEIGHT), colour)


def array(value: float, dtype: str) -> Image.Image:
    """A picture of one number, of a type that is not 8-bit."""
    return Image.fromarray(np.full((HEIGHT, WIDTH), value, dtype))


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A file of Pillow's."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def detailed(width: int = 160, height: int = 120) -> Image.Image:
    """A picture that takes some bytes to store."""
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1))


def scan(jpeg: bytes) -> int:
    """Where the data of a JPEG's first scan start."""
    at = jpeg.index(b"\xff\xda")
    return at + 2 + int(struct.unpack(">H", jpeg[at + 2 : at + 4])[0])


def segment(marker: int, content: bytes) -> bytes:
    """A part of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def odd_scan(jpeg: bytes) -> bytes:
    """A JPEG whose scan does not say which coefficients it holds, as some encoders write it."""
    at = scan(jpeg)
    return jpeg[: at - 3] + bytes(3) + jpeg[at:]


def pad(jpeg: bytes, marker: int, size: int) -> bytes:
    """A JPEG with zeros before a marker of its header."""
    at = jpeg.index(bytes([0xFF, marker]))
    return jpeg[:at] + bytes(size) + jpeg[at:]


def chunk(kind: bytes, content: bytes) -> bytes:
    """A part of a PNG."""
    ends = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + ends


def png(
    width: int, height: int, depth: int, colour: int, row: bytes, *more: bytes, rows: int = -1
) -> bytes:
    """A PNG of equal rows; `more` chunks come before them, `rows` are fewer than it has."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = zlib.compress((b"\0" + row) * (height if rows < 0 else rows))
    parts = [chunk(b"IHDR", head), *more, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff(*entries: tuple[int, int, int, int], after: bytes = b"", following: int = 0) -> bytes:
    """A TIFF of one directory of (tag, type, count, value); `after` is at `8 + 6 + 12 * n`."""
    body = struct.pack("<H", len(entries))
    body += b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + body + struct.pack("<I", following) + after


def exif(orientation: object, kind: int = 3, count: int = 1) -> bytes:
    """EXIF that holds nothing but an orientation."""
    value = orientation if isinstance(orientation, bytes) else struct.pack("<HH", orientation, 0)
    return (
        b"Exif\0\0II*\0\x08\0\0\0\x01\0"
        + struct.pack("<HHI", 0x0112, kind, count)
        + value
        + (b"\0\0\0\0")
    )


def turned(orientation: int, upright: Image.Image | None = None) -> Image.Image:
    """What a camera stores so that, turned as it says, it shows the picture.

    By default that is one whose upper left quarter is blue.
    """
    if upright is None:
        upright = plain()
        upright.paste((0, 0, 255), (0, 0, WIDTH // 2, HEIGHT // 2))
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # 6 is shown by ROTATE_270, made by ROTATE_90
    if orientation == 1:
        return upright
    return upright.transpose(Image.Transpose(back[orientation]))


UPRIGHT = Accepted((150, 75, 101), corner=(0, 0, 255))

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped() -> bytes:
    """The profile of a device whose red shows as blue, and whose blue as red."""
    red, blue = SRGB.index(b"rXYZ"), SRGB.index(b"bXYZ")
    profile = bytearray(SRGB)
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    bound = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path may have 107 bytes
    try:
        bound.bind(path.name)
    finally:
        os.chdir(here)
        bound.close()


def linked(path: Path) -> None:
    target = path.parents[3] / "elsewhere"
    target.write_bytes(JPEG)
    path.symlink_to(target)


def sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(JPEG)
        stream.truncate(2**40)


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.jpg", JPEG)


def tape(path: Path) -> None:
    with tarfile.open(path, "w") as file:
        file.addfile(tarfile.TarInfo("a.jpg"))


JPEG = save(plain(), "JPEG", quality=95)
NOISY = save(detailed(), "JPEG", quality=90)
PROGRESSIVE = save(detailed(), "JPEG", quality=90, progressive=True)
PNG = save(plain(), "PNG")
NOISY_MEAN = Accepted((127, 127, 127), (160, 120))


def add_jpegs() -> None:
    for name in ("plain.jpg", "UPPER.JPG", "no_suffix", "a.jfif", "a.jpe", "really_jpeg.png"):
        add(name, JPEG, Accepted())
    add("grey.jpg", save(plain("L", 120), "JPEG"), Accepted(GREY))
    add("cmyk.jpg", save(plain("CMYK", (55, 155, 205, 0)), "JPEG", quality=95), Accepted())
    add("progressive.jpg", PROGRESSIVE, NOISY_MEAN)
    for sampling in ("4:4:4", "4:2:2", "4:2:0"):
        name = f"sampling_{sampling.replace(':', '')}.jpg"
        add(name, save(plain(), "JPEG", subsampling=sampling), Accepted())
    add("restarts.jpg", save(detailed(), "JPEG", restart_marker_blocks=3), NOISY_MEAN)
    add("kept_rgb.jpg", save(plain(), "JPEG", keep_rgb=True), Accepted())
    add("one_pixel.jpg", save(plain().resize((1, 1)), "JPEG"), Accepted(size=(1, 1)))
    add("thin.jpg", save(plain().resize((1, 5000)), "JPEG"), Accepted(size=(1, 5000)))
    add("no_end.jpg", NOISY[:-2], NOISY_MEAN)
    add("half_an_end.jpg", NOISY[:-1], NOISY_MEAN)
    add("zeros_after.jpg", JPEG + bytes(5000), Accepted())
    add("archive_after.jpg", JPEG + b"PK\3\4" + random.Random(0).randbytes(500), Accepted())
    add("too_many_bytes_before_end.jpg", NOISY[:-2] + b"\0\0" + NOISY[-2:], NOISY_MEAN)
    add("comment.jpg", JPEG[:2] + segment(0xFE, b"hello" * 1000) + JPEG[2:], Accepted())
    two = save(plain(), "MPO", save_all=True, append_images=[plain(colour=(0, 0, 255))], quality=95)
    add("two_pictures.mpo", two, Accepted())
    add("two_pictures_second_cut.mpo", two[:-300], Accepted())
    for number in range(1, 9):
        content = save(turned(number), "JPEG", quality=95, subsampling=0, exif=exif(number))
        add(f"orientation_{number}.jpg", content, UPRIGHT)
    add("orientation_0.jpg", save(plain(), "JPEG", exif=exif(0)), Accepted())
    add("orientation_9.jpg", save(plain(), "JPEG", exif=exif(9)), Accepted())
    add("orientation_text.jpg", save(plain(), "JPEG", exif=exif(b"6\0\0\0", kind=2)), Accepted())
    many = exif(struct.pack("<I", 8), count=2**31)
    add("orientation_2_billion.jpg", save(plain(), "JPEG", exif=many), Accepted())
    add("broken_exif.jpg", save(plain(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff"), Accepted())
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    add("orientation_xmp.jpg", save(turned(6), "JPEG", quality=95, subsampling=0, xmp=xmp), UPRIGHT)
    blue = Accepted((50, 100, 200))
    for name, profile, outcome in (
        ("srgb", SRGB, Accepted()),
        ("swapped", swapped(), blue),
        ("cut", SRGB[:200], Accepted()),
        ("nonsense", b"not a profile" * 50, Accepted()),
        ("for_cmyk", SRGB[:16] + b"CMYK" + SRGB[20:], Accepted()),
    ):
        add(f"profile_{name}.jpg", save(plain(), "JPEG", quality=95, icc_profile=profile), outcome)
    add("cut_in_header.jpg", JPEG[:100], "a damaged JPEG")
    add("start_only.jpg", JPEG[:2], "a damaged JPEG")
    unset, padded = odd_scan(NOISY), pad(NOISY, 0xDB, 2)
    add("scan_parameters.jpg", unset, NOISY_MEAN)
    add("padded_table.jpg", padded, NOISY_MEAN)
    add("padded_and_scan_parameters.jpg", odd_scan(pad(padded, 0xDA, 8)), NOISY_MEAN)
    add("padded_progressive.jpg", pad(PROGRESSIVE, 0xC2, 1), NOISY_MEAN)
    add("padded_first.jpg", pad(NOISY, 0xE0, 3), "a damaged JPEG: download")
    add("much_padding.jpg", pad(NOISY, 0xDB, 9), "a damaged JPEG: 9 extraneous bytes before")
    future = NOISY.replace(b"JFIF\0\1", b"JFIF\0\7")
    add("unknown_jfif.jpg", future, NOISY_MEAN)
    adobe = NOISY[:2] + segment(0xEE, b"Adobe\0\x64\0\0\0\0\7") + NOISY[2:]
    add("unknown_adobe.jpg", adobe, NOISY_MEAN)
    for name, whole in (("scan_parameters", unset), ("padded", padded), ("future", future),
                        ("adobe", adobe)):  # fmt: skip
        add(f"{name}_and_cut.jpg", whole[: len(whole) * 2 // 3], "a damaged JPEG: premature end")
    for share in (10, 50, 90, 99):
        for name, whole in (("", NOISY), ("_progressive", PROGRESSIVE)):
            at = scan(whole) + (len(whole) - scan(whole)) * share // 100
            add(f"cut_at_{share}{name}.jpg", whole[:at], "a damaged JPEG")
    noise, middle = random.Random(0).randbytes(256), len(NOISY) // 2
    add("noise.jpg", NOISY[:middle] + noise + NOISY[middle + 256 :], "a damaged JPEG")
    add("zeros_inside.jpg", NOISY[:middle] + bytes(len(NOISY) - middle), "a damaged JPEG")
    frame = JPEG.index(b"\xff\xc0")
    deep = JPEG[: frame + 4] + b"\x0c" + JPEG[frame + 5 :]
    add("12_bit.jpg", deep, "a damaged JPEG: download it again, or convert it if it is 12-bit")
    for name, size, reason in (
        ("none", (0, 0), "a damaged JPEG"),
        ("65500", (65500, 65500), "more than 134 megapixels: save"),
        ("16000", (16000, 16000), "more than 134 megapixels"),
        ("claimed", (5000, 5000), "a damaged JPEG"),
    ):
        head = JPEG[: frame + 5] + struct.pack(">HH", *size) + JPEG[frame + 9 :]
        add(f"size_{name}.jpg", head, reason)
    many = save(plain().resize((8000, 8000)), "JPEG", progressive=True)
    last = many.rindex(b"\xff\xda")
    add("1000_scans.jpg", many[:-2] + many[last:-2] * 1000 + many[-2:], "a JPEG of 10.. scans")
    add("1000_segments.jpg", JPEG[:2] + segment(0xE1, b"Exif\0\0" + bytes(60000)) * 1000 + JPEG[2:],
        "EXIF in more than 64 parts")  # fmt: skip


def add_pngs() -> None:
    add("plain.png", PNG, Accepted())
    add("really_png.jpg", PNG, Accepted())
    half_white = Accepted((228, 178, 153))
    add("see_through.png", save(plain("RGBA", (*ORANGE, 127)), "PNG"), half_white)
    add("hidden.png", save(plain("RGBA", (*ORANGE, 0)), "PNG"), Accepted((255, 255, 255)))
    add("grey_alpha.png", save(plain("LA", (120, 127)), "PNG"), Accepted((188, 188, 188)))
    add("palette.png", save(plain().quantize(4), "PNG"), Accepted())
    add("palette_clear.png", save(plain().quantize(4), "PNG", transparency=0),
        Accepted((255, 255, 255)))  # fmt: skip
    add("one_bit.png", save(plain("1", 1), "PNG"), Accepted((255, 255, 255)))
    add("grey_clear.png", save(plain("L", 120), "PNG", transparency=120), Accepted((255,) * 3))
    add("colour_clear.png", save(plain(), "PNG", transparency=ORANGE), Accepted((255,) * 3))
    add("grey_16.png", save(array(120 * 257, "uint16"), "PNG"), Accepted(GREY))
    wide = b"".join(struct.pack(">H", value * 257) for value in ORANGE) * WIDTH
    add("colour_16.png", png(WIDTH, HEIGHT, 16, 2, wide), Accepted())
    clear = b"".join(struct.pack(">H", value * 257) for value in (*ORANGE, 127)) * WIDTH
    add("colour_16_alpha.png", png(WIDTH, HEIGHT, 16, 6, clear), half_white)
    add("two_bits.png", png(WIDTH, HEIGHT, 2, 0, b"\xaa" * (WIDTH // 4)), Accepted((170,) * 3))
    frames = [plain(colour=(0, 0, 255))]
    add("moving.png", save(plain(), "PNG", save_all=True, append_images=frames), Accepted())
    add("orientation.png", save(turned(6), "PNG", exif=exif(6)), UPRIGHT)
    add("profile.png", save(plain(), "PNG", icc_profile=swapped()), Accepted((50, 100, 200)))
    add("gamma.png", png(WIDTH, HEIGHT, 8, 2, bytes(ORANGE) * WIDTH,
                         chunk(b"gAMA", struct.pack(">I", 100000))), Accepted())  # fmt: skip
    add("no_end.png", PNG[:-12], Accepted())
    add("cut.png", save(detailed(), "PNG")[:5000], "a damaged PNG")
    add("header_only.png", PNG[:33], "a damaged PNG")
    at = PNG.index(b"IDAT") + 8
    add("flipped_byte.png", PNG[:at] + bytes([PNG[at] ^ 0xFF]) + PNG[at + 1 :], "a damaged PNG")
    few = png(WIDTH, HEIGHT, 8, 2, bytes(ORANGE) * WIDTH, rows=5)
    add("too_few_rows.png", few, Accepted((31, 16, 8), corner=ORANGE))  # well-formed as it is
    add("size_none.png", png(0, 0, 8, 2, b""), "a damaged PNG")
    for side in (50_000, 9_000):
        add(f"size_{side}.png", png(side, side, 1, 0, b"", rows=1), "more than 67 megapixels")
    bomb = zlib.compress(bytes(100 << 20), 9)
    row = bytes(ORANGE) * WIDTH
    for kind, start in ((b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")):
        content = png(WIDTH, HEIGHT, 8, 2, row, chunk(kind, start + bomb))
        add(f"bomb_{kind.decode()}.png", content, "text or a colour profile of more than 16 MiB: ")
        long = chunk(kind, start + zlib.compress(bytes(5 << 20)))
        outcome = "a colour profile of more than 4 MiB: save" if kind == b"iCCP" else Accepted()
        add(f"long_{kind.decode()}.png", png(WIDTH, HEIGHT, 8, 2, row, long), outcome)
    text = chunk(b"tEXt", b"a\0" + bytes(7 << 20))
    add("long_tEXt.png", png(WIDTH, HEIGHT, 8, 2, row, text), Accepted())
    late = PNG[:-12] + chunk(b"zTXt", b"a\0\0" + bomb) + PNG[-12:]
    add("late_bomb.png", late, "text or a colour profile of more than 16 MiB: save the picture wit")
    many = png(WIDTH, HEIGHT, 8, 2, row, text * 10)
    add("much_text.png", many, "text or a colour profile of more than 16 MiB: ")
    add("100000_chunks.png", png(WIDTH, HEIGHT, 8, 2, row, chunk(b"quIz", b"") * 100_000),
        Accepted())  # fmt: skip


def add_others() -> None:
    bmp = save(plain(), "BMP")
    add("plain.bmp", bmp, Accepted())
    add("really_bmp.jpg", bmp, Accepted())
    add("palette.bmp", save(plain().quantize(4), "BMP"), Accepted())
    add("one_bit.bmp", save(plain("1", 1), "BMP"), Accepted((255, 255, 255)))
    add("alpha.bmp", save(plain("RGBA", (*ORANGE, 255)), "BMP"), Accepted())
    add("no_file_header.dib", save(plain(), "DIB"), Accepted())
    add("cut.bmp", bmp[:500], "a damaged BMP")
    for name, side in (("huge", 2**31 - 1), ("9000", 9_000), ("none", 0)):
        content = bmp[:18] + struct.pack("<ii", side, side) + bmp[26:]
        add(f"size_{name}.bmp", content, "more than 67 megapixels" if side else "a damaged BMP")

    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        outcome = Accepted()
        add(f"{compression}.tif", save(plain(), "TIFF", compression=compression), outcome)
    add("fax.tif", save(plain("1", 1), "TIFF", compression="group4"), Accepted((255, 255, 255)))
    add("big.tif", save(plain(), "TIFF", big_tiff=True), Accepted())
    add("cmyk.tif", save(plain("CMYK", (55, 155, 205, 0)), "TIFF"), Accepted())
    add("lab.tif", save(plain("LAB", (137, 128, 128)), "TIFF"), Accepted((128, 128, 128)))
    add("alpha.tif", save(plain("RGBA", (*ORANGE, 127)), "TIFF"), Accepted((228, 178, 153)))
    add("grey_16.tif", save(array(120 * 257, "uint16"), "TIFF"), Accepted(GREY))
    add("grey_16_other_end.tif", save(array(120 * 257, ">u2"), "TIFF"), Accepted(GREY))
    for name, value, kind, result in (
        ("float_1", 120 / 255, "float32", Accepted(GREY)),
        ("float_255", 120.0, "float32", Accepted(GREY)),
        ("float_65535", 120 * 257.0, "float32", Accepted(GREY)),
        ("float_overshoot", 1.05, "float32", Accepted((255, 255, 255))),
        ("int_255", 120, "int32", Accepted(GREY)),
        ("int_65535", 120 * 257, "int32", Accepted(GREY)),
        ("int_mask", 1, "int32", Accepted((1, 1, 1))),
        ("nan", np.nan, "float32", "values that are no numbers"),
        ("infinite", np.inf, "float32", "values that are no numbers"),
        ("float_negative", -50, "float32", "values from -50 to -50"),
        ("float_large", 1e30, "float32", r"values from 1e\+30"),
        ("int_negative", -1000, "int32", "values from -1000"),
        ("int_large", 10**9, "int32", r"values from 1e\+09"),
    ):
        add(f"{name}.tif", save(array(value, kind), "TIFF"), result)
    pages = [plain(colour=(0, 0, 255))]
    add("pages.tif", save(plain(), "TIFF", save_all=True, append_images=pages), Accepted())
    for compression in ("raw", "tiff_lzw"):
        content = save(turned(6), "TIFF", compression=compression, tiffinfo={0x0112: 6})
        add(f"orientation_{compression}.tif", content, UPRIGHT)
    whole = save(plain(), "TIFF")
    add("cut.tif", whole[:-2000], "a damaged TIFF")
    add("no_directory.tif", b"II*\0\x08\0\0\0", "a damaged TIFF")
    picture = [(256, 4, 1, WIDTH), (257, 4, 1, HEIGHT), (258, 3, 1, 8), (259, 3, 1, 1),
               (262, 3, 1, 1), (277, 3, 1, 1), (279, 4, 1, WIDTH * HEIGHT)]  # fmt: skip
    greys = bytes([120]) * (WIDTH * HEIGHT)
    strip = 8 + 6 + 12 * (len(picture) + 2)
    rows = (278, 4, 1, HEIGHT)
    simple = sorted([*picture, (273, 4, 1, strip), rows])
    add("simple.tif", tiff(*simple, after=greys), Accepted(GREY))
    add("circle.tif", tiff(*simple, after=greys, following=8), Accepted(GREY))
    add("own_exif.tif", tiff(*simple[:-1], simple[-1], (34665, 4, 1, 8), after=greys),
        Accepted((119, 119, 119)))  # fmt: skip
    huge = [(tag, kind, count, 2**31 - 1 if tag in (256, 257) else value)
            for tag, kind, count, value in simple]  # fmt: skip
    add("size_huge.tif", tiff(*huge, after=greys), "more than 67 megapixels")
    far = [(t, k, 2**31 if t == 273 else c, v) for t, k, c, v in simple]
    add("strips_2_billion.tif", tiff(*far, after=greys), "a damaged TIFF: 2,147")
    many = 2_000_000
    long = [(t, k, many if t in (273, 279) else c, strip if t in (273, 279) else v)
            for t, k, c, v in simple]  # fmt: skip
    long = [(t, k, c, 1 if t == 278 else v) for t, k, c, v in long]
    add("strips_2_million.tif", tiff(*long, after=struct.pack("<I", strip) * many),
        "a damaged TIFF: 2,000,000 values")  # fmt: skip
    tiles = [e for e in simple if e[0] not in (273, 278, 279)]
    tiles = [(t, k, c, 8 if t == 259 else v) for t, k, c, v in tiles]
    tiles += [(322, 4, 1, 2**16), (323, 4, 1, 2**16), (324, 4, 1, strip), (325, 4, 1, 500)]
    add("tile_4_gigapixels.tif", tiff(*tiles, after=zlib.compress(bytes(2**20))), "a damaged TIFF")

    webp = save(plain(), "WEBP", quality=95)
    add("plain.webp", webp, Accepted())
    add("really_webp.jpg", webp, Accepted())
    add("lossless.webp", save(plain(), "WEBP", lossless=True), Accepted())
    add("alpha.webp", save(plain("RGBA", (*ORANGE, 127)), "WEBP", lossless=True),
        Accepted((228, 178, 153)))  # fmt: skip
    frames = [plain(colour=(0, 0, 255))]
    add("moving.webp", save(plain(), "WEBP", save_all=True, append_images=frames, lossless=True),
        Accepted())  # fmt: skip
    add("orientation.webp", save(turned(6), "WEBP", lossless=True, exif=exif(6)), UPRIGHT)
    add("cut.webp", save(detailed(), "WEBP")[:1000], "a damaged WEBP|a damaged WebP")
    wide = struct.pack("<I", 0x2F | (16382 << 8) | (16382 << 22) & 0xFFFFFFFF)
    body = b"WEBPVP8L" + struct.pack("<I", 8) + b"\x2f" + struct.pack("<I", 16382 | 16382 << 14)
    add("size_16383.webp", b"RIFF" + struct.pack("<I", len(body) + 3) + body + wide[:3],
        "more than 67 megapixels|a damaged WebP")  # fmt: skip

    gif = save(plain(), "GIF")
    add("plain.gif", gif, Accepted())
    add("moving.gif", save(plain(), "GIF", save_all=True, append_images=frames), Accepted())
    clear = save(plain().quantize(4), "GIF", transparency=0)
    add("clear.gif", clear, Accepted((255, 255, 255)))
    add("cut.gif", save(detailed(), "GIF")[:3000], "a damaged GIF")
    add("size_65535.gif", gif[:6] + b"\xff\xff\xff\xff" + gif[10:], "more than 67 megapixels")
    comment = b"!\xfe" + (b"\xff" + bytes(255)) * 20_000 + b"\0"
    at = gif.index(b",\0\0\0\0")
    add("comment_5_mb.gif", gif[:at] + comment + gif[at:], Accepted())


def add_no_pictures() -> None:
    for name, content, reason in (
        ("empty.jpg", b"", "an empty file"),
        ("zeros.jpg", bytes(20_000), "nothing but zeros"),
        ("random.jpg", b"\x80" + random.Random(1).randbytes(5000), "not a picture: "),
        ("pointer.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
         "a Git LFS pointer: run git lfs pull"),
        ("annex.jpg", b"/annex/objects/SHA256E-s12--00.jpg\n", "a git-annex pointer"),
        ("notes.txt", b"hello", "text, not a picture"),
        ("utf16.txt", "hällo".encode("utf-16"), "text, not a picture"),
        ("labels.csv", b"\xef\xbb\xbffile,label\na.jpg,3\n", "text, not a picture"),
        ("error.jpg", b"<!DOCTYPE html>\n<html><title>404</title></html>", "a web page"),
        ("xhtml.jpg", b'<?xml version="1.0"?>\n<html xmlns="a">', "a web page"),
        ("error.xml.jpg", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
         "an answer in XML or JSON"),
        ("error.json.jpg", b'{"error": "not found"}', "an answer in XML or JSON"),
        ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG: convert"),
        ("drawing2.svg", b'<?xml version="1.0"?>\n<!-- a -->\n<svg/>', "SVG: convert"),
        ("paper.pdf", b"%PDF-1.7\n", "PDF: convert"),
        ("paper.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript: convert"),
        ("layers.psd", b"8BPS\0\1" + bytes(500), "Photoshop: convert"),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC: convert it to JPEG"),
        ("phone.jpg", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC: convert it to JPEG"),
        ("jxl.jpg", b"\xff\x0a\xfa\x1f\x01", "JPEG XL: convert"),
        ("clip.mp4", b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", "a video: extract"),
        ("clip.mov", b"\0\0\0\x14ftypqt  \0\0\2\0qt  ", "a video: extract"),
        ("clip.avi", b"RIFF\0\0\0\0AVI LIST", "a video: extract"),
        ("clip.mkv", b"\x1aE\xdf\xa3\x01\0\0\0", "a video: extract"),
        ("a.gz", b"\x1f\x8b\x08\0" + bytes(9), "an archive: unpack"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "an archive: unpack"),
        ("a.rar", b"Rar!\x1a\7\0", "an archive: unpack"),
        ("a.npy", b"\x93NUMPY\1\0v\0", "arrays: convert"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "arrays: convert"),
        ("a.parquet", b"PAR1\x15\4", "arrays: convert"),
        ("a.exr", b"\x76\x2f\x31\x01\2\0\0\0", "OpenEXR: convert"),
        ("a.hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "Radiance HDR: convert"),
        ("a.dcm", bytes(128) + b"DICM", "DICOM: convert"),
        ("a.wav", b"RIFF\0\0\0\0WAVEfmt ", "a sound: leave"),
        ("double.jpg", b"\0\5\x16\7\0\2\0\0Mac OS X", "metadata of a Mac's file"),
        ("virus.jpg", b"MZ\x90\0\3", "a program: leave"),
        ("run.jpg", b"#!/bin/sh\necho hello\n", "a program: leave"),
        ("pickle.jpg", b"\x80\x04\x95\x10\0\0\0\0\0\0\0cos\nsystem\n", "not a picture"),
    ):  # fmt: skip
        add(name, content, reason)
    add("a.avif", save(plain(), "AVIF"), "AVIF: convert")
    add("a.jp2", save(plain(), "JPEG2000"), "JPEG 2000: convert")
    add("a.ico", save(plain(), "ICO"), "an icon: convert")
    add("a.ppm", save(plain(), "PPM"), "Netpbm: convert")
    add("a.tga", save(plain(), "TGA"), "not a picture")
    add("a.zip", archive, "an archive: unpack")
    add("a.tar", tape, "an archive: unpack")


def add_no_files() -> None:
    add("folder.jpg", Path.mkdir, "a folder, not a file")
    add("pipe.jpg", fifo, "a pipe, not a file")
    add("socket.jpg", a_socket, "a socket, not a file")
    add("device.jpg", lambda path: path.symlink_to("/dev/zero"), "a device, not a file")
    add("dangling.jpg", lambda path: path.symlink_to("gone"), "a link to a file that is not there")
    add("circle.jpg", lambda path: path.symlink_to(path.name), "cannot be read: Too many levels")
    add("linked.jpg", linked, Accepted())
    add("terabyte.jpg", sparse, "larger than 128 MiB")


def add_names() -> None:
    for name in ("new\nline.jpg", "carriage\rreturn.jpg", "tab\t.jpg", "bell\a.jpg",
                 os.fsdecode(b"latin\xe9.jpg"), "separator\u2028.jpg"):  # fmt: skip
        add(name, JPEG, "its name is not UTF-8, or has control characters")
    for name in ("space at end .jpg ", "cömposed.jpg", "co\u0308mposed.jpg", "顔\u3000.jpg",
                 "😀.jpg", "=1+1.jpg", 'quotes".jpg', "com,ma;.jpg", "x" * 250 + ".jpg", "NA",
                 "-rf", "$(id).jpg", "back\\slash.jpg"):  # fmt: skip
        add(name, JPEG, Accepted())


for _add in (add_jpegs, add_pngs, add_others, add_no_pictures, add_no_files, add_names):
    _add()
