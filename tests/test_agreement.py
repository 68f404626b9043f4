"""The answers to "is it the committed run?", the first stage that differs, and the tolerance."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clone import committed as in_git
from ferblur import agreement
from ferblur.errors import UserError
from ferblur.manifest import MODELS


def scores(value: float) -> dict[str, Any]:
    return {
        model: {task: dict.fromkeys(agreement.SCORES, value) for task in agreement.TASKS}
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
    found = agreement.compare(run, committed)
    assert (found["verdict"], found["stage"]) == ("bit-identical", "")
    assert len(found["cells"]) == 24


def test_other_outputs_can_be_within_tolerance(run: Any, committed: Any) -> None:
    run["outputs"]["evaluate@second"] = "d"
    run["scores"]["second"]["low"]["f1"] = 0.519
    found = agreement.compare(run, committed)
    assert (found["verdict"], found["outside"]) == ("within tolerance", 0)
    assert "from the stage evaluate@second on; 24 of its 24 scores" in found["line"]
    assert "`make verify`" in found["line"]  # nothing the run knows explains it


def test_one_score_outside_is_different(run: Any, committed: Any) -> None:
    run["outputs"]["split"] = run["outputs"]["train@baseline"] = "d"
    run["scores"]["second"]["low"]["f1"] = 0.521
    found = agreement.compare(run, committed)
    assert (found["verdict"], found["stage"]) == ("different", "split")
    assert "23 of its 24" in found["line"]


def test_a_gpu_is_named(run: Any, committed: Any) -> None:
    run["outputs"]["train@baseline"] = "d"
    run["computed"]["baseline"] = computed(device="A Card", arithmetic="float32", ranks=2)
    line = agreement.compare(run, committed)["line"]
    assert "baseline on A Card in float32, torch 2, 2 ranks" in line
    assert "There: baseline on CPU in portable, torch 2, 1 rank;" in line


def test_other_versions_are_named(run: Any, committed: Any) -> None:
    run["outputs"]["split"] = "d"
    run["versions"]["numpy"] = "2.5.0"
    line = agreement.compare(run, committed)["line"]
    assert line.endswith("other versions here: numpy 2.5.0 (there 2.4.6).")


def test_native_arithmetic_has_scores_of_its_own(run: Any, committed: Any) -> None:
    run["outputs"]["train@baseline"] = "d"
    run["params"]["train"]["arithmetic"] = "bfloat16"
    run["computed"] = {model: computed(arithmetic="bfloat16") for model in MODELS}
    run["scores"] = scores(0.61)
    found = agreement.compare(run, committed)
    assert found["verdict"] == "within tolerance"
    assert "as bfloat16 arithmetic gave them there" in found["line"]
    run["scores"] = scores(0.5)  # the portable run's
    assert agreement.compare(run, committed)["verdict"] == "different"


def test_other_parameters_are_named(run: Any, committed: Any) -> None:
    run["params"]["train"]["epochs"] = 2
    assert agreement.compare(run, committed)["verdict"] == "bit-identical"
    run["outputs"]["evaluate@second"] = "d"
    found = agreement.compare(run, committed)
    assert found["verdict"] == "other parameters"
    assert "(train.epochs)" in found["line"]
    assert "from the stage evaluate@second on" in found["line"]


def test_scores_edited_by_hand_are_not_bit_identical(run: Any, committed: Any) -> None:
    run["scores"]["second"]["low"]["f1"] = 0.9
    assert agreement.compare(run, committed)["verdict"] == "different"


def test_a_folder_is_its_files_and_their_names(tmp_path: Path) -> None:
    digests = set()
    for name, content in (("a", "1"), ("b", "1"), ("b", "2")):
        folder = tmp_path / name / content
        folder.mkdir(parents=True)
        (folder / name).write_text(content)
        digests |= {agreement.digest(folder), agreement.digest(folder)}
    assert len(digests) == 3
    with pytest.raises(FileNotFoundError):
        agreement.digest(tmp_path / "c")


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
    committed, spread = (
        json.loads(in_git(name)) for name in ("paper/committed.json", "benchmarks/spread.json")
    )
    assert committed["tolerances"] == agreement.tolerances(spread["runs"])
    assert committed["outputs"] == spread["outputs"]
    assert committed["scores"] == spread["runs"]["as committed"]
    assert set(committed["native_scores"]) == set(agreement.NATIVE)
    for model, tasks in committed["scores"].items():
        for task, score in tasks.items():
            assert score == json.loads(in_git(f"results/evaluate/{model}/{task}.json"))
