"""What the paper says about its scores in words, as numbers."""

from itertools import pairwise
from typing import Any

import numpy as np

from ferblur.core.study import LEVELS, MODELS


def differences(
    accuracies: dict[str, dict[str, np.ndarray]], chance: float
) -> dict[str, dict[str, Any]]:
    """Differences of accuracies, between models, blur levels and people.

    `accuracies` holds an array for each model and task, all of one shape; the results have that
    shape too. `chance` is the accuracy of guessing. Returns

    - `gain`: accuracy of the second model minus the baseline's, by task
    - `drop`: accuracy lost from the next sharper level to this one, by model and level
    - `kept`: share of the sharp accuracy above chance that is left, by model and level
    - `kept_gain`: that of the second model minus the baseline's, by level
    - `above_chance`: accuracy minus chance, by model and level
    - `unseen`: accuracy on the own test set minus that on unseen people, sharp, by model

    `kept` and `kept_gain` mean nothing where a model is no better than chance on sharp faces.
    """
    baseline, second = (accuracies[name] for name in MODELS)
    kept = {
        model: {
            level: (scores[level] - chance) / np.maximum(scores["none"] - chance, 1e-9)
            for level in LEVELS[1:]
        }
        for model, scores in accuracies.items()
    }
    return {
        "gain": {task: second[task] - baseline[task] for task in baseline},
        "drop": {
            model: {level: scores[sharper] - scores[level] for sharper, level in pairwise(LEVELS)}
            for model, scores in accuracies.items()
        },
        "kept": kept,
        "kept_gain": {
            level: kept["second"][level] - kept["baseline"][level] for level in LEVELS[1:]
        },
        "above_chance": {
            model: {level: scores[level] - chance for level in LEVELS}
            for model, scores in accuracies.items()
        },
        "unseen": {model: scores["test"] - scores["none"] for model, scores in accuracies.items()},
    }
