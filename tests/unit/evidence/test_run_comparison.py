"""The answers to "is it the committed run?", the first stage that differs, and the tolerance.

pytest tests/unit/evidence/test_run_comparison.py
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ferblur.core.files import sha256, write_csv, write_json
from ferblur.core.study import MODELS, POOLS, TASKS
from ferblur.evidence import run_comparison
from ferblur.evidence.run_comparison import tolerance

SEEDS = (1, 2, 3)
AROUND = (0.48, 0.5, 0.52)
WIDE = 4.302653 * (2 / 3) ** 0.5 * 0.02
"""How far the mean of three trainings may be from that of AROUND: Student's t of 2 degrees."""


def scores(*values: float, seeds: tuple[int, ...] = SEEDS) -> dict[str, Any]:
    """Every score of the training from each seed is its value."""
    return {
        model: {
            str(seed): {task: dict.fromkeys(run_comparison.SCORES, value) for task in TASKS}
            for seed, value in zip(seeds, values, strict=True)
        }
        for model in MODELS
    }


def shift(run: dict[str, Any], model: str, task: str, by: float, *names: str) -> None:
    """Change a score of all trainings."""
    for tasks in run["scores"][model].values():
        for name in names or run_comparison.SCORES:
            tasks[task][name] += by


def computed(**changes: object) -> dict[str, dict[str, object]]:
    each = {"arithmetic": "portable", "device": "CPU", "ranks": 1, "torch": "2"} | changes
    return {f"{model}-{seed}": each for model in MODELS for seed in SEEDS}


@pytest.fixture
def committed() -> dict[str, Any]:
    names = [f"{model}-{seed}" for model in MODELS for seed in SEEDS]
    return {
        "params": {"train": {"seeds": [*SEEDS], "epochs": 15, "arithmetic": "portable"}},
        "versions": {"numpy": "2.4.6", "torch": "2"},
        "computed": computed(),
        "outputs": {"split": "a"}
        | {f"train@{name}": f"t{name}" for name in names}
        | {f"evaluate@{name}": f"e{name}" for name in names},
        "scores": scores(*AROUND),
        "environment": {"processor": "ours"},
    }


