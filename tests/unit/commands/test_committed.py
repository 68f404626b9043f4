"""What may become the committed run, and that the one in git is."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from clone import ROOT
from clone import committed as in_git
from ferblur.commands import committed
from ferblur.core import run_log
from ferblur.core.errors import UserError
from ferblur.core.files import read_json, write_json
from ferblur.core.params import load_params
from ferblur.core.study import MODELS, TASKS
from ferblur.evidence.run_comparison import COMMITTED, compare, this_run
from ferblur.stages import claims

OWN = COMMITTED / "synthetic"
RUN = OWN / "run.json"


def test_a_finished_run_can_become_the_committed_one(finished: Path) -> None:
    (OWN / "of another run.txt").write_text("")
    committed.main()
    found = read_json(RUN)
    assert compare(this_run(), found)["verdict"] == "bit-identical"
    assert list(found["scores"]["second"]) == ["1", "2"]
    assert found["environment"]["processor"]
    assert "packages" not in found["environment"]
    for name in ("metrics/second/high.json", "statistics/recall.json", "verdicts.json"):
        assert (OWN / name).read_bytes() == Path("results", name).read_bytes()
    assert {path.name for path in OWN.iterdir()} == {
        "run.json", "claims.json", "claims.md", *committed.COPIED
    }  # fmt: skip
    ours, copied = read_json(Path("results/claims.json")), read_json(OWN / "claims.json")
    assert copied["counts"] == ours["counts"]
    assert copied["claims"]["direction-high"]["words"] == ours["claims"]["direction-high"]["words"]
    assert sum(path.stat().st_size for path in OWN.rglob("*") if path.is_file()) < 2 * 2**20


def test_committed_runs_do_not_nest(finished: Path) -> None:
    shutil.rmtree(COMMITTED / "photographs", ignore_errors=True)
    shutil.copytree(OWN, COMMITTED / "photographs")
    sizes = []
    for _ in range(2):
        claims.main()
        committed.main()
        beside = read_json(Path("results/claims.json"))["claims"]["direction-high"]["beside"]
        assert list(beside) == ["photographs"]  # not beside itself
        sizes.append((OWN / "claims.json").stat().st_size)
        copied = read_json(OWN / "claims.json")
        assert not any(entry["beside"] for entry in copied["claims"].values())
        assert "photographs" not in (OWN / "claims.md").read_text()
    assert sizes[0] == sizes[1]


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
    for name in committed.COPIED:
        shown = Path("results", name)
        write_json(shown if shown.suffix else shown / "numbers.json", {"shown": name})
    judged = {"dataset": "synthetic", "headline": "H.", "apart": "A.", "counts": {}, "layers": [],
              "claims": {}}  # fmt: skip
    write_json(Path("results/claims.json"), judged)
    return found


def test_it_is_written_with_its_machine(run: dict[str, Any]) -> None:
    committed.main()
    assert read_json(RUN) == {"environment": {"processor": "ours"}} | run
    assert read_json(OWN / "statistics/numbers.json") == {"shown": "statistics"}
    assert not (OWN / "networks.json").exists()


def test_each_dataset_has_a_folder_of_its_own(
    run: dict[str, Any], edit: Callable[..., None]
) -> None:
    committed.main()
    before = {path: path.read_bytes() for path in OWN.rglob("*") if path.is_file()}
    edit(data={"root": "datasets/photographs"})
    judged = read_json(Path("results/claims.json")) | {"dataset": "photographs"}
    write_json(Path("results/claims.json"), judged)
    committed.main()
    assert {path.name for path in COMMITTED.iterdir()} == {"photographs", "synthetic"}
    assert {path: path.read_bytes() for path in OWN.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("score", [0.6, 0.7])
def test_networks_are_kept_where_they_were_compared_with_this_run(
    run: dict[str, Any], score: float, capsys: pytest.CaptureFixture[str]
) -> None:
    bounds = {"value": 0.5, "low": 0.4, "high": 0.6}
    network = {"scores": {"low": {"accuracy": bounds}}, "second_minus": {"low": {"value": 0.1}}}
    write_json(Path("results/networks.json"), {"networks": {"fer": network}})
    scored = {"low": {"accuracy": bounds | {"value": score}}}
    write_json(Path("results/statistics/second.json"), scored)
    committed.main()
    assert (OWN / "networks.json").exists() == (score == 0.6)
    assert ("fer is of another run" in capsys.readouterr().out) == (score != 0.6)


@pytest.mark.parametrize("change", ["none", "score", "no remedies", "no levels"])
def test_answers_beyond_the_paper_are_kept_where_they_are_of_this_run(
    run: dict[str, Any], change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bounds = {"value": 0.5, "low": 0.4, "high": 0.6}
    for model in MODELS:
        scored = {"low": {"accuracy": bounds}, "test": {"accuracy": bounds}}
        write_json(Path(f"results/statistics/{model}.json"), scored)
    folder = Path("results/extensions")
    levels = {"low": bounds | {"value": 0.5 + 1e-12}}
    found = {model: {"levels": levels} for model in MODELS}
    if change == "score":
        found["second"] = {"levels": {"low": bounds | {"value": 0.5 + 1e-6}}}
    if change == "no levels":
        found["second"] = {"levels": {}}
    if change != "no remedies":
        write_json(folder / "remedied.json", {"remedied": found})
    write_json(folder / "answers.json", {"answers": []})
    (folder / "answers.md").write_text("")
    committed.main()
    copied = OWN / "extensions"
    said = capsys.readouterr().out
    assert ("results/extensions: is of another run, and left out" in said) == (change != "none")
    if change == "none":
        assert {path.name for path in copied.iterdir()} == {"answers.json", "remedied.json"}
        for path in copied.iterdir():
            assert path.read_bytes() == (folder / path.name).read_bytes()
    else:
        assert not copied.exists()


def refused(message: str) -> None:
    with pytest.raises(UserError, match=message):
        committed.main()
    assert not COMMITTED.exists()


def test_results_of_another_dataset_are_refused(
    run: dict[str, Any], edit: Callable[..., None]
) -> None:
    edit(data={"root": "datasets/mine"})
    refused(
        r"^results/claims\.json: is of the dataset synthetic, and data\.root names mine; "
        r"run `make repro` first$"
    )


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
    found = json.loads(in_git("paper/committed/synthetic/run.json"))
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


def test_the_committed_evidence_is_that_of_the_results_in_git() -> None:
    folder = "paper/committed/synthetic"
    for model in MODELS:
        names = [f"metrics/{model}/{task}.json" for task in TASKS]
        for name in (*names, f"statistics/{model}.json"):
            assert in_git(f"{folder}/{name}") == in_git(f"results/{name}")
    for name in ("statistics/differences.json", "statistics/comparison.json", "verdicts.json"):
        assert in_git(f"{folder}/{name}") == in_git(f"results/{name}")
    ours, copied = (json.loads(in_git(f"{root}/claims.json")) for root in ("results", folder))
    assert ours["counts"] == copied["counts"]
    for name, entry in ours["claims"].items():
        for key in ("verdict", "measured"):
            assert copied["claims"][name][key] == entry[key], name


def test_committed_runs_are_small_and_name_nobody() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "paper/committed"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    ).stdout.split()
    for name in listed:
        assert Path(name).suffix in (".json", ".md", ".csv")
        content = (ROOT / name).read_text()
        assert len(content) < 2**19
        assert not re.findall(r"\w+\.(?:jpe?g|png)|[A-Za-z]+_\d{4}", content), name
