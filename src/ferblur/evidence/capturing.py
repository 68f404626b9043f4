"""What it costs when a camera blurs, before the face is found and levelled.

Ours, not the paper's, which blurs the aligned face.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ferblur.evidence.intervals import accuracy
from ferblur.evidence.unseen import Unseen

EYES = ("left_eye", "right_eye")


def eye_error(blurred: pd.DataFrame, sharp: pd.DataFrame) -> np.ndarray:
    """How far off the eyes of N blurred faces are, as shares of the sharp faces' distance of eyes.

    Both tables have the eyes of the same N images in px, row by row. Returns N float64, the mean of
    both eyes' distances; NaN where either face was not found, or sharp eyes are on one point.
    """
    was, now = (np.stack([_points(rows, eye) for eye in EYES]) for rows in (sharp, blurred))
    apart = _length(was[0] - was[1])
    off = _length(now - was).mean(axis=0)
    missing = np.full(len(off), np.nan)
    return np.asarray(np.divide(off, apart, out=missing, where=apart > 0))


def _points(rows: pd.DataFrame, eye: str) -> np.ndarray:
    """An eye's place in px, N x 2 float64, NaN where it is missing or an empty text."""
    numbers = [pd.to_numeric(rows[f"{eye}_{axis}"], errors="coerce") for axis in "xy"]
    return np.column_stack([each.to_numpy(dtype=float, na_value=np.nan) for each in numbers])


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt((vectors**2).sum(axis=-1)))  # not hypot: its last bits differ


def captured(
    unseen: Unseen,
    radii: Sequence[float],
    missed: np.ndarray,
    eye_error: np.ndarray,
    before: Mapping[str, np.ndarray],
    after: Mapping[str, np.ndarray],
) -> list[dict[str, Any]]:
    """A row for each radius, in px of the aligned face.

    `missed` are R x N booleans, `eye_error` R x N shares of the distance between the eyes, NaN
    where no face was found. `before` and `after` are the answers by model where blur comes before
    detection and after alignment, S x R x N; a missing answer is the place K. Of a row, `missed` is
    the share of faces that is not found, `eye_error` the mean, None where no face is found; by
    model there are the accuracies `before`, a face that is not found counted as wrong, and `after`,
    and `cost`, after minus before.
    """
    rows = []
    for number, radius in enumerate(radii):
        known = ~np.isnan(eye_error[number])
        sums = unseen.share(np.where(known, eye_error[number], 0))
        found = unseen.share(known.astype(float))
        models = {}
        for model in before:
            scores = [
                unseen.score(model, answers[model][:, number], accuracy)
                for answers in (before, after)
            ]
            models[model] = {
                "before": unseen.interval(scores[0]),
                "after": unseen.interval(scores[1]),
                "cost": unseen.interval(scores[1] - scores[0]),
            }
        rows.append(
            {
                "radius": float(radius),
                "missed": unseen.interval(unseen.share(missed[number].astype(float))),
                "eye_error": unseen.interval(sums / np.maximum(found, 1e-12))
                if known.any()
                else None,
                "models": models,
            }
        )
    return rows
