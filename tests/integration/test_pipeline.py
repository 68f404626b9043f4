"""The whole pipeline, run in a clone: stages, changes, kills, another machine, a remote.

pytest tests/integration/test_pipeline.py
"""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from clone import ROOT, Clone, committed
from ferblur.core.files import sha256

BESIDE = {"accuracy-beside.svg", "beyond-sweep.svg", "beyond-remedies.svg", "beyond-capture.svg",
          "beyond-causes.svg"}  # fmt: skip
"""Drawn where another dataset's run, or answers beyond the paper, are committed too."""

APART = ("weights/", "extensions/")
"""Where stages are that the smoke run has no use for."""

TRAININGS = ("baseline-1", "baseline-2", "second-1", "second-2")
"""The smoke profile's."""


def hashes(folders: list[Path]) -> dict[Path, str]:
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path: sha256(path) for path in files}


def test_the_whole_pipeline_runs_to_table_3(clone: Clone) -> None:
    listed = clone.run("dvc", "stage", "list", "--all", "--name-only").split()
    names = {name.rpartition(":")[2] for name in listed if not name.startswith(APART)}
    ran = clone.first
    assert names == set(ran)
    assert len(ran) == 20
    for stage in ("train", "evaluate"):
        assert {f"{stage}@{name}" for name in TRAININGS} < set(ran)
    metrics = clone.run("dvc", "metrics", "show", "--md")
    assert "findings.contradicted" in metrics
    for model in ("baseline", "second"):
        tasks = re.findall(rf"results/metrics/{model}/(\w+)\.json", metrics)
        assert tasks == ["test", "none", "low", "medium", "high", "very_high"]
    table = (clone.folder / "paper/tables/table3.csv").read_text().splitlines()
    assert len(table) == 6
    figures = {path.name for path in (clone.folder / "paper/figures").iterdir()}
    assert len(figures - BESIDE) == 12
    for page in ("paper/main.pdf", "results/report.html", "results/claims.md"):
        assert (clone.folder / page).stat().st_size > 10_000


def test_every_plot_has_data(clone: Clone) -> None:
    plots = yaml.safe_load((ROOT / "results/dvc.yaml").read_text())["plots"]
    shown = json.loads(clone.run("dvc", "plots", "show", "--json"))
    assert shown.get("errors", []) == []
    assert set(shown["data"]) == {name for plot in plots for name in plot}
    for drawn in shown["data"].values():
        assert drawn[0]["content"]["data"]["values"]


def test_nothing_reruns(clone: Clone) -> None:
    assert clone.ran() == []


def test_git_holds_no_data(clone: Clone) -> None:
    tracked = clone.run("git", "ls-files").splitlines()
    assert not [
        name for name in tracked if name.endswith((".npy", ".safetensors", ".jpg", ".html"))
    ]
    assert "results/metrics/second/very_high.json" in tracked
    assert "results/evaluate/second/2/scores.json" in tracked
    assert max((clone.folder / name).stat().st_size for name in tracked) < 2 * 2**20


def test_a_change_reruns_what_depends_on_it(clone: Clone) -> None:
    clone.edit('second: "#D55E00"', 'second: "#CC79A7"')
    assert set(clone.ran()) == {"figures", "paper", "report"}
    source = clone.folder / "paper/main.typ"
    source.write_text(source.read_text() + "\nOne sentence more.\n")
    assert clone.ran() == ["paper"]
    clone.edit("very_high: 14", "very_high: 20")
    stale = clone.stale()
    assert not [name for name in stale if name.startswith(("train", "align", "synthesize"))]
    evaluations = {f"evaluate@{name}" for name in TRAININGS}
    assert evaluations <= stale
    assert set(clone.ran("statistics")) == evaluations | {"split", "statistics"}
    difference = clone.run("dvc", "metrics", "diff", "HEAD", "--all", "--md")
    moved = clone.run("git", "diff", "--name-only", "HEAD", "--", "results/metrics").splitlines()
    for model in ("baseline", "second"):
        assert f"results/metrics/{model}/very_high.json" in difference
        assert not {f"results/metrics/{model}/{task}.json" for task in ("test", "low")} & set(moved)
    clone.edit("low: 2", "low: 1")
    ran = clone.ran("evaluate@baseline-1", "train@second-2")
    assert sorted(ran) == ["evaluate@baseline-1", "split", "train@second-2"]
    clone.restore()
    assert clone.stale() == set()


AFTER_TRAINING = {"statistics", "tables", "figures", "claims", "paper", "report"}


def test_another_seed_trains_nothing_again(clone: Clone) -> None:
    trained = [clone.folder / folder for folder in ("models", "results/train", "results/evaluate")]
    before = hashes(trained)
    comparison = clone.folder / "results/statistics/comparison.json"
    try:
        clone.edit("seeds: [1, 2]", "seeds: [1]")
        assert set(clone.ran()) == AFTER_TRAINING  # every page, with one training
        assert json.loads(comparison.read_text())["trainings"] == 1
        clone.edit("seeds: [1]", "seeds: [1, 2, 9]")
        new = {
            f"{stage}@{model}-9" for stage in ("train", "evaluate")
            for model in ("baseline", "second")
        }  # fmt: skip
        assert set(clone.ran()) == new | AFTER_TRAINING
        assert json.loads(comparison.read_text())["trainings"] == 3
        after = hashes(trained)
        assert {path: after[path] for path in before} == before
    finally:
        clone.restore()
        for folder in (*trained, clone.folder / "data/evaluate"):
            for path in folder.glob("*/9*"):  # neither git nor DVC knows of them any more
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert clone.stale() == set()


