"""The tolerance of a score, and what may become the committed run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clone import committed as in_git
from ferblur.commands import committed
from ferblur.core.errors import UserError
from ferblur.core.study import MODELS, TASKS
from ferblur.evidence.run_comparison import COMMITTED, SCORES


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
        found = committed.tolerances(runs)
        inside.append(
            all(
                abs(new[model][task]["f1"] - runs["0"][model][task]["f1"])
                <= found[model][task]["f1"]
                for model, task in cells
            )
        )
    assert 0.92 < sum(inside) / len(inside) < 0.99


def test_a_score_that_never_moved_may_still_move() -> None:
    found = committed.tolerances({str(number): scores(1.0) for number in range(3)})
    assert found["baseline"]["test"]["f1"] == committed.MIN_TOLERANCE


def test_a_spread_of_another_run_is_refused(finished: Path) -> None:
    before = COMMITTED.read_bytes()
    with pytest.raises(UserError, match=r"benchmarks/spread\.json: not of this run"):
        committed.main()
    assert COMMITTED.read_bytes() == before


def test_the_committed_run_is_the_one_in_git() -> None:
    found, spread = (
        json.loads(in_git(name)) for name in ("paper/committed.json", "benchmarks/spread.json")
    )
    assert found["tolerances"] == committed.tolerances(spread["runs"])
    assert found["outputs"] == spread["outputs"]
    assert found["scores"] == spread["runs"]["as committed"]
    assert set(found["native_scores"]) == set(committed.NATIVE)
    for model, tasks in found["scores"].items():
        for task, score in tasks.items():
            assert score == json.loads(in_git(f"results/evaluate/{model}/{task}.json"))
