"""What may become the committed run, and that the one in git is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from clone import committed as in_git
from ferblur.commands import committed
from ferblur.core import run_log
from ferblur.core.errors import UserError
from ferblur.core.files import read_json, write_json
from ferblur.core.params import load_params
from ferblur.core.study import MODELS, TASKS
from ferblur.evidence.run_comparison import COMMITTED, compare, this_run


def test_a_finished_run_can_become_the_committed_one(finished: Path) -> None:
    committed.main()
    found = read_json(COMMITTED)
    assert compare(this_run(), found)["verdict"] == "bit-identical"
    assert list(found["scores"]["second"]) == ["1", "2"]
    assert found["environment"]["processor"]
    assert "packages" not in found["environment"]


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A run that may become the committed one; a test changes it."""
    run_log.note_environment({"processor": "ours", "packages": {"numpy": "2"}})
    portable = {"arithmetic": "portable"}
    found = {
        "params": {"train": {"seeds": [1, 2]}},
        "computed": {"baseline-1": portable, "second-2": portable},
    }
    monkeypatch.setattr(committed, "this_run", lambda: found)
    return found


def test_it_is_written_with_its_machine(run: dict[str, Any]) -> None:
    committed.main()
    assert read_json(COMMITTED) == {"environment": {"processor": "ours"}} | run


def refused(message: str) -> None:
    with pytest.raises(UserError, match=message):
        committed.main()
    assert not COMMITTED.exists()


def test_a_run_in_other_arithmetic_is_refused(run: dict[str, Any]) -> None:
    run["computed"]["second-2"] = {"arithmetic": "float32"}
    refused(r"^train\.arithmetic: must be portable in the committed run$")


def test_a_single_training_is_refused(run: dict[str, Any]) -> None:
    run["params"]["train"]["seeds"] = [1]
    refused(r"^train\.seeds: the committed run needs two or more, for an interval$")


def test_a_run_on_an_unknown_machine_is_refused(run: dict[str, Any]) -> None:
    write_json(run_log.RUN_LOG, {"environment": {}})
    refused(r"^results/run\.json: no machine noted; run `make repro` first$")


def test_the_committed_run_is_the_one_in_git(tmp_path: Path) -> None:
    found = json.loads(in_git("paper/committed.json"))
    (tmp_path / "params.yaml").write_bytes(in_git("params.yaml"))
    params = load_params(tmp_path / "params.yaml")
    assert found["params"] == params.model_dump(mode="json", exclude={"figures"})
    assert len(params.train.seeds) > 1
    trainings = [f"{model}-{seed}" for model in MODELS for seed in params.train.seeds]
    assert list(found["computed"]) == trainings
    assert {each["arithmetic"] for each in found["computed"].values()} == {"portable"}
    assert found["scores"] == json.loads(in_git("results/statistics/trainings.json"))
    for model, by in found["scores"].items():
        assert list(by) == [str(seed) for seed in params.train.seeds]
        for seed, tasks in by.items():
            assert tasks == json.loads(in_git(f"results/evaluate/{model}/{seed}/scores.json"))
        for task in TASKS:
            shown = json.loads(in_git(f"results/metrics/{model}/{task}.json"))
            for score, value in shown.items():
                mean = np.mean([tasks[task][score] for tasks in by.values()])
                assert value == pytest.approx(mean, abs=1e-12)
    stages = yaml.safe_load(in_git("dvc.lock"))["stages"]
    for name in trainings:
        for stage in ("train", "evaluate"):
            assert f"{stage}@{name}" in stages
            assert f"{stage}@{name}" in found["outputs"]
