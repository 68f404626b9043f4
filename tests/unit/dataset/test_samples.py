"""A row becomes the same pixels every time it is read."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ferblur.dataset.blur import box_blur
from ferblur.dataset.faces import Faces
from ferblur.dataset.samples import Samples, transform

Picture = Callable[..., np.ndarray]


def test_applying_a_row_twice_gives_the_same_bytes(picture: Picture) -> None:
    face = picture(3)
    first = transform(face, flip=True, brightness=1.23, blur_radius=2)
    assert first.tobytes() == transform(face, flip=True, brightness=1.23, blur_radius=2).tobytes()


def test_an_untouched_row_is_the_face(picture: Picture) -> None:
    np.testing.assert_array_equal(
        transform(picture(3), flip=False, brightness=1.0, blur_radius=0), picture(3)
    )


def test_flip_mirrors_left_to_right(picture: Picture) -> None:
    np.testing.assert_array_equal(
        transform(picture(3), flip=True, brightness=1.0, blur_radius=0), np.fliplr(picture(3))
    )


def test_brightness_multiplies_and_clips(picture: Picture) -> None:
    brighter = transform(picture(3), flip=False, brightness=1.3, blur_radius=0)
    reference = np.minimum(picture(3) * 1.3, 255)
    assert np.abs(brighter - reference).max() <= 1


def test_blur_comes_last(picture: Picture) -> None:
    sharp = transform(picture(3), flip=True, brightness=1.2, blur_radius=0)
    np.testing.assert_array_equal(
        transform(picture(3), flip=True, brightness=1.2, blur_radius=4), box_blur(sharp, 4)
    )


@pytest.fixture
def faces(picture: Picture) -> Faces:
    pixels = np.stack([picture(seed) for seed in range(3)])
    return Faces(pixels, pd.DataFrame({"source_id": ["a", "b", "c"], "subject": ""}))


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source_id": ["c", "a"],
            "label": [5, 0],
            "flip": [1, 0],
            "brightness": [1.0, 1.2],
            "blur_radius": [2.0, 0.0],
        }
    )


def test_samples_are_the_manifests_rows(faces: Faces, rows: pd.DataFrame) -> None:
    samples = Samples(faces, rows, input_size=128, channel_order="rgb")
    image, label = samples[0]
    assert (len(samples), label) == (2, 5)
    assert image.dtype == np.uint8
    expected = transform(faces.pixels[2], flip=True, brightness=1.0, blur_radius=2)
    np.testing.assert_array_equal(image, expected)


def test_blur_is_applied_before_the_resize(faces: Faces, rows: pd.DataFrame) -> None:
    image, _ = Samples(faces, rows, input_size=96, channel_order="rgb")[0]
    blurred = transform(faces.pixels[2], flip=True, brightness=1.0, blur_radius=2)
    resized = Image.fromarray(blurred).resize((96, 96), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(image, np.asarray(resized))


def test_channel_order(faces: Faces, rows: pd.DataFrame) -> None:
    rgb, _ = Samples(faces, rows, 128, "rgb")[1]
    bgr, _ = Samples(faces, rows, 128, "bgr")[1]
    np.testing.assert_array_equal(bgr, rgb[:, :, ::-1])


def test_a_batch_is_its_samples(faces: Faces, rows: pd.DataFrame) -> None:
    samples = Samples(faces, rows, 96, "bgr")
    images, labels = samples.batch([1, 0, 1])
    assert (images.dtype.name, labels.dtype.name) == ("uint8", "int64")
    assert labels.tolist() == [0, 5, 0]
    for image, index in zip(images, (1, 0, 1), strict=True):
        np.testing.assert_array_equal(image, samples[index][0])
