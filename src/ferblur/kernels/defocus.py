"""A lens out of focus: a disk, as geometrical optics has it."""

import math

import numpy as np

FINE = 8
"""Points along each side of a pixel, of which those inside the disk are counted."""


def weights(sigma: float, turn: float) -> np.ndarray:
    """A disk of standard deviation `sigma` px along either axis; `turn` changes nothing.

    A disk of radius R px has the variance R^2 / 4 along an axis, and the squares of the pixels add
    1 / 12.
    """
    radius = 2 * math.sqrt(max(sigma**2 - 1 / 12, 0))
    reach = math.ceil(radius + 0.5)
    side = 2 * reach + 1
    along = (np.arange(side * FINE) + 0.5) / FINE - side / 2
    inside = along[:, None] ** 2 + along**2 <= radius**2
    counted = inside.reshape(side, FINE, side, FINE).sum(axis=(1, 3))
    return np.asarray(counted / counted.sum())
