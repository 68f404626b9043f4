"""BoxBlur against a direct mean over the box."""

from collections.abc import Callable

import numpy as np
import pytest

from ferblur.core.params import Params
from ferblur.core.study import LEVELS
from ferblur.dataset.blur import box_blur


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
