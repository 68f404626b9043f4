"""What holds of every kind of blur, a new one's file included.

pytest tests/unit/kernels
"""

import numpy as np
import pytest

from ferblur.beyond.blurring import TURNS, weights
from ferblur.beyond.named import names
from ferblur.dataset.blur import sigma

KERNELS = names("kernels")
RADII = [0.25, 0.5, 1, 1.5, 2, 2.5, 4, 8, 14, 20]


def deviation(kernel: np.ndarray) -> float:
    """The square root of the mean of the variances along both axes, in px."""
    axis = np.arange(len(kernel)) - len(kernel) // 2
    along = [(kernel.sum(axis=other) * axis**2).sum() for other in (0, 1)]
    return float(np.sqrt(np.mean(along)))


@pytest.mark.parametrize("radius", RADII)
@pytest.mark.parametrize("name", KERNELS)
def test_weights_are_shares_around_the_middle(name: str, radius: float) -> None:
    for turn in range(0, TURNS, 3):
        kernel = weights(name, radius, turn)
        side = len(kernel)
        assert kernel.shape == (side, side)
        assert side % 2 == 1
        assert kernel.min() >= 0
        assert kernel.sum() == pytest.approx(1, abs=1e-12)
        np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-12)  # nothing moves


@pytest.mark.parametrize("radius", RADII)
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_as_strong_as_the_box_of_the_radius(name: str, radius: float) -> None:
    found = [deviation(weights(name, radius, turn)) / sigma(radius) for turn in range(TURNS)]
    if radius >= 2:
        assert np.mean(found) == pytest.approx(1, abs=0.01)
        assert found == pytest.approx([1] * TURNS, abs=0.025)
    elif radius >= 1:
        assert found == pytest.approx([1] * TURNS, abs=0.08)
    else:  # less than a pixel: there is no such disk, nor such a line along the pixels
        assert found == pytest.approx([1] * TURNS, abs=0.15)


@pytest.mark.parametrize("name", KERNELS)
def test_a_larger_radius_blurs_more(name: str) -> None:
    found = [deviation(weights(name, radius)) for radius in RADII]
    assert found == sorted(set(found))
