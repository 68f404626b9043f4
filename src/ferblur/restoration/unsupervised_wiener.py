"""The Wiener filter that estimates noise and smoothness from the picture itself, by sampling."""

import math

import numpy as np
from skimage.restoration import unsupervised_wiener

from ferblur.beyond.margins import in_margins

UNIT = 255 * math.sqrt(12)
"""Of what is sampled, 0..1: the deviation of rounding to grey levels is then 1.

The sampler starts from noise of 1, so that it starts near the truth; from 0..1 it needs hundreds of
steps more.
"""

STEPS, LEFT_OUT = 8, 2
"""Samples drawn, and of these the first that do not count.

Chosen on faces of the training pool, and few: the more there are, the smaller the noise is held to
be, until ripples at the frequencies that a box takes away come through. A sample costs more than
the whole of the plain filter.
"""

SEED = 0
"""Of the samples, the same for every face, so that a face has one restoration."""


def restore(face: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Undo blur: H x W x 3 uint8 and the blur's S x S weights -> H x W x 3 uint8.

    A kernel of one px returns the face unchanged.
    """
    if kernel.size == 1:
        return face
    weights, unit = kernel.astype(np.float32), np.float32(UNIT)
    steps = {"min_num_iter": STEPS, "max_num_iter": STEPS, "burnin": LEFT_OUT}

    def undo(channel: np.ndarray) -> np.ndarray:
        found, _ = unsupervised_wiener(
            channel * unit, weights, user_params=steps, clip=False, rng=SEED
        )
        return np.asarray(found / unit)

    return in_margins(face, len(kernel) // 2, undo)
