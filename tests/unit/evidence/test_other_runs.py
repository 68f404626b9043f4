"""Which committed runs are shown beside one, what is read of them, and how verdicts are counted.

pytest tests/unit/evidence/test_other_runs.py
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clone import ROOT
from ferblur.core.files import read_json, write_json
from ferblur.core.study import LEVELS, MODELS
from ferblur.evidence import other_runs
from ferblur.evidence.run_comparison import COMMITTED, committed_run, dataset
from ferblur.evidence.verdicts import JUDGEMENTS


@pytest.fixture
def commit(project: Path) -> Callable[[str], Path]:
    """Commit the rendered run's results as another dataset's."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(ROOT / COMMITTED / "synthetic", COMMITTED / name))

    return copy


def test_no_run_is_shown_beside_itself(commit: Callable[[str], Path]) -> None:
    assert other_runs.others("synthetic") == []
    for name in ("synthetic", "photographs", "mine"):
        commit(name)
    assert other_runs.others("synthetic") == ["mine", "photographs"]
    assert other_runs.others("other") == ["mine", "photographs", "synthetic"]


def test_a_folder_that_was_not_filled_is_left_out(commit: Callable[[str], Path]) -> None:
    (commit("mine") / "claims.json").unlink()
    assert other_runs.others("synthetic") == []


def test_what_a_run_shows_is_read(commit: Callable[[str], Path]) -> None:
    folder = commit("mine")
    (folder / "networks.json").unlink(missing_ok=True)
    found = other_runs.read("mine")
    assert found["networks"] == {}
    seeds = [str(seed) for seed in found["params"]["train"]["seeds"]]
    assert [list(trained) for trained in found["trainings"].values()] == [seeds, seeds]
    assert set(found["trainings"]) == set(found["scores"]) == set(MODELS)
    for level in LEVELS:
        assert {"value", "low", "high"} == set(found["scores"]["second"][level]["f1"])
        assert found["differences"]["gain"][level]["low"] < 1
    assert found["prepared"]["train"]["subjects"] > 0
    assert found["comparison"]["clusters"] > 0
    assert found["claims"]["direction-high"]["verdict"] in JUDGEMENTS
    write_json(folder / "networks.json", networks())
    assert set(other_runs.read("mine")["networks"]) == {"fer"}


def test_answers_beyond_the_paper_are_this_datasets_first(commit: Callable[[str], Path]) -> None:
    assert other_runs.beyond("synthetic") == []
    for name in ("synthetic", "photographs", "mine"):
        folder = commit(name) / other_runs.BEYOND_COPY
        shutil.rmtree(folder, ignore_errors=True)
        if name != "mine":
            write_json(folder / "answers.json", {"answers": [name], "samples": 3})
            write_json(folder / "breaking.json", {"breaking": {"of": name}})
    assert other_runs.beyond("synthetic") == ["synthetic", "photographs"]
    assert other_runs.beyond("photographs") == ["photographs", "synthetic"]
    assert other_runs.beyond("mine") == ["photographs", "synthetic"]
    assert other_runs.read_beyond("photographs") == {
        "answers": ["photographs"],
        "samples": 3,
        "breaking": {"of": "photographs"},
    }


def networks() -> dict[str, Any]:
    bounds = {"value": 0.4, "low": 0.3, "high": 0.5}
    scores = {level: {"accuracy": bounds, "f1": bounds} for level in LEVELS}
    return {"networks": {"fer": {"scores": scores, "second_minus": dict.fromkeys(LEVELS, bounds)}}}


def claims(**verdicts: str) -> dict[str, dict[str, str]]:
    return {name: {"kind": "findings", "verdict": verdict} for name, verdict in verdicts.items()}


def test_findings_are_counted_here_there_and_on_both() -> None:
    ours = claims(
        a="reproduced", b="reproduced", c="contradicted", d="undecided", e="not_comparable",
        f="reproduced", new="reproduced",
    )  # fmt: skip
    theirs = claims(
        a="reproduced", b="undecided", c="contradicted", d="reproduced", e="reproduced",
        f="not_comparable",
    )  # fmt: skip
    for run in (ours, theirs):
        run["labels"] = {"kind": "protocol", "verdict": "reproduced"}
    assert other_runs.tally(ours, theirs) == {
        "here": {"judged": 5, "hold": 3, "alike": 5},
        "there": {"judged": 5, "hold": 3, "alike": 5},
        "both": {"judged": 4, "hold": 1, "alike": 2},
    }
    assert other_runs.differing(ours, theirs) == ["b", "d", "e", "f"]


def test_a_run_is_compared_with_its_own_datasets(
    commit: Callable[[str], Path], edit: Callable[..., None]
) -> None:
    for name in ("synthetic", "photographs"):
        commit(name)
    for root, name, compared in (
        ("datasets/synthetic", "synthetic", "synthetic"),
        ("datasets/photographs/", "photographs", "photographs"),
        ("elsewhere/mine", "mine", "synthetic"),
        ("..", Path.cwd().parent.name, "synthetic"),
    ):
        edit(data={"root": root})
        assert dataset() == name
        assert committed_run() == COMMITTED / compared / "run.json"
        assert read_json(committed_run())["environment"]
