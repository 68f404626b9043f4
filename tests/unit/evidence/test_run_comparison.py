"""The answers to "is it the committed run?", the first stage that differs, and the tolerance."""

import copy
from typing import Any

import pytest

from ferblur.core.study import MODELS, TASKS
from ferblur.evidence import run_comparison


def scores(value: float) -> dict[str, Any]:
    return {
        model: {task: dict.fromkeys(run_comparison.SCORES, value) for task in TASKS}
        for model in MODELS
    }


def computed(**changes: object) -> dict[str, object]:
    return {"arithmetic": "portable", "device": "CPU", "ranks": 1, "torch": "2"} | changes


@pytest.fixture
def committed() -> dict[str, Any]:
    return {
        "params": {"train": {"seed": 3, "epochs": 15, "arithmetic": "portable"}},
        "versions": {"numpy": "2.4.6", "torch": "2"},
        "computed": {model: computed() for model in MODELS},
        "outputs": {"split": "a", "train@baseline": "b", "evaluate@second": "c"},
        "scores": scores(0.5),
        "native_scores": {"float32": scores(0.5), "bfloat16": scores(0.6)},
        "tolerances": scores(0.02),
        "environment": {"processor": "ours"},
    }


@pytest.fixture
def run(committed: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(committed)


def test_the_same_outputs_are_bit_identical(run: Any, committed: Any) -> None:
    found = run_comparison.compare(run, committed)
    assert (found["verdict"], found["stage"]) == ("bit-identical", "")
    assert len(found["cells"]) == 24


def test_other_outputs_can_be_within_tolerance(run: Any, committed: Any) -> None:
    run["outputs"]["evaluate@second"] = "d"
    run["scores"]["second"]["low"]["f1"] = 0.519
    found = run_comparison.compare(run, committed)
    assert (found["verdict"], found["outside"]) == ("within tolerance", 0)
    assert "from the stage evaluate@second on; 24 of its 24 scores" in found["line"]
    assert "`make verify`" in found["line"]  # nothing the run knows explains it


def test_one_score_outside_is_different(run: Any, committed: Any) -> None:
    run["outputs"]["split"] = run["outputs"]["train@baseline"] = "d"
    run["scores"]["second"]["low"]["f1"] = 0.521
    found = run_comparison.compare(run, committed)
    assert (found["verdict"], found["stage"]) == ("different", "split")
    assert "23 of its 24" in found["line"]


def test_a_gpu_is_named(run: Any, committed: Any) -> None:
    run["outputs"]["train@baseline"] = "d"
    run["computed"]["baseline"] = computed(device="A Card", arithmetic="float32", ranks=2)
    line = run_comparison.compare(run, committed)["line"]
    assert "baseline on A Card in float32, torch 2, 2 ranks" in line
    assert "There: baseline on CPU in portable, torch 2, 1 rank;" in line


def test_other_versions_are_named(run: Any, committed: Any) -> None:
    run["outputs"]["split"] = "d"
    run["versions"]["numpy"] = "2.5.0"
    line = run_comparison.compare(run, committed)["line"]
    assert line.endswith("other versions here: numpy 2.5.0 (there 2.4.6).")


def test_native_arithmetic_has_scores_of_its_own(run: Any, committed: Any) -> None:
    run["outputs"]["train@baseline"] = "d"
    run["params"]["train"]["arithmetic"] = "bfloat16"
    run["computed"] = {model: computed(arithmetic="bfloat16") for model in MODELS}
    run["scores"] = scores(0.61)
    found = run_comparison.compare(run, committed)
    assert found["verdict"] == "within tolerance"
    assert "as bfloat16 arithmetic gave them there" in found["line"]
    run["scores"] = scores(0.5)  # the portable run's
    assert run_comparison.compare(run, committed)["verdict"] == "different"


def test_other_parameters_are_named(run: Any, committed: Any) -> None:
    run["params"]["train"]["epochs"] = 2
    assert run_comparison.compare(run, committed)["verdict"] == "bit-identical"
    run["outputs"]["evaluate@second"] = "d"
    found = run_comparison.compare(run, committed)
    assert found["verdict"] == "other parameters"
    assert "(train.epochs)" in found["line"]
    assert "from the stage evaluate@second on" in found["line"]


def test_a_new_blur_level_is_not_compared(run: Any, committed: Any) -> None:
    for scores_of in (committed["scores"], committed["tolerances"]):
        for tasks in scores_of.values():
            del tasks["very_high"]
    run["params"]["blur"] = {"very_high": 14}
    run["outputs"]["evaluate@second"] = "d"
    found = run_comparison.compare(run, committed)
    assert found["verdict"] == "other parameters"
    assert len(found["cells"]) == 20


def test_scores_edited_by_hand_are_not_bit_identical(run: Any, committed: Any) -> None:
    run["scores"]["second"]["low"]["f1"] = 0.9
    assert run_comparison.compare(run, committed)["verdict"] == "different"
