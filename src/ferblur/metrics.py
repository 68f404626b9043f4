"""Scores of a set of predictions (sections IV and V), computed by scikit-learn."""

from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from ferblur.blur import LEVELS
from ferblur.dataset import EMOTIONS
from ferblur.manifest import MODELS

LABELS = list(range(len(EMOTIONS)))

CHANCE = 1 / len(EMOTIONS)
"""Accuracy of guessing."""


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


def differences(accuracy: dict[str, dict[str, np.ndarray]]) -> dict[str, dict[str, Any]]:
    """What the paper says of its scores in words, as numbers.

    `accuracy` holds an array for each model and task (test and the blur levels), all of one shape;
    the results have that shape too. Returns

    - `gain`: accuracy of the second model minus the baseline's, by task
    - `drop`: accuracy lost from the next sharper level to this one, by model and level
    - `kept`: share of the sharp accuracy above chance that is left, by model and level
    - `kept_gain`: that of the second model minus the baseline's, by level
    - `above_chance`: accuracy minus 1/6, by model and level
    - `unseen`: accuracy on the own test set minus that on unseen people, sharp, by model

    `kept` and `kept_gain` mean nothing where a model is no better than chance on sharp faces.
    """
    baseline, second = (accuracy[name] for name in MODELS)
    kept = {
        model: {
            level: (scores[level] - CHANCE) / np.maximum(scores["none"] - CHANCE, 1e-9)
            for level in LEVELS[1:]
        }
        for model, scores in accuracy.items()
    }
    return {
        "gain": {task: second[task] - baseline[task] for task in baseline},
        "drop": {
            model: {level: scores[sharper] - scores[level] for sharper, level in pairwise(LEVELS)}
            for model, scores in accuracy.items()
        },
        "kept": kept,
        "kept_gain": {
            level: kept["second"][level] - kept["baseline"][level] for level in LEVELS[1:]
        },
        "above_chance": {
            model: {level: scores[level] - CHANCE for level in LEVELS}
            for model, scores in accuracy.items()
        },
        "unseen": {model: scores["test"] - scores["none"] for model, scores in accuracy.items()},
    }
