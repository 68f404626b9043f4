"""Scores of a set of predictions (sections IV and V), computed by scikit-learn."""

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from ferblur.core.study import EMOTIONS

LABELS = list(range(len(EMOTIONS)))


def scores(labels: np.ndarray, predicted: np.ndarray, f1_average: str) -> dict[str, float]:
    """Accuracy and F1, each in 0..1.

    `labels` and `predicted` are N integers in 0..5. `f1_average` is scikit-learn's `average`; the
    study does not say which one it used. A class that is never predicted counts as F1 0.
    """
    return {
        "accuracy": float(accuracy_score(labels, predicted)),
        "f1": float(
            f1_score(labels, predicted, labels=LABELS, average=f1_average, zero_division=0)
        ),
    }


def recall(labels: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Share of each emotion's samples that is recognised, 0..1; 0 for an absent emotion."""
    values = recall_score(labels, predicted, labels=LABELS, average=None, zero_division=0)
    return dict(zip(EMOTIONS, (float(value) for value in values), strict=True))


def confusion(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """6 x 6 integer counts; rows are true, columns predicted, both in the order of EMOTIONS."""
    return np.asarray(confusion_matrix(labels, predicted, labels=LABELS))
