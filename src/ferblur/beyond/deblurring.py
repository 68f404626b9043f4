"""Blurred faces restored by a method of the room `restoration`, and how near they come."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ferblur.beyond.blurring import BlurredSamples, weights
from ferblur.beyond.cells import SOURCES, TRUE
from ferblur.beyond.named import STUDYS, load
from ferblur.core.params import Blur
from ferblur.core.study import LEVELS
from ferblur.dataset.faces import Faces

SHARP = 0.25
"""px of radius below which a face is left as it is."""

ROUNDING = 1 / 12
"""Mean squared error of rounding to grey levels: no less counts, so that a ratio is finite."""


class Restoration(NamedTuple):
    """What is done to every sample at a level of the study."""

    method: str
    kernel_source: str
    level: str
    radius: float
    """px of the level's box, on the aligned face."""


def restorations(methods: Sequence[str], blur: Blur) -> list[Restoration]:
    """All that is done, in the one order of tables and arrays.

    Each method undoes each level with both radii; the true one leaves sharp faces as they are.
    """
    return [
        Restoration(method, source, level, blur.radius(level))
        for method in methods
        for source in SOURCES
        for level in LEVELS
        if source != TRUE or blur.radius(level) > 0
    ]


def ratio(face: np.ndarray, sharp: np.ndarray) -> float:
    """Peak signal to noise of a face against the sharp one, both H x W x 3 uint8, in dB."""
    error = ((face.astype(float) - sharp) ** 2).mean()
    return float(10 * np.log10(255**2 / max(error, ROUNDING)))


def restore(
    done: Restoration, faces: Faces, rows: pd.DataFrame, radii: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A manifest's N samples, blurred at the level, then with boxes of N `radii` px undone.

    Returns them, N x H x W x 3 uint8, and N x 2 ratios against the sharp sample: of the restored
    and of the blurred one.
    """
    undo, size = load("restoration", done.method).restore, faces.pixels.shape[1]
    sharp, blurred = (
        BlurredSamples(faces, rows.assign(kernel=STUDYS, blur_radius=radius), size, "rgb")
        for radius in (0.0, done.radius)
    )
    restored, ratios = np.empty((len(rows), size, size, 3), np.uint8), np.empty((len(rows), 2))
    for index, radius in enumerate(radii.tolist()):
        face, right = blurred[index][0], sharp[index][0]
        restored[index] = face if radius < SHARP else undo(face, weights(STUDYS, radius))
        ratios[index] = ratio(restored[index], right), ratio(face, right)
    return restored, ratios
