"""Blur by any kernel against SciPy's convolution; samples against the study's own."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import convolve as reference

from ferblur.beyond.blurring import TURNS, BlurredSamples, blur, box, convolve, turns, weights
from ferblur.beyond.named import names
from ferblur.dataset.blur import box_blur, sigma
from ferblur.dataset.faces import Faces
from ferblur.dataset.samples import Samples, transform

Picture = Callable[..., np.ndarray]
KERNELS = names("kernels")


@pytest.mark.parametrize("shape", [(5, 5), (1, 1), (31, 31)])
def test_convolves_as_scipy_does(shape: tuple[int, int], picture: Picture) -> None:
    kernel = np.random.default_rng(1).random(shape)  # none that is its own mirror image
    kernel /= kernel.sum()
    image = picture(1, 40, 56)
    channels = np.moveaxis(image.astype(float), 2, 0)
    expected = np.stack([reference(channel, kernel, mode="nearest") for channel in channels], 2)
    found = convolve(image, kernel)
    assert found.dtype == np.uint8
    assert np.abs(found - expected).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("value", [0, 1, 128, 255])
def test_an_even_area_stays_as_it_is(value: int) -> None:
    image = np.full((20, 20, 3), value, np.uint8)
    for name in KERNELS:
        np.testing.assert_array_equal(blur(image, name, 6, 3), image)


@pytest.mark.parametrize("name", KERNELS)
def test_radius_zero_changes_nothing(name: str, picture: Picture) -> None:
    np.testing.assert_array_equal(blur(picture(2), name, 0, 5), picture(2))


def test_the_studys_kernel_is_applied_as_the_study_does(picture: Picture) -> None:
    for radius in (0.5, 2, 14):
        np.testing.assert_array_equal(blur(picture(3), "box", radius), box_blur(picture(3), radius))


def test_a_box_of_a_variance_is_the_one_that_has_it() -> None:
    radii = [0, 0.1, 0.5, 0.99, 1, 1.3, 2, 2.6, 7.5, 14, 20]
    whole, share = box(np.array([sigma(radius) ** 2 for radius in radii]))
    assert whole + share == pytest.approx(radii)
    np.testing.assert_array_equal(whole, np.floor(radii))


@pytest.mark.parametrize("name", [name for name in KERNELS if name != "box"])
def test_other_kernels_by_name(name: str, picture: Picture) -> None:
    found = blur(picture(3), name, 4, 9)
    np.testing.assert_array_equal(found, convolve(picture(3), weights(name, 4, 9)))
    assert (found != picture(3)).any()


@pytest.mark.parametrize("count", [1, 7, 32, 100, 1230])
def test_turns_are_spread_evenly(count: int) -> None:
    found = turns(count)
    assert found.shape == (count,)
    assert found.min() >= 0
    assert found.max() < TURNS
    each = np.bincount(found, minlength=TURNS)
    assert each.max() - each.min() <= 3
    np.testing.assert_array_equal(found, turns(2000)[:count])  # a sample's own, whatever follows


@pytest.fixture
def faces(picture: Picture) -> Faces:
    pixels = np.stack([picture(seed) for seed in range(3)])
    return Faces(pixels, pd.DataFrame({"source_id": ["a", "b", "c"], "subject": ""}))


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source_id": ["c", "a", "b", "b"],
            "label": [5, 0, 1, 1],
            "flip": [1, 0, 0, 1],
            "brightness": [1.2, 1.0, 1.0, 1.1],
            "blur_radius": [2.0, 0.0, 14.0, 2.5],
        }
    )


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("size", [128, 72])
def test_samples_of_the_box_are_the_studys(
    faces: Faces, rows: pd.DataFrame, size: int, order: str
) -> None:
    found = BlurredSamples(faces, rows.assign(kernel="box"), size, order)
    expected = Samples(faces, rows, size, order)
    everything = list(range(len(rows)))
    for one, other in zip(found.batch(everything), expected.batch(everything), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_blur_comes_after_the_augmentation_and_before_the_size(
    faces: Faces, rows: pd.DataFrame, order: str
) -> None:
    kernels = ["motion", "motion", "defocus", "gaussian"]
    samples = BlurredSamples(faces, rows.assign(kernel=kernels), 72, order)
    pixels, labels = samples.batch(range(4))
    assert labels.tolist() == [5, 0, 1, 1]
    for number, (row, kernel) in enumerate(zip(rows.to_dict("records"), kernels, strict=True)):
        face = faces.pixels["abc".index(row["source_id"])]
        sharp = transform(face, bool(row["flip"]), row["brightness"], 0)
        expected = Image.fromarray(blur(sharp, kernel, row["blur_radius"], int(turns(4)[number])))
        resized = np.asarray(expected.resize((72, 72), Image.Resampling.BILINEAR))
        np.testing.assert_array_equal(pixels[number], resized[..., :: 1 if order == "rgb" else -1])


def test_a_direction_for_each_sample(faces: Faces) -> None:
    row = {"source_id": "a", "label": 0, "flip": 0, "brightness": 1.0, "blur_radius": 8.0}
    rows = pd.DataFrame([row | {"kernel": "motion"}] * 5)
    pixels, _ = BlurredSamples(faces, rows, 128, "rgb").batch(range(5))
    assert len({picture.tobytes() for picture in pixels}) == 5
