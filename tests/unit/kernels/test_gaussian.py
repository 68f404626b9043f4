"""The Gaussian against SciPy's."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ferblur.beyond.blurring import convolve, weights
from ferblur.dataset.blur import sigma
from ferblur.kernels import gaussian


@pytest.mark.parametrize("radius", [0.5, 1, 2, 4.5, 8, 14, 20])
def test_equals_scipys(radius: float, picture: Callable[..., np.ndarray]) -> None:
    image = picture(2, 100, 128)
    reference = gaussian_filter(
        image.astype(float), (sigma(radius),) * 2, mode="nearest", axes=(0, 1)
    )
    found = convolve(image, weights("gaussian", radius))
    assert np.abs(found - reference).max() <= 1  # half of it from rounding; SciPy's reach is 4


def test_what_is_cut_off_is_small() -> None:
    for deviation in (0.5, 1.4, 5, 12):
        kernel = gaussian.weights(deviation, 0)
        middle = len(kernel) // 2
        assert kernel[middle, 0] / kernel[middle, middle] < 0.003
