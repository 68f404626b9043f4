"""Every way of storing colours as 8-bit sRGB; `images/decoding.py` says what is made of each."""

import functools
import io
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageCms

from ferblur.images.limits import MOST_PROFILE, UnusableError, too_much

STRIP = 2**20
"""Px that are converted at a time, so that a large picture needs little memory beside its own."""


def rgb(image: Image.Image, factor: int) -> np.ndarray:
    """Convert a loaded image to H x W x 3 uint8, strip by strip, and shrink it by `factor`."""
    width, height = image.size
    rows = max(STRIP // width // factor, 1) * factor
    convert = _converter(image, rows)
    result = np.empty((-(-height // factor), -(-width // factor), 3), np.uint8)
    for top, strip in _strips(image, rows):
        converted = convert(strip)
        if factor > 1:
            converted = converted.reduce(factor)
        at = top // factor
        result[at : at + converted.height] = np.asarray(converted)
    return result


def _strips(image: Image.Image, rows: int) -> Iterator[tuple[int, Image.Image]]:
    width, height = image.size
    if rows >= height:
        yield 0, image
        return
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _converter(image: Image.Image, rows: int) -> Callable[[Image.Image], Image.Image]:
    """What turns a strip of this image into RGB."""
    mode, profile = image.mode, image.info.get("icc_profile")
    top = _range(image, rows) if mode in ("I", "F") else 65535 if mode.startswith("I;16") else 0
    clear = not top and image.has_transparency_data
    grey = top or mode in ("1", "L", "LA", "La")
    opaque = "L" if grey else mode if mode in ("CMYK", "LAB") else "RGB"
    transform = None
    if mode == "LAB":
        transform = _from_lab()
    elif profile and opaque != "1":
        if len(profile) > MOST_PROFILE:
            raise UnusableError(too_much("a colour profile", MOST_PROFILE))
        transform = _to_srgb(profile, opaque)

    def convert(strip: Image.Image) -> Image.Image:
        if top:
            strip = Image.fromarray(_scaled(np.asarray(strip), top))
        alpha = None
        if clear:
            strip = strip.convert(f"{opaque}A")
            alpha = strip.getchannel("A")
        strip = strip.convert(opaque)
        if transform:
            strip = ImageCms.applyTransform(strip, transform) or strip
        strip = strip.convert("RGB")
        if alpha:
            strip = Image.composite(strip, Image.new("RGB", strip.size, "white"), alpha)
        return strip

    return convert


def _range(image: Image.Image, rows: int) -> int:
    """The largest value a picture of floats or 32-bit integers may have, by those it has."""
    ends = [
        (strip.min(), strip.max()) for strip in (np.asarray(s) for _, s in _strips(image, rows))
    ]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise UnusableError("values that are no numbers")
    for top in (1, 255, 65535)[image.mode == "I" :]:
        if -high / 10 <= low and high <= 1.1 * top:
            return top
    raise UnusableError(f"values from {low:g} to {high:g}: give it 0 to 255")


def _scaled(values: np.ndarray, top: int) -> np.ndarray:
    """Greys of 0..top as uint8, rounded."""
    if values.dtype.itemsize == 2:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.rint(values.clip(0, top) * (255 / top)).astype(np.uint8)


@functools.lru_cache(maxsize=16)
def _to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile to sRGB; None where it is sRGB, or of no use."""
    spaces = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != spaces[mode]:
            return None
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode == "CMYK":
            return transform
        levels = np.append(np.arange(0, 256, 15, dtype=np.uint8), np.uint8(255))
        grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(len(levels), -1, 3)
        probe = Image.fromarray(grid).convert(mode)
        plain = np.asarray(probe.convert("RGB")).astype(int)
        seen = np.asarray(ImageCms.applyTransform(probe, transform))
        return transform if np.abs(seen - plain).max() > 2 else None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@functools.cache
def _from_lab() -> ImageCms.ImageCmsTransform:
    ends = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(*ends, "LAB", "RGB")
