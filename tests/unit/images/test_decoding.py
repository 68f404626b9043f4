"""What is made of one file's bytes; tests/unit/curation/test_intake.py has the files of users."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from ferblur.images import decoding
from ferblur.images.decoding import decode, read_image
from hostile_images import JPEG, exif, save, turned

Picture = Callable[..., np.ndarray]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_a_jpegs_pixels_are_pillows(picture: Picture, options: dict[str, object]) -> None:
    content = save(Image.fromarray(picture(1, 77, 131)), "JPEG", quality=90, **options)
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(image.convert("RGB"))
    pixels, size = decode(content)
    assert np.array_equal(pixels, expected)
    assert size == (131, 77)
    assert pixels.flags.c_contiguous
    assert np.array_equal(decode(content[:-2])[0], expected)  # without its end marker


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize(("most", "shape"), [(10**6, (600, 800)), (120_000, (300, 400)),
                                             (60_000, (200, 267)), (50, (6, 8))])  # fmt: skip
def test_a_large_picture_is_shrunk_by_a_whole_number(
    picture: Picture, kind: str, most: int, shape: tuple[int, int]
) -> None:
    content = save(Image.fromarray(picture(1, 600, 800)), kind)
    pixels, size = decode(content, most)
    assert size == (800, 600)
    height, width, _ = pixels.shape
    assert height * width <= most
    if kind == "JPEG":  # first by a power of two, while it is decoded
        assert height * width > most / 5
    else:
        assert (height, width) == shape
    whole = Image.fromarray(picture(1, 600, 800)).resize((width, height), Image.Resampling.BOX)
    assert np.abs(pixels - np.asarray(whole).astype(int)).mean() < (4 if most > 50 else 12)


def test_a_turned_picture_is_shrunk_and_upright(picture: Picture) -> None:
    content = save(Image.fromarray(picture(1, 600, 800)), "PNG", exif=exif(6))
    pixels, size = decode(content, 30_000)
    assert size == (600, 800)
    assert pixels.shape == (200, 150, 3)
    plain = decode(save(Image.fromarray(picture(1, 600, 800)), "PNG"), 30_000)[0]
    assert np.array_equal(pixels, np.rot90(plain, 3))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_every_orientation_shows_the_same_pixels(
    picture: Picture, kind: str, orientation: int
) -> None:
    plain = picture(1, 30, 50)
    stored = turned(orientation, Image.fromarray(plain))
    options = {"lossless": True} if kind == "WEBP" else {}
    content = save(stored, kind, exif=exif(orientation)[6 * (kind == "TIFF") :], **options)
    with Image.open(io.BytesIO(content)) as image:
        assert np.array_equal(np.asarray(ImageOps.exif_transpose(image)), plain)
    pixels, size = decode(content)
    assert np.array_equal(pixels, plain)
    assert size == (50, 30)


def test_no_more_is_returned_than_the_limit(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "WHOLE", 600 * 799)
    image = Image.fromarray(picture(1, 600, 800))
    assert decode(save(image, "JPEG"))[0].shape == (300, 400, 3)
    with pytest.raises(ValueError, match=r"^more than 0 megapixels: 800 x 600 px, save"):
        decode(save(image, "PNG"))


def test_a_file_that_goes_is_said_to_be_gone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^not there any more$"):
        read_image(tmp_path / "none.jpg")


def test_nothing_of_the_reader_is_open_to_other_decoders() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "EPS")
    with pytest.raises(ValueError, match=r"^PostScript: convert"):
        decode(stream.getvalue())
    assert Image.open(io.BytesIO(JPEG)).format == "JPEG"  # Pillow itself is left as it was
