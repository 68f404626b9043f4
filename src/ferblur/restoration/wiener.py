"""The Wiener filter (Wiener-Hunt): undoes blur where the kernel leaves enough, and smooths else."""

import numpy as np
from skimage.restoration import wiener

from ferblur.beyond.margins import in_margins

BALANCE = 0.1
"""How much smoothness, by the Laplacian, counts against what was seen.

Chosen on faces of the training pool, for kernels that are right or a tenth too wide or narrow: from
0.03 down, ripples at the frequencies that a box takes away cost more at strong blur than detail
gains at weak.
"""


def restore(face: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Undo blur: H x W x 3 uint8 and the blur's S x S weights -> H x W x 3 uint8.

    A kernel of one px returns the face unchanged.
    """
    if kernel.size == 1:
        return face
    weights = kernel.astype(np.float32)
    return in_margins(face, len(kernel) // 2, lambda channel: wiener(channel, weights, BALANCE))
