"""Which pictures look alike: a difference hash of each, and groups of hashes that nearly agree.

The hash (dHash) shrinks a picture to 9 x 8 greys and notes for each of 8 x 8 whether the next one
to the right is brighter. Saved again, resized or a little brighter, a picture keeps all but a few
of the 64 bits.
"""

from itertools import pairwise

import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

WITHIN = 4
"""Most bits in which hashes differ that are near-duplicates."""

BITS = 64
PAIRS = 2**20  # near pairs gathered before they are joined


def difference_hash(pixels: np.ndarray) -> int:
    """The 64 bits of an H x W x 3 uint8 picture, as a whole number, its upper left bit first."""
    grey = Image.fromarray(pixels).convert("L").resize((9, 8), Image.Resampling.BOX)
    values = np.asarray(grey)
    return int.from_bytes(np.packbits(values[:, 1:] > values[:, :-1]).tobytes(), "big")


def group(hashes: np.ndarray) -> np.ndarray:
    """Number the groups of N uint64 hashes: N numbers, equal where one hash leads to the other.

    It does by steps of at most `WITHIN` bits. Groups are numbered from 0 by their first member.
    Hashes that differ in so few bits agree in one of `WITHIN` + 1 bands of bits, so only those
    that share a band are compared.
    """
    values, owner = np.unique(hashes, return_inverse=True)
    labels = np.arange(len(values))
    left, right, waiting = list[np.ndarray](), list[np.ndarray](), 0
    edges = np.linspace(0, BITS, WITHIN + 2).astype(int).tolist()
    for start, stop in pairwise(edges):
        band = (values >> np.uint64(start)) & np.uint64((1 << (stop - start)) - 1)
        order = np.argsort(band, kind="stable")
        band, sorted_values = band[order], values[order]
        at, step = np.arange(len(values)), 0
        while len(at):  # each with the next, then the one after, as long as the band is shared
            step += 1
            at = at[at + step < len(values)]
            at = at[band[at] == band[at + step]]
            apart = np.bitwise_count(sorted_values[at] ^ sorted_values[at + step])
            near = at[apart <= WITHIN]
            left.append(order[near])
            right.append(order[near + step])
            waiting += len(near)
            if waiting > PAIRS:
                labels = _join(labels, left, right)
                left, right, waiting = [], [], 0
    labels = _join(labels, left, right)[owner]
    _, first, numbers = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[numbers]


def _join(labels: np.ndarray, left: list[np.ndarray], right: list[np.ndarray]) -> np.ndarray:
    """Labels of N values after those of each pair became one."""
    if not left:
        return labels
    one, other = labels[np.concatenate(left)], labels[np.concatenate(right)]
    size = len(labels)
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(size, size))
    joined: np.ndarray = connected_components(graph, directed=False)[1][labels]
    return joined
