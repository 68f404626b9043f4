"""A lens out of focus spreads a point evenly over a disk."""

import numpy as np
import pytest

from ferblur.kernels.defocus import weights


@pytest.mark.parametrize("sigma", [1.5, 2.6, 4.9, 8.4, 11.8])
def test_the_weights_are_a_disk(sigma: float) -> None:
    kernel = weights(sigma, 0)
    axis = np.arange(len(kernel)) - len(kernel) // 2
    away = np.hypot(axis[:, None], axis)
    radius = 2 * np.sqrt(sigma**2 - 1 / 12)
    half = np.sqrt(0.5)  # from a pixel's middle to its corner
    inside, outside = away <= radius - half, away >= radius + half
    assert inside.any()
    assert outside.any()
    assert (kernel[inside] == kernel.max()).all()
    assert (kernel[outside] == 0).all()
    edge = kernel[~inside & ~outside]
    assert ((edge >= 0) & (edge <= kernel.max())).all()
    assert kernel.max() == pytest.approx(1 / (np.pi * radius**2), rel=0.02)
    for same in (kernel.T, kernel[::-1], kernel[:, ::-1]):
        np.testing.assert_array_equal(kernel, same)


def test_it_has_no_direction() -> None:
    np.testing.assert_array_equal(weights(3, 0), weights(3, 0.3))