@pytest.fixture
def run(committed: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(committed)


def test_the_same_outputs_are_bit_identical(run: Any, committed: Any) -> None:
    found = run_comparison.compare(run, committed)
    assert (found["verdict"], found["stage"], found["outside"]) == ("bit-identical", "", 0)
    assert len(found["cells"]) == 24
    for cell in found["cells"]:
        assert cell["run"] == cell["committed"] == pytest.approx(0.5)
        assert cell["tolerance"] == pytest.approx(WIDE)


def test_means_over_trainings_are_compared(run: Any, committed: Any) -> None:
    run["outputs"]["evaluate@second-2"] = "d"
    shift(run, "second", "low", WIDE - 0.001, "f1")
    found = run_comparison.compare(run, committed)
    assert (found["verdict"], found["outside"]) == ("within tolerance", 0)
    assert "from the stage evaluate@second-2 on; 24 of its 24 scores" in found["line"]
    assert "95% interval over the committed trainings" in found["line"]
    assert "`make verify`" in found["line"]  # nothing the run knows explains it
    cell = next(c for c in found["cells"] if (c["model"], c["task"]) == ("second", "low"))
    assert cell["score"] == "accuracy"
    moved = found["cells"][found["cells"].index(cell) + 1]
    assert moved["run"] - moved["committed"] == pytest.approx(WIDE - 0.001)


def test_as_many_tasks_are_outside_as_chance_leaves_there(run: Any, committed: Any) -> None:
    # of 12 tasks, more than 2 are outside a 95 % interval in 2 % of cases (binomial)
    run["outputs"]["train@baseline-1"] = "d"
    verdicts = []
    for task in ("none", "low", "medium"):
        shift(run, "second", task, WIDE + 0.001)
        found = run_comparison.compare(run, committed)
        verdicts.append((found["verdict"], found["outside"]))
    assert verdicts == [("within tolerance", 2), ("within tolerance", 4), ("different", 6)]
    assert found["stage"] == "train@baseline-1"
    assert "18 of its 24" in found["line"]


def test_lower_scores_are_as_far_away_as_higher_ones(run: Any, committed: Any) -> None:
    run["outputs"]["split"] = "d"
    for task in TASKS[:3]:
        shift(run, "baseline", task, -WIDE - 0.001, "accuracy")
    found = run_comparison.compare(run, committed)
    assert (found["verdict"], found["stage"], found["outside"]) == ("different", "split", 3)


@pytest.mark.parametrize(("there", "here"), [(3, 3), (3, 1), (5, 2), (2, 6)])
def test_the_tolerance_holds_95_of_100_differences(there: int, here: int) -> None:
    generator = np.random.default_rng(7)
    inside = [
        abs(theirs.mean() - generator.normal(size=here).mean()) <= tolerance(theirs.tolist(), here)
        for theirs in generator.normal(size=(1500, there))
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


def test_scores_that_hardly_varied_may_still_vary() -> None:
    assert tolerance([0.5, 0.5, 0.5], 3) == run_comparison.MIN_TOLERANCE
    assert tolerance([0.4, 0.6], 3) > 1  # two trainings say little


@pytest.mark.parametrize(("common", "share"), [(False, 0.02), (True, 1 - 0.95**2)])
def test_a_run_that_differs_by_chance_is_seldom_called_different(
    run: Any, committed: Any, common: bool, share: float
) -> None:
    # each task by chance: three or more of 12; all tasks of a model alike: one of two models
    generator = np.random.default_rng(11)
    run["outputs"]["train@baseline-1"] = "d"
    called = []
    for _ in range(100):
        for record in (run, committed):
            for trainings in record["scores"].values():
                for tasks in trainings.values():
                    shared = generator.normal(0, 0.05)
                    for task in TASKS:  # a training is better at all tasks, or at each by chance
                        value = 0.5 + (shared if common else generator.normal(0, 0.05))
                        tasks[task] = dict.fromkeys(run_comparison.SCORES, value)
        called.append(run_comparison.compare(run, committed)["verdict"])
    assert set(called) <= {"different", "within tolerance"}
    assert called.count("different") / len(called) <= share + 0.07


def test_a_gpu_is_named(run: Any, committed: Any) -> None:
    run["outputs"]["train@baseline-1"] = "d"
    card = computed(device="A Card", arithmetic="float32", ranks=2)
    run["computed"] |= {name: each for name, each in card.items() if name.startswith("baseline")}
    line = run_comparison.compare(run, committed)["line"]
    assert "Trained here on A Card in float32, torch 2, 2 ranks; on CPU in portable" in line
    assert line.endswith("there on CPU in portable, torch 2, 1 rank.")


def test_other_versions_are_named(run: Any, committed: Any) -> None:
    run["outputs"]["split"] = "d"
    run["versions"]["numpy"] = "2.5.0"
    line = run_comparison.compare(run, committed)["line"]
    assert line.endswith("other versions here: numpy 2.5.0 (there 2.4.6).")


@pytest.mark.parametrize("arithmetic", ["float32", "bfloat16"])
def test_native_arithmetic_is_held_against_the_committed_means(
    run: Any, committed: Any, arithmetic: str
) -> None:
    run["outputs"] |= {name: "d" for name in run["outputs"] if "@" in name}
    run["params"]["train"]["arithmetic"] = arithmetic
    run["computed"] = computed(arithmetic=arithmetic)
    run["scores"] = scores(0.53, 0.55, 0.56)
    found = run_comparison.compare(run, committed)
    assert (found["verdict"], found["outside"]) == ("within tolerance", 0)
    assert f"Trained here on CPU in {arithmetic}, torch 2, 1 rank; there" in found["line"]
    assert {cell["committed"] for cell in found["cells"]} == {0.5}
    run["scores"] = scores(0.57, 0.58, 0.59)
    assert run_comparison.compare(run, committed)["verdict"] == "different"


def test_other_parameters_are_named(run: Any, committed: Any) -> None:
    run["params"]["train"]["epochs"] = 2
    assert run_comparison.compare(run, committed)["verdict"] == "bit-identical"
    run["outputs"]["evaluate@second-1"] = "d"
    found = run_comparison.compare(run, committed)
    assert found["verdict"] == "other parameters"
    assert "(train.epochs)" in found["line"]
    assert "from the stage evaluate@second-1 on" in found["line"]


def test_parameters_of_faces_that_no_stage_renders_are_none_of_a_run(
    run: Any, committed: Any
) -> None:
    run["outputs"]["evaluate@second-1"] = "d"
    shared = {"synthesize": {"seed": 1}, "pretrain": {"clips": 6}}
    committed["params"] |= {"data": {"root": "datasets/photographs"}}
    run["params"] |= {"data": {"root": "datasets/photographs"}} | shared
    assert run_comparison.compare(run, committed)["verdict"] == "within tolerance"
    for record in (run, committed):
        record["params"]["train"]["weights"] = "rendered"
    assert (
        "(pretrain.clips)"
        in run_comparison.compare(
            run, committed | {"params": committed["params"] | {"pretrain": {"clips": 12}}}
        )["line"]
    )
    for record in (run, committed):
        record["params"]["train"]["weights"] = "none"
        record["params"]["data"]["root"] = "datasets/synthetic"
    assert "(synthesize)" in run_comparison.compare(run, committed)["line"]


def test_other_seeds_are_other_parameters(run: Any, committed: Any) -> None:
    run["params"]["train"]["seeds"] = [1, 2, 4]
    run["scores"] = scores(*AROUND, seeds=(1, 2, 4))
    run["outputs"] = {
        name.replace("-3", "-4"): hashed.replace("-3", "-4")
        for name, hashed in run["outputs"].items()
    }
    found = run_comparison.compare(run, committed)
    assert (found["verdict"], found["stage"]) == ("other parameters", "train@baseline-4")
    assert "(train.seeds)" in found["line"]


def test_one_training_is_held_against_the_mean_of_several(run: Any, committed: Any) -> None:
    run["params"]["train"]["seeds"] = [2]
    run["scores"] = scores(0.5, seeds=(2,))
    run["outputs"] = {
        name: hashed for name, hashed in run["outputs"].items() if name[-2:] not in ("-1", "-3")
    }
    found = run_comparison.compare(run, committed)
    assert found["verdict"] == "other parameters"
    assert found["cells"][0]["tolerance"] == pytest.approx(WIDE * 2**0.5)


def test_a_new_blur_level_is_not_compared(run: Any, committed: Any) -> None:
    for trainings in committed["scores"].values():
        for tasks in trainings.values():
            del tasks["very_high"]
    run["params"]["blur"] = {"very_high": 14}
    run["outputs"]["evaluate@second-1"] = "d"
    found = run_comparison.compare(run, committed)
    assert found["verdict"] == "other parameters"
    assert len(found["cells"]) == 20


def test_scores_edited_by_hand_are_not_bit_identical(run: Any, committed: Any) -> None:
    run["scores"]["second"]["2"]["low"]["f1"] += 0.001
    found = run_comparison.compare(run, committed)
    assert found["verdict"] == "within tolerance"
    assert found["stage"] == "statistics"


@pytest.fixture
def left(project: Path, edit: Callable[..., None]) -> Path:
    """What the stages leave, as far as it is hashed."""
    edit(train={"seeds": [4, 2]})
    for stage in ("prepare", "align", "balance", "split"):
        for pool in POOLS:
            write_csv(
                Path(f"data/{stage}/{pool}.csv"), pd.DataFrame({"sha256": [f"{stage}{pool}"]})
            )
    for model in MODELS:
        for seed in (4, 2, 9):  # 9 is an earlier run's
            weights = Path(f"models/{model}/{seed}/last.safetensors")
            weights.parent.mkdir(parents=True)
            weights.write_text(f"{model} {seed}")
            write_csv(Path(f"data/evaluate/{model}/{seed}.csv"), pd.DataFrame({model: [seed]}))
            one = {"arithmetic": "portable", "device": "CPU", "ranks": seed, "torch": "2"}
            write_json(Path(f"results/train/{model}/{seed}/computed.json"), one)
    write_json(Path("results/statistics/trainings.json"), scores(0.4, 0.5, seeds=(4, 2)))
    return project


def test_a_run_is_its_parameters_scores_and_hashes_of_every_training(
    left: Path, edit: Callable[..., None]
) -> None:
    found = run_comparison.this_run()
    assert set(found) == {"params", "versions", "computed", "outputs", "scores"}
    assert found["params"]["train"]["seeds"] == [4, 2]
    assert "figures" not in found["params"]
    assert found["scores"] == scores(0.4, 0.5, seeds=(4, 2))
    trainings = ["baseline-4", "baseline-2", "second-4", "second-2"]
    assert {name: each["ranks"] for name, each in found["computed"].items()} == dict(
        zip(trainings, [4, 2, 4, 2], strict=True)
    )
    assert list(found["outputs"]) == [
        "synthesize", "prepare", "align", "balance", "split",
        *(f"train@{name}" for name in trainings), *(f"evaluate@{name}" for name in trainings),
    ]  # fmt: skip
    assert len(set(found["outputs"].values())) == len(found["outputs"])
    edit(data={"root": "datasets/mine"})
    assert "synthesize" not in run_comparison.outputs()


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("data/prepare/train.csv", {"synthesize", "prepare"}),
        ("data/split/deployment.csv", {"split"}),
        ("models/second/2/last.safetensors", {"train@second-2"}),
        ("data/evaluate/baseline/4.csv", {"evaluate@baseline-4"}),
        ("models/second/9/last.safetensors", set()),
    ],
)
def test_a_changed_file_changes_the_hash_of_its_stage(
    left: Path, file: str, stages: set[str]
) -> None:
    before, path = run_comparison.outputs(), Path(file)
    hashed = sha256(path)
    path.write_text(path.read_text() + "more\n")
    assert sha256(path) != hashed
    after = run_comparison.outputs()
    assert {stage for stage in before if before[stage] != after[stage]} == stages
