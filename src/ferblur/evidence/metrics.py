"""Scores of a set of predictions (sections IV and V), computed by scikit-learn."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score


def scores(
    labels: np.ndarray, predicted: np.ndarray, emotions: Sequence[str], f1_average: str
) -> dict[str, float]:
    """Accuracy and F1, each in 0..1.

    `labels` and `predicted` are N places in `emotions`. `f1_average` is scikit-learn's `average`;
    the study does not say which one it used. A class that is never predicted counts as F1 0.
    """
    return {
        "accuracy": float(accuracy_score(labels, predicted)),
        "f1": float(
            f1_score(
                labels, predicted, labels=range(len(emotions)), average=f1_average, zero_division=0
            )
        ),
    }


def recall(labels: np.ndarray, predicted: np.ndarray, emotions: Sequence[str]) -> dict[str, float]:
    """Share of each emotion's samples that is recognised, 0..1; 0 for an absent emotion."""
    places = range(len(emotions))
    values = recall_score(labels, predicted, labels=places, average=None, zero_division=0)
    return dict(zip(emotions, (float(value) for value in values), strict=True))


def confusion(labels: np.ndarray, predicted: np.ndarray, emotions: Sequence[str]) -> np.ndarray:
    """K x K integer counts; rows are true, columns predicted, both in the order of `emotions`."""
    return np.asarray(confusion_matrix(labels, predicted, labels=range(len(emotions))))
