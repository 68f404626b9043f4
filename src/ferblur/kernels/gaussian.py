"""A Gaussian, cut off where it is three thousandths of its height or less."""

import math

import numpy as np

REACH = 3.5
"""Standard deviations from the middle to the edge."""


def weights(sigma: float, turn: float) -> np.ndarray:
    """A Gaussian of standard deviation `sigma` px along either axis; `turn` changes nothing."""
    reach = math.ceil(REACH * sigma)
    axis = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return np.asarray(np.outer(axis, axis) / axis.sum() ** 2)
