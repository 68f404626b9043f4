"""The four answers to "is it the committed run?", and the tolerance between them."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferblur import agreement
from ferblur.files import read_json

ROOT = Path(__file__).parents[1]


def scores(value: float) -> dict[str, Any]:
    return {
        model: {task: dict.fromkeys(agreement.SCORES, value) for task in agreement.TASKS}
        for model in agreement.MODELS
    }


@pytest.fixture
def committed() -> dict[str, Any]:
    return {
        "params": {"train": {"seed": 3, "epochs": 15}},
        "predictions": {"baseline": "a", "second": "b"},
        "scores": scores(0.5),
        "tolerances": scores(0.02),
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
    found = agreement.compare(run, committed)
    assert found["verdict"] == "other parameters"
    assert "train.epochs" in found["line"]


def test_a_tolerance_is_four_standard_deviations() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(0.5, 0.02, 400)
    spread = {str(number): scores(float(value)) for number, value in enumerate(values)}
    tolerance = agreement.tolerances(spread)["second"]["high"]["accuracy"]
    assert tolerance == pytest.approx(0.08, rel=0.1)
    pairs = np.abs(values[::2] - values[1::2])
    assert (pairs > tolerance).mean() <= 0.015


def test_the_committed_run_is_the_one_in_git() -> None:
    committed = read_json(ROOT / "paper/committed.json")
    spread = read_json(ROOT / "benchmarks/spread.json")
    assert committed["tolerances"] == agreement.tolerances(spread)
    for model, tasks in committed["scores"].items():
        for task, score in tasks.items():
            assert score == read_json(ROOT / f"results/evaluate/{model}/{task}.json")
    assert committed["scores"] == spread["as committed"]
