"""Differences of accuracies, value by value."""

import numpy as np

from ferblur.core.study import TASKS
from ferblur.evidence.differences import differences


def test_differences_are_elementwise() -> None:
    accuracy = {
        model: {task: np.array([start - 0.1 * n, 0.9]) for n, task in enumerate(TASKS)}
        for model, start in (("baseline", 0.8), ("second", 0.85))
    }
    found = differences(accuracy, 1 / 6)
    np.testing.assert_allclose(found["gain"]["low"], [0.05, 0])
    np.testing.assert_allclose(found["drop"]["second"]["medium"], [0.1, 0])
    np.testing.assert_allclose(found["unseen"]["baseline"], [0.1, 0])
    np.testing.assert_allclose(
        found["above_chance"]["baseline"]["none"], [0.7 - 1 / 6, 0.9 - 1 / 6]
    )
    np.testing.assert_allclose(found["kept"]["baseline"]["low"][0], (0.6 - 1 / 6) / (0.7 - 1 / 6))
    np.testing.assert_allclose(found["kept_gain"]["high"][1], 0, atol=1e-12)


def test_chance_is_that_of_the_classes() -> None:
    scores = {task: np.array([0.6 if task == "none" else 0.4]) for task in TASKS}
    found = differences({"baseline": scores, "second": scores}, 1 / 5)
    np.testing.assert_allclose(found["above_chance"]["second"]["high"], [0.2])
    np.testing.assert_allclose(found["kept"]["second"]["high"], [0.5])
