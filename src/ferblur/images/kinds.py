"""What a file is that is no picture of a format that is read, and what to do about it."""

import codecs
import re

READ = "JPEG, PNG, BMP, TIFF, WebP or GIF"
"""The formats that are read."""

_CONVERT = f"convert it to {READ}"
_STILLS = "a video: extract its frames as pictures"
_UNPACK = "an archive: unpack it"
_AGAIN = "download it again"
_ANNEX = "a git-annex pointer: run git annex get"

SIGNATURES: dict[str, tuple[bytes, ...]] = {
    "a Git LFS pointer: run git lfs pull": (rb"version https://git-lfs",),
    _ANNEX: (rb"(\S*/)?(\.git)?/annex/objects/",),
    f"HEIC: {_CONVERT}": (rb".{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1)",),
    f"AVIF: {_CONVERT}": (rb".{4}ftyp(avif|avis)",),
    f"JPEG 2000: {_CONVERT}": (rb"\0\0\0\x0cjP  ", rb"\xff\x4f\xff\x51"),
    f"JPEG XL: {_CONVERT}": (rb"\xff\x0a", rb"\0\0\0\x0cJXL "),
    f"Canon raw: {_CONVERT}": (rb".{4}ftypcrx ",),
    _STILLS: (
        rb".{4}(ftyp|moov|mdat)", rb"RIFF.{4}AVI ", rb"\x1a\x45\xdf\xa3", rb"FLV\x01",
        rb"\0\0\x01[\xba\xb3]", rb"\x30\x26\xb2\x75", rb"OggS",
    ),
    f"PDF: {_CONVERT}": (rb"%PDF",),
    f"PostScript: {_CONVERT}": (rb"%!PS", rb"\xc5\xd0\xd3\xc6"),
    f"Photoshop: {_CONVERT}": (rb"8BPS",),
    f"GIMP: {_CONVERT}": (rb"gimp xcf",),
    f"OpenEXR: {_CONVERT}": (rb"\x76\x2f\x31\x01",),
    f"Radiance HDR: {_CONVERT}": (rb"#\?(RADIANCE|RGBE)",),
    f"DICOM: {_CONVERT}": (rb".{128}DICM",),
    f"FITS: {_CONVERT}": (rb"SIMPLE  =",),
    f"an icon: {_CONVERT}": (rb"\0\0[\1\2]\0[^\0]\0", rb"icns"),
    f"Netpbm: {_CONVERT}": (rb"P[1-7fF]\s",),
    f"DirectDraw: {_CONVERT}": (rb"DDS ",),
    f"QOI: {_CONVERT}": (rb"qoif",),
    f"arrays: {_CONVERT}": (rb"\x93NUMPY", rb"\x89HDF", rb"MATLAB", rb"PAR1"),
    _UNPACK: (
        rb"PK[\3\5\7]", rb"Rar!", rb"7z\xbc\xaf", rb"\x1f\x8b", rb"BZh", rb"\xfd7zXZ",
        rb"\x28\xb5\x2f\xfd", rb".{257}ustar",
    ),
    "metadata of a Mac's file, not its content: leave it out": (rb"\x00\x05\x16[\x00\x07]",),
    "a sound: leave it out": (rb"RIFF.{4}WAVE", rb"ID3", rb"fLaC"),
    "a program: leave it out": (rb"MZ", rb"\x7fELF", rb"#!"),
    f"SVG: {_CONVERT}": (rb"(?i:\s*(<\?xml.*?)?(<!--.*?-->\s*|<!doctype svg.*?>\s*)*<svg)",),
    f"a web page, perhaps of a failed download: {_AGAIN}": (
        rb"(?i:\s*(<\?xml.*?)?(<!--.*?-->\s*)*<(!doctype html|html|head|body|script|meta))",
    ),
    f"an answer in XML or JSON, perhaps of a failed download: {_AGAIN}": (rb"\s*<\?xml", rb"\s*\{"),
    f"a damaged JPEG: {_AGAIN}, or convert it if it is 12-bit or lossless": (rb"\xff\xd8",),
    f"a damaged PNG: {_AGAIN}": (rb"\x89PNG",),
    f"a damaged TIFF: {_AGAIN}, or convert it if it opens elsewhere": (rb"II[*+]\0", rb"MM\0[*+]"),
    f"a damaged WebP: {_AGAIN}": (rb"RIFF.{4}WEBP",),
    f"a damaged GIF: {_AGAIN}": (rb"GIF8",),
    f"a damaged BMP: {_AGAIN}": (rb"BM",),
    f"nothing but zeros, as of a copy that broke off: {_AGAIN}": (rb"\0+\Z",),
}  # fmt: skip
"""What a file is, and the remedy, by expressions that match its beginning; the first counts."""

START = 1024  # bytes looked at

_COMPILED = {
    kind: re.compile(b"|".join(b"(?:%b)" % one for one in expressions), re.DOTALL)
    for kind, expressions in SIGNATURES.items()
}


def describe(content: bytes) -> str:
    """Say in few words what a file is that Pillow cannot open, and what to do about it."""
    if not content:
        return f"an empty file: {_AGAIN}"
    start = content[:START].removeprefix(codecs.BOM_UTF8)
    for kind, expression in _COMPILED.items():
        if expression.match(start):
            return kind
    what = "text, not a picture" if _is_text(start) else "not a picture"
    return f"{what}: what is read is {READ}"


def _is_text(start: bytes) -> bool:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)  # whose end may be cut
    except UnicodeDecodeError:
        return False
    return b"\0" not in start
