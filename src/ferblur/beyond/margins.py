"""Room around a face for what undoes blur by Fourier transforms, which join opposite edges."""

from collections.abc import Callable

import numpy as np
from scipy.fft import next_fast_len

FADE = 32
"""px over which what lies outside fades to the mean, so that opposite edges meet without a step.

Half as many leave ripples on the face where blur is strong; twice as many take twice as long.
"""


def in_margins(
    face: np.ndarray, reach: int, undo: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Apply `undo` to each channel of H x W x 3 uint8, with margins that are cut off again.

    Around a channel its edge repeats for `reach` px, as under the blur, and then fades to the mean.
    `undo` takes and returns float32 of equal shape, 0..1 (float64 gains nothing and takes twice as
    long). Returns H x W x 3 uint8, rounded.
    """
    margins = []
    for side in face.shape[:2]:  # to lengths whose transforms are fast
        whole = next_fast_len(side + 2 * (reach + FADE), real=True)
        margins.append(((whole - side) // 2, (whole - side + 1) // 2))
    outside = [(before - reach, after - reach) for before, after in margins]
    (top, _), (left, _) = margins
    undone = np.empty(face.shape, np.float32)
    for channel in range(face.shape[2]):
        shown = face[:, :, channel].astype(np.float32) / np.float32(255)
        near = np.pad(shown, reach, mode="edge")
        wide = np.pad(near, outside, mode="linear_ramp", end_values=shown.mean(dtype=float))
        undone[:, :, channel] = undo(wide)[top : top + len(face), left : left + face.shape[1]]
    return np.asarray(np.rint(undone * 255).clip(0, 255), dtype=np.uint8)
