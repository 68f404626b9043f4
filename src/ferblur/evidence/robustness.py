"""How a classifier fares as blur grows: scores, calibration, and the radius it can take.

Ours, not the paper's. Computed from probabilities alone, whatever gave them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ferblur.core.params import Statistics
from ferblur.evidence.intervals import Bootstrap, accuracy, f1, interval

BINS = 10
"""Of equal width, in which confidence is held against accuracy."""

CutOff = dict[str, float | None]
"""A `value` in px with the `low` and `high` end of its interval; None is beyond the sweep."""


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error of N x K probabilities, 0..1 (Guo et al. 2017).

    The mean distance between the accuracy and the mean confidence of the samples in a bin,
    weighted by how many there are. `labels` are N columns. A bin holds its upper end.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(place, confidence - correct, bins)  # count times distance, by bin
    return float(np.abs(gaps).sum() / len(labels))


def cut_off(radii: Sequence[float], accuracies: np.ndarray, chance: float) -> np.ndarray:
    """The radius at which half of the margin over chance is gone, by linear interpolation.

    `radii` are R, growing, the first 0. `accuracies` are ... x R. Returns ... radii, in px: the
    first at which accuracy is half way down to `chance`; infinity where it never is, and 0 where
    there was no margin.
    """
    x, y = np.asarray(radii, float), np.asarray(accuracies, float)
    target = chance + (y[..., :1] - chance) / 2
    reached = y <= target
    first = reached.argmax(axis=-1)
    after, before = first[..., None], np.maximum(first - 1, 0)[..., None]
    high, low = np.take_along_axis(y, before, -1), np.take_along_axis(y, after, -1)
    drop = np.where(high > low, high - low, 1)
    found = x[before] + (x[after] - x[before]) * (high - target) / drop
    found = np.where(reached.any(axis=-1), found[..., 0], np.inf)
    return np.where(y[..., 0] <= chance, 0.0, found)


def cut_off_interval(values: np.ndarray, confidence: float) -> CutOff:
    """Percentile interval of cut-offs, the sample's own first; the ends are draws that occurred.

    So that a draw beyond the sweep, which is infinite, can be an end: it becomes None.
    """
    tail = (1 - confidence) / 2
    low = np.quantile(values[1:], tail, method="lower")
    high = np.quantile(values[1:], 1 - tail, method="higher")
    ends = {"value": values[0], "low": low, "high": high}
    return {name: float(end) if np.isfinite(end) else None for name, end in ends.items()}


def sweep(
    answers: Mapping[float, np.ndarray],
    labels: np.ndarray,
    clusters: np.ndarray,
    emotions: Sequence[str],
    settings: Statistics,
    f1_average: str = "macro",
) -> tuple[pd.DataFrame, CutOff | None]:
    """Score N x K probabilities for each blur radius in px, the first 0, in growing order.

    `labels` are N places in the K `emotions`, `clusters` N names of what is resampled. Returns a
    row a radius and the cut-off, None where accuracy on sharp faces is not surely above chance.
    """
    chance = 1 / len(emotions)
    draws = Bootstrap.draw(clusters, settings.resamples, np.random.default_rng(settings.seed))
    rows, accuracies = [], []
    for radius, probabilities in answers.items():
        predicted = probabilities.argmax(axis=1)
        confusions = draws.confusions(clusters, labels, predicted, len(emotions))
        right = accuracy(confusions)
        accuracies.append(right)
        row: dict[str, Any] = {"radius": float(radius), "images": len(labels)}
        for name, values in (("accuracy", right), ("f1", f1(confusions, f1_average))):
            bounds = interval(values, settings.confidence)
            row |= {name: bounds["value"], f"{name}_low": bounds["low"],
                    f"{name}_high": bounds["high"]}  # fmt: skip
        counts = np.bincount(predicted, minlength=len(emotions))
        row["ece"] = calibration_error(probabilities, labels)
        row["commonest"] = emotions[int(counts.argmax())]
        row["commonest_share"] = float(counts.max() / len(labels))
        rows.append(row)
    table = pd.DataFrame(rows)
    if table["accuracy_low"][0] <= chance:
        return table, None
    reached = cut_off(list(answers), np.stack(accuracies, axis=-1), chance)
    return table, cut_off_interval(reached, settings.confidence)
