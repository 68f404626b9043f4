"""Richardson-Lucy against its two lines, with SciPy's convolution."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import convolve

from ferblur.beyond.blurring import weights
from ferblur.beyond.margins import in_margins
from ferblur.dataset.blur import box_blur
from ferblur.restoration.richardson_lucy import STEPS, restore


def test_is_the_iteration(picture: Callable[..., np.ndarray]) -> None:
    kernel = weights("box", 2)

    def iteration(channel: np.ndarray) -> np.ndarray:
        found = np.full(channel.shape, 0.5)
        for _ in range(STEPS):
            relative = channel / (convolve(found, kernel, mode="constant") + 1e-12)
            found *= convolve(relative, kernel[::-1, ::-1], mode="constant")
        return found.clip(-1, 1)

    face = box_blur(picture(3, 50, 60), 2)
    expected = in_margins(face, len(kernel) // 2, iteration)
    assert abs(restore(face, kernel).astype(int) - expected).max() <= 1  # it is in float32
