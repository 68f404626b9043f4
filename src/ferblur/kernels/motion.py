"""Even motion along a straight line while the picture is taken."""

import math

import numpy as np

FINE = 16
"""Points of the line for each of its pixels, each shared out to the four pixels around it."""


def weights(sigma: float, turn: float) -> np.ndarray:
    """A line at `turn` half turns from the horizontal, 0..1, of as much blur as `sigma` px.

    That is, the mean of the variances along both axes is the square of `sigma`: a line of length L
    px has L^2 / 12 along itself and nothing across, and sharing points out adds 1 / 6 to each.
    """
    length = math.sqrt(24 * max(sigma**2 - 1 / 6, 0))
    reach = math.ceil(length / 2) + 1
    places = (np.arange(max(1, math.ceil(length * FINE))) + 0.5) / max(1, math.ceil(length * FINE))
    along = (places - 0.5) * length
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    x, y = reach + along * math.cos(math.pi * turn), reach + along * math.sin(math.pi * turn)
    left, above = np.floor(x).astype(int), np.floor(y).astype(int)
    for column, across in ((left, left + 1 - x), (left + 1, x - left)):
        for row, down in ((above, above + 1 - y), (above + 1, y - above)):
            np.add.at(kernel, (row, column), across * down)
    return np.asarray(kernel / kernel.sum())
