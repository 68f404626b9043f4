"""The study's own: the mean of a square (section III.C)."""

import math

import numpy as np


def weights(sigma: float, turn: float) -> np.ndarray:
    """A box of standard deviation `sigma` px along either axis; `turn` changes nothing."""
    variance = sigma**2
    whole = int((math.sqrt(12 * variance + 1) - 1) / 2 + 1e-9)  # px on either side that count fully
    squares, outer = whole * (whole + 1) * (2 * whole + 1) / 3, (whole + 1) ** 2
    share = (variance * (2 * whole + 1) - squares) / (2 * (outer - variance))
    axis = np.ones(2 * whole + 3)
    axis[[0, -1]] = max(share, 0)  # of the outermost, as PIL weights them
    return np.asarray(np.outer(axis, axis) / axis.sum() ** 2)
