"""The four answers to "is it the committed run?", and the tolerance between them."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferblur import agreement
from ferblur.errors import UserError
from ferblur.files import read_json
from ferblur.manifest import MODELS

ROOT = Path(__file__).parents[1]


def scores(value: float) -> dict[str, Any]:
    return {
        model: {task: dict.fromkeys(agreement.SCORES, value) for task in agreement.TASKS}
        for model in MODELS
    }


@pytest.fixture
def committed() -> dict[str, Any]:
    return {
        "params": {"train": {"seed": 3, "epochs": 15}},
        "predictions": {"baseline": "a", "second": "b"},
        "scores": scores(0.5),
        "tolerances": scores(0.02),
        "environment": {"processor": "ours"},
    }


@pytest.fixture
def run(committed: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(committed)


def test_the_same_predictions_are_bit_identical(run: Any, committed: Any) -> None:
    found = agreement.compare(run, committed)
    assert found["verdict"] == "bit-identical"
    assert len(found["cells"]) == 24


def test_other_predictions_can_be_within_tolerance(run: Any, committed: Any) -> None:
    run["predictions"]["second"] = "c"
    run["scores"]["second"]["low"]["f1"] = 0.519
    found = agreement.compare(run, committed)
    assert (found["verdict"], found["outside"]) == ("within tolerance", 0)


def test_one_score_outside_is_different(run: Any, committed: Any) -> None:
    run["predictions"]["second"] = "c"
    run["scores"]["second"]["low"]["f1"] = 0.521
    found = agreement.compare(run, committed)
    assert found["verdict"] == "different"
    assert "1 of 24" in found["line"]


def test_other_parameters_are_named(run: Any, committed: Any) -> None:
    run["params"]["train"]["epochs"] = 2
    assert agreement.compare(run, committed)["verdict"] == "bit-identical"
    run["predictions"]["second"] = "c"
    found = agreement.compare(run, committed)
    assert found["verdict"] == "other parameters"
    assert "train.epochs" in found["line"]


def test_scores_edited_by_hand_are_not_bit_identical(run: Any, committed: Any) -> None:
    run["scores"]["second"]["low"]["f1"] = 0.9
    assert agreement.compare(run, committed)["verdict"] == "different"


def test_chance_alone_stays_within_tolerance() -> None:
    generator = np.random.default_rng(0)
    cells = [(model, task) for model in MODELS for task in agreement.TASKS]
    inside = []
    for _ in range(400):
        runs = {str(number): scores(0.0) for number in range(9)}
        for model, task in cells:  # accuracy and F1 go together
            for drawn in runs.values():
                value = generator.normal(0.5, 0.03)
                drawn[model][task] = dict.fromkeys(agreement.SCORES, value)
        new = runs.pop("8")
        found = agreement.tolerances(runs)
        inside.append(
            all(
                abs(new[model][task]["f1"] - runs["0"][model][task]["f1"])
                <= found[model][task]["f1"]
                for model, task in cells
            )
        )
    assert 0.92 < sum(inside) / len(inside) < 0.99


def test_a_score_that_never_moved_may_still_move() -> None:
    found = agreement.tolerances({str(number): scores(1.0) for number in range(3)})
    assert found["baseline"]["test"]["f1"] == agreement.LEAST


def test_a_spread_of_another_run_is_refused(finished: Path) -> None:
    before = agreement.COMMITTED.read_bytes()
    with pytest.raises(UserError, match=r"benchmarks/spread\.json: not of this run"):
        agreement.main()
    assert agreement.COMMITTED.read_bytes() == before


def test_the_committed_run_is_the_one_in_git() -> None:
    committed = read_json(ROOT / "paper/committed.json")
    spread = read_json(ROOT / "benchmarks/spread.json")
    assert committed["tolerances"] == agreement.tolerances(spread["runs"])
    assert committed["predictions"] == spread["predictions"]
    assert committed["scores"] == spread["runs"]["as committed"]
    for model, tasks in committed["scores"].items():
        for task, score in tasks.items():
            assert score == read_json(ROOT / f"results/evaluate/{model}/{task}.json")
