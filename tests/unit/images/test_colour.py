"""Conversion goes strip by strip, and gives what it gives at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ferblur.images import colour
from ferblur.images.decoding import decode
from hostile_images import SRGB, save, swapped

Picture = Callable[..., np.ndarray]


def variants(picture: Picture) -> dict[str, tuple[Image.Image, dict[str, Any]]]:
    rgb = Image.fromarray(picture(1, 90, 70))
    clear = rgb.copy()
    clear.putalpha(Image.fromarray(picture(2, 90, 70)).convert("L"))
    grey = np.asarray(rgb.convert("L"))
    return {
        "colours": (rgb, {}),
        "profile": (rgb, {"icc_profile": swapped()}),
        "alpha": (clear, {"icc_profile": swapped()}),
        "palette": (rgb.quantize(50), {}),
        "floats": (Image.fromarray(grey.astype(np.float32)), {}),
        "words": (Image.fromarray(grey.astype(np.uint16) * 250), {}),
        "cmyk": (rgb.convert("CMYK"), {}),
        "bits": (rgb.convert("1"), {}),
    }


@pytest.mark.parametrize("name", ["colours", "profile", "alpha", "palette", "floats", "words",
                                  "cmyk", "bits"])  # fmt: skip
@pytest.mark.parametrize("most", [None, 1600])
def test_strips_make_no_difference(
    picture: Picture, name: str, most: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, options = variants(picture)[name]
    content = save(image, "TIFF", **options)
    whole = decode(content, most)[0]
    monkeypatch.setattr(colour, "STRIP", 500)  # 7 rows at a time
    strips = decode(content, most)[0]
    assert np.array_equal(strips, whole)
    assert whole.std() > 10


def test_transparency_lies_over_white(picture: Picture) -> None:
    image, _ = variants(picture)["alpha"]
    values = np.asarray(image).astype(float)
    alpha = values[..., 3:] / 255
    expected = values[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(decode(save(image, "PNG"))[0] - expected).max() < 1


def test_words_are_divided_by_257() -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    pixels = decode(save(Image.fromarray(values), "PNG"))[0]
    assert np.array_equal(pixels[..., 0], np.rint(values / 257).astype(np.uint8))


def test_a_grey_profile_is_used() -> None:
    grey = Image.new("L", (8, 8), 120)
    profile = bytearray(SRGB)
    profile[16:20] = b"GRAY"
    curve = profile.index(b"rTRC")
    profile[curve : curve + 4] = b"kTRC"
    pixels = decode(save(grey, "PNG", icc_profile=bytes(profile)))[0]
    assert np.abs(pixels.astype(int) - 120).max() <= 2  # the same curve


def test_srgb_leaves_pixels_untouched(picture: Picture) -> None:
    image = Image.fromarray(picture(1))
    assert np.array_equal(decode(save(image, "PNG", icc_profile=SRGB))[0], np.asarray(image))
