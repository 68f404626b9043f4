"""The box against PIL's own, of whole radii and others."""

from collections.abc import Callable

import numpy as np
import pytest

from ferblur.beyond.blurring import convolve, weights
from ferblur.dataset.blur import box_blur, kernel


@pytest.mark.parametrize("radius", [0.25, 0.5, 1, 1.4, 2, 2.5, 3.75, 8, 14, 20])
def test_the_weights_are_pils(radius: float, picture: Callable[..., np.ndarray]) -> None:
    box = weights("box", radius)
    offsets, along = kernel(radius)
    middle = len(box) // 2
    np.testing.assert_allclose(box[middle - offsets[-1] :, :].sum(axis=1)[: len(along)], along)
    image = picture(1, 128, 100)
    blurred = convolve(image, box).astype(int)
    assert np.abs(blurred - box_blur(image, radius)).max() <= 1  # PIL rounds twice