OTHER_MACHINE = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "SkylakeX",
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
    "MKL_CBWR": "AVX2",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL",
    "OMP_NUM_THREADS": "1",
    "FERBLUR_PROCESSES": "4",
}
"""What may be set where somebody else runs it, as if by another processor."""


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """What `make repro PROFILE=smoke` leaves on another machine: uncommitted results."""
    made = Clone(tmp_path_factory.mktemp("readers"))
    with pytest.MonkeyPatch.context() as patched:
        for name, value in OTHER_MACHINE.items():
            patched.setenv(name, value)
        made.run("python", "-m", "ferblur.commands.preflight", "smoke")
        made.run("python", "-m", "ferblur.commands.repro")
    return made


def test_another_machine_makes_the_same_bytes(clone: Clone, readers: Clone) -> None:
    found, expected = readers.outputs(), clone.outputs()
    for outputs in (found, expected):  # the page shows durations
        assert outputs.pop("results/report.html")
    assert "paper/main.pdf" in found
    assert found == expected


def test_the_tests_pass_on_results_of_the_readers_own(readers: Clone) -> None:
    """`make repro && make test`: for those that read the repository and not a clone of it."""
    committed("params.yaml")  # without a commit, the clone's results may be the reader's already
    changed = readers.run("git", "status", "--short")
    assert "results/metrics/baseline/none.json" in changed
    modules = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests/unit").rglob("test_*.py"))
        if re.search(r"\bROOT\b|\bcommitted as\b", path.read_text())
    ]
    assert "tests/unit/commands/test_committed.py" in modules
    said = readers.run(
        "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", *modules
    )
    assert re.search(r"\d\d+ passed", said)
    assert readers.run("git", "status", "--short") == changed


def test_a_clone_pulls_instead_of_computing(
    clone: Clone, tmp_path_factory: pytest.TempPathFactory
) -> None:
    remote = tmp_path_factory.mktemp("remote")
    clone.run("dvc", "remote", "add", "--local", "--default", "store", str(remote))
    clone.run("dvc", "push")
    folder = tmp_path_factory.mktemp("pulled") / "project"
    clone.run("git", "clone", "-q", str(clone.folder), str(folder))
    pulled = Clone.__new__(Clone)
    pulled.folder = folder
    pulled.run("dvc", "remote", "add", "--local", "--default", "store", str(remote))
    output = pulled.run("dvc", "repro", "--pull")
    assert "Running stage" not in output
    assert pulled.stale() == set()


def test_a_wrong_parameter_stops_before_work_starts(clone: Clone) -> None:
    path = clone.folder / "params.yaml"
    before = path.read_text()
    path.write_text(before.replace("epochs: 2", "epochs: 0"))
    output = clone.run("dvc", "repro", "train@baseline-1", check=False)
    clone.restore()  # DVC deletes a stage's outputs before it runs it
    assert "train.epochs: Input should be greater than or equal to 1 (is 0)" in output
    assert "Traceback" not in output


def test_kills_at_random_moments_cost_nothing(clone: Clone) -> None:
    kills = int(os.environ.get("FERBLUR_KILLS", "1"))
    clone.edit("epochs: 2", f"epochs: {6 * kills}")
    command = ["dvc", "repro", "--force", "--single-item", "train@second-1"]
    start = time.monotonic()
    clone.run(*command)
    took = time.monotonic() - start
    folders = [clone.folder / "models/second/1", clone.folder / "results/train/second/1"]
    whole = hashes(folders)
    # the moments fall into one training: killed runs last, together, less than a whole one, by
    # a margin because a run may be faster than the first
    moments = np.sort(np.random.default_rng().uniform(0, 0.8 * took, kills))
    environment = clone.environment() | {"FERBLUR_CHECKPOINT": "1"}
    for lasts in np.diff(moments, prepend=0):
        process = subprocess.Popen(
            command, cwd=clone.folder, env=environment, stdout=subprocess.DEVNULL
        )
        time.sleep(lasts)
        assert process.poll() is None
        process.kill()
        process.wait()
    clone.run(*command)
    assert hashes(folders) == whole
    clone.restore()


def test_codecheck_lists_every_output(clone: Clone) -> None:
    content = yaml.safe_load((ROOT / "codecheck.yml").read_text())
    assert content["version"] == "https://codecheck.org.uk/spec/config/2.0/"
    listed = [entry["file"] for entry in content["manifest"]]
    assert all(entry["comment"] for entry in content["manifest"])
    files = [
        path.relative_to(clone.folder).as_posix()
        for out in clone.outputs()
        for path in [clone.folder / out, *(clone.folder / out).rglob("*")]
        if path.is_file() and path.suffix != ".jpg"
    ]
    seeds = yaml.safe_load((ROOT / "profiles/demo.yaml").read_text())["train"]["seeds"]
    expected = {  # the clone has the seeds of the smoke profile
        re.sub(r"/(baseline|second)/\d+", rf"/\1/{seed}", file) for file in files for seed in seeds
    }
    expected |= {f"paper/figures/{name}" for name in BESIDE}
    assert sorted(listed) == sorted(expected)
