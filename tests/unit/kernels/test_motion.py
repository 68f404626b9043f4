"""Motion is a line of even weight, in the direction asked for."""

import math

import numpy as np
import pytest

from ferblur.beyond.blurring import TURNS
from ferblur.kernels.motion import weights

SIGMAS = [1.5, 2.6, 4.9, 11.8]


def spread(kernel: np.ndarray) -> np.ndarray:
    """The covariance of x and y, 2 x 2, in px, y downwards."""
    axis = np.arange(len(kernel)) - len(kernel) // 2
    places = np.stack(np.meshgrid(axis, axis)).reshape(2, -1)
    return np.asarray(np.cov(places, aweights=kernel.ravel(), bias=True))


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("turn", [0, 1, 7, 8, 16, 20, 31])
def test_the_line_turns(turn: int, sigma: float) -> None:
    variances, directions = np.linalg.eigh(spread(weights(sigma, turn / TURNS)))
    angle = math.atan2(directions[1, 1], directions[0, 1]) / math.pi
    off = (angle - turn / TURNS + 0.5) % 1 - 0.5
    assert abs(off) < 0.01  # half turns
    assert variances[0] <= 0.26  # as thin as pixels allow
    assert variances[1] == pytest.approx(2 * sigma**2, rel=0.12)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_along_the_pixels_it_is_a_row_of_equal_weights(sigma: float) -> None:
    kernel = weights(sigma, 0)
    middle = len(kernel) // 2
    row = kernel[middle]
    assert row.sum() == pytest.approx(1)
    length = math.sqrt(24 * (sigma**2 - 1 / 6))
    whole = row[abs(np.arange(len(row)) - middle) <= length / 2 - 1.5]
    np.testing.assert_allclose(whole, 1 / length, rtol=0.08)
    np.testing.assert_allclose(weights(sigma, 0.5), kernel.T, atol=1e-9)


def test_hardly_any_blur_is_a_point() -> None:
    kernel = weights(0.1, 0.3)
    assert kernel[len(kernel) // 2, len(kernel) // 2] == pytest.approx(1)
