"""What the pixels of a face show of its sharpness: its Laplacian, and its spectrum."""

import numpy as np
from PIL import Image
from scipy import fft

EDGES = np.array(
    [1.5, 2, 2.75, 3.5, 4.5, 6, 7.5, 9.5, 12, 15, 19, 24, 30, 36, 42, 50, 64]
) / 128  # fmt: skip
"""Between the bands of frequencies, in cycles per px: of 128 px, cycles per face. About as many for
each halving of the frequency, since a box twice as wide takes away half of the frequencies."""

FLOOR = 1e-3
"""Added to a power before its logarithm, so that an even face has one; rounding makes 1 / 12."""

DECIMALS = 6
"""Of a feature, so that the last bits of the C library's logarithm do not count."""


def grey_levels(face: np.ndarray) -> np.ndarray:
    """The grey levels of H x W x 3 uint8 RGB, by PIL's integers: H x W float64, 0..255."""
    return np.asarray(Image.fromarray(face).convert("L"), dtype=float)


def laplacian_variance(face: np.ndarray) -> float:
    """Variance of the Laplacian in the middle of a face, H x W x 3 uint8; the less, the smoother.

    Of grey levels, 0 to 255. It depends on what is shown too, not on the radius of a blur alone. A
    quarter on each side does not count: levelling the eyes leaves an edge against black there, as
    sharp as ever when the picture is blurred.
    """
    wide = np.pad(grey_levels(face), 1, mode="reflect")
    around = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]
    found = around - 4 * wide[1:-1, 1:-1]
    above, left = (side // 4 for side in found.shape)
    return float(found[above : len(found) - above, left : found.shape[1] - left].var())


def spectrum(face: np.ndarray) -> np.ndarray:
    """Mean power of a face's grey levels in each band between `EDGES`, of H x W x 3 uint8.

    A Hann window lets the edges go; white noise of variance v has the power v in every band. A band
    narrower than the spectrum's own steps, in a small face, has the power 0.
    """
    grey = grey_levels(face)
    height, width = grey.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    seen = fft.rfft2((grey - grey.mean()) * window)
    power = (seen.real**2 + seen.imag**2) / (window**2).sum()
    across, along = fft.fftfreq(height)[:, None], fft.rfftfreq(width)
    band = np.searchsorted(EDGES, np.sqrt(across**2 + along**2).ravel(), side="right")
    count = np.bincount(band, minlength=len(EDGES) + 1)
    total = np.bincount(band, power.ravel(), minlength=len(EDGES) + 1)
    return np.asarray((total / count.clip(1))[1 : len(EDGES)])


def features(face: np.ndarray) -> np.ndarray:
    """What radii are estimated from: logarithms of the Laplacian's variance and of each band.

    `face` is H x W x 3 uint8; returns 1 + bands float64.
    """
    return logarithms(np.append(laplacian_variance(face), spectrum(face)))


def logarithms(powers: np.ndarray) -> np.ndarray:
    """Powers of any shape as features, float64."""
    return np.asarray(np.log(powers + FLOOR).round(DECIMALS))
