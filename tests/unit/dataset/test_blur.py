"""BoxBlur against a direct mean over the box; its strength against gratings blurred by PIL."""

from collections.abc import Callable

import numpy as np
import pytest

from ferblur.core.params import Params
from ferblur.core.study import LEVELS
from ferblur.dataset.blur import box_blur, half_contrast, kernel, sigma, strength


def box_mean(image: np.ndarray, radius: int) -> np.ndarray:
    padded = np.pad(image.astype(float), ((radius,) * 2, (radius,) * 2, (0, 0)), mode="edge")
    side = 2 * radius + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1))
    return np.asarray(windows.mean(axis=(-2, -1)))


@pytest.mark.parametrize("radius", [1, 2, 4, 8, 14])
def test_equals_the_mean_of_the_box(radius: int, picture: Callable[..., np.ndarray]) -> None:
    image = picture(1, 128, 100)
    blurred = box_blur(image, radius)
    assert blurred.dtype == np.uint8
    assert blurred.shape == image.shape
    # PIL rounds twice, once for each direction
    assert np.abs(blurred - box_mean(image, radius)).max() <= 1


def test_radius_zero_changes_nothing(picture: Callable[..., np.ndarray]) -> None:
    image = picture(2)
    np.testing.assert_array_equal(box_blur(image, 0), image)


def test_every_level_has_a_radius_and_they_grow(smoke: Params) -> None:
    radii = [smoke.blur.radius(level) for level in LEVELS]
    assert radii == sorted(radii)
    assert set(LEVELS) == set(type(smoke.blur).model_fields)


RADII = [0.4, 1, 2, 2.5, 3.75, 4, 8, 14]


def blurred(row: np.ndarray, radius: float) -> np.ndarray:
    """A row of grey values as PIL blurs it, along the row only: all its rows are the same."""
    image = np.broadcast_to(row[None, :, None], (3, len(row), 3)).round().astype(np.uint8)
    return box_blur(np.ascontiguousarray(image), radius)[1, :, 0].astype(float)


def kept(frequency: float, radius: float) -> float:
    """The share of its contrast that a grating of `frequency`, in cycles per px, keeps in PIL."""
    places = np.arange(4096)
    grating = 127.5 + 127 * np.cos(2 * np.pi * frequency * places)
    wave = np.exp(-2j * np.pi * frequency * places) * np.hanning(len(places))
    before, after = (abs(((row - row.mean()) * wave).sum()) for row in
                     (grating, blurred(grating, radius)))  # fmt: skip
    return float(after / before)


@pytest.mark.parametrize("radius", RADII)
def test_the_kernel_is_what_a_step_becomes(radius: float) -> None:
    offsets, weights = kernel(radius)
    assert weights.sum() == pytest.approx(1)
    step = blurred(np.repeat([0.0, 255.0], 40), radius) / 255
    around = step[40 + offsets[0] : 40 + offsets[-1] + 1]
    np.testing.assert_allclose(around, weights.cumsum(), atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("radius", RADII)
def test_a_grating_keeps_half_of_its_contrast(radius: float) -> None:
    frequency = (half_contrast(radius, 128) or 0) / 128
    assert kept(frequency, radius) == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize("radius", RADII)
def test_no_coarser_grating_loses_as_much(radius: float) -> None:
    _, weights = kernel(radius)
    contrast = abs(np.fft.rfft(weights, 2**16))
    first = int(np.argmax(contrast <= 0.5))
    assert half_contrast(radius, 2**16) == pytest.approx(first, abs=1)


@pytest.mark.parametrize("radius", [0, 0.1])
def test_where_no_grating_loses_half(radius: float) -> None:
    assert kept(0.5, radius) > 0.5
    assert half_contrast(radius, 128) is None


@pytest.mark.parametrize(
    ("radius", "px", "percent", "cycles"),
    [(2, 1.41, 1.1, 15.7), (4, 2.58, 2.0, 8.6), (8, 4.90, 3.8, 4.5), (14, 8.37, 6.5, 2.7)],
)
def test_strength_of_the_levels_on_a_face(
    radius: int, px: float, percent: float, cycles: float
) -> None:
    width = 2 * radius + 1
    assert sigma(radius) == pytest.approx(((width**2 - 1) / 12) ** 0.5)
    found = strength(radius, 128)
    assert found == {
        "sigma": pytest.approx(px, abs=0.005),
        "sigma_percent": pytest.approx(percent, abs=0.05),
        "half_contrast": pytest.approx(cycles, abs=0.05),
    }
    # a box without pixels has half of its contrast left where sin(x) / x is a half
    assert found["half_contrast"] == pytest.approx(1.8955 / np.pi * 128 / width, rel=0.5 / width)


def test_sharp_faces_have_no_strength() -> None:
    assert strength(0, 128) == {"sigma": 0, "sigma_percent": 0, "half_contrast": None}
