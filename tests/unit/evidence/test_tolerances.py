"""The tolerance of a score: what chance alone moves, and never nothing."""

from typing import Any

import numpy as np

from ferblur.core.study import MODELS, TASKS
from ferblur.evidence import tolerances
from ferblur.evidence.run_comparison import SCORES


def scores(value: float) -> dict[str, Any]:
    return {model: {task: dict.fromkeys(SCORES, value) for task in TASKS} for model in MODELS}


def test_chance_alone_stays_within_tolerance() -> None:
    generator = np.random.default_rng(0)
    cells = [(model, task) for model in MODELS for task in TASKS]
    inside = []
    for _ in range(400):
        runs = {str(number): scores(0.0) for number in range(9)}
        for model, task in cells:  # accuracy and F1 go together
            for drawn in runs.values():
                value = generator.normal(0.5, 0.03)
                drawn[model][task] = dict.fromkeys(SCORES, value)
        new = runs.pop("8")
        found = tolerances.tolerances(runs)
        inside.append(
            all(
                abs(new[model][task]["f1"] - runs["0"][model][task]["f1"])
                <= found[model][task]["f1"]
                for model, task in cells
            )
        )
    assert 0.92 < sum(inside) / len(inside) < 0.99


def test_a_score_that_never_moved_may_still_move() -> None:
    found = tolerances.tolerances({str(number): scores(1.0) for number in range(3)})
    assert found["baseline"]["test"]["f1"] == tolerances.MIN_TOLERANCE
