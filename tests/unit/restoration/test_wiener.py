"""The Wiener filter against its formula, written out in NumPy's own transforms."""

from collections.abc import Callable

import numpy as np

from ferblur.beyond.blurring import weights
from ferblur.beyond.margins import in_margins
from ferblur.dataset.blur import box_blur
from ferblur.restoration.wiener import BALANCE, restore


def transfer(kernel: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The transfer function of a kernel centred on the first pixel."""
    wide = np.zeros(shape)
    wide[: len(kernel), : len(kernel)] = kernel
    return np.fft.fft2(np.roll(wide, (-(len(kernel) // 2),) * 2, (0, 1)))


def test_is_the_formula(picture: Callable[..., np.ndarray]) -> None:
    kernel = weights("box", 2.5)
    laplacian = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])

    def formula(channel: np.ndarray) -> np.ndarray:
        blur, rough = (transfer(given, channel.shape) for given in (kernel, laplacian))
        gain = blur.conj() / (abs(blur) ** 2 + BALANCE * abs(rough) ** 2)
        return np.asarray(np.fft.ifft2(gain * np.fft.fft2(channel)).real)

    face = box_blur(picture(3, 50, 60), 2.5)
    expected = in_margins(face, len(kernel) // 2, formula)
    assert abs(restore(face, kernel).astype(int) - expected).max() <= 1  # it is in float32
