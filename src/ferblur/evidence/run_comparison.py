"""A run against the committed one: the same bits, or the first stage that differs and by how much.

`make committed` writes paper/committed.json, and the stage `claims` compares a run with it.
"""

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from ferblur.core.arithmetic import PORTABLE
from ferblur.core.files import digest, read_json
from ferblur.core.params import changed, load_params
from ferblur.core.study import MODELS, POOLS, TASKS

COMMITTED = Path("paper/committed.json")
PREPARE = Path("data/prepare")
EVALUATE = Path("data/evaluate")
MODELS_FOLDER = Path("models")
TRAIN_RESULTS = Path("results/train")
EVALUATE_RESULTS = Path("results/evaluate")
SPREAD = Path("benchmarks/spread.json")
SCORES = ("accuracy", "f1")

PACKAGES = (
    "numpy",
    "opencv-contrib-python-headless",
    "pillow",
    "torch",
    "torchvision",
    "warp-lang",
)
"""Whose versions can change what is computed."""


def images() -> str:
    """The hash of what the dataset's accepted images hash to."""
    columns = [pd.read_csv(PREPARE / f"{pool}.csv", usecols=["sha256"])["sha256"] for pool in POOLS]
    return hashlib.sha256("\n".join(pd.concat(columns)).encode()).hexdigest()


def outputs() -> dict[str, str]:
    """The hash of what each stage made, in the order of the stages, up to the predictions."""
    rendered = Path(load_params().data.root).name == "synthetic"
    return {
        **({"synthesize": images()} if rendered else {}),
        **{
            stage: digest(Path("data") / stage)
            for stage in ("prepare", "align", "balance", "split")
        },
        **{f"train@{name}": digest(MODELS_FOLDER / name) for name in MODELS},
        **{f"evaluate@{name}": digest(EVALUATE / f"{name}.csv") for name in MODELS},
    }


def computed() -> dict[str, Any]:
    """With what each model was trained: arithmetic, device, ranks, torch's version."""
    return {name: read_json(TRAIN_RESULTS / name / "computed.json") for name in MODELS}


def versions() -> dict[str, str]:
    """Of the packages that compute."""
    return {name: version(name) for name in PACKAGES}


def scores() -> dict[str, Any]:
    """Every score by model and task."""
    return {
        name: {task: read_json(EVALUATE_RESULTS / name / f"{task}.json") for task in TASKS}
        for name in MODELS
    }


def this_run() -> dict[str, Any]:
    """The parameters (without `figures`), the hash of each stage's outputs, and every score."""
    params = load_params().model_dump(mode="json", exclude={"figures"})
    return {
        "params": params,
        "versions": versions(),
        "computed": computed(),
        "outputs": outputs(),
        "scores": scores(),
    }


def why(run: Mapping[str, Any], committed: Mapping[str, Any], stage: str) -> str:
    """Why a stage's outputs differ, as far as is known here; the parameters are the same."""
    others = [
        f"{name} {found} (there {committed['versions'][name]})"
        for name, found in run["versions"].items()
        if found != committed["versions"][name]
    ]
    if others:
        return f"Packages have other versions here: {', '.join(others)}."
    ours, theirs = (
        "; ".join(
            f"{name} on {each['device']} in {each['arithmetic']}, torch {each['torch']}, "
            f"{each['ranks']} rank{'s' * (each['ranks'] > 1)}"
            for name, each in record["computed"].items()
        )
        for record in (run, committed)
    )
    if stage.startswith(("train", "evaluate")) and ours != theirs:
        return f"Trained here: {ours}. There: {theirs}."
    return "`make verify` names the first operation that this machine computes differently."


def compare(run: Mapping[str, Any], committed: Mapping[str, Any]) -> dict[str, Any]:
    """Compare a run with the committed one, stage by stage and cell by cell.

    Scores are compared with those that the run's arithmetic gave on the committed run's machine.
    Returns `verdict` (bit-identical, within tolerance, different, or other parameters), `stage`
    (the first that differs, or empty), `line` (which says both), `outside` (how many cells), the
    committed run's `environment`, and `cells`: model, task, score, `run`, `committed`, `tolerance`.
    """
    used = run["computed"]["baseline"]["arithmetic"]
    expected = ({PORTABLE: committed["scores"]} | committed["native_scores"])[used]
    cells = [
        {
            "model": model,
            "task": task,
            "score": score,
            "run": run["scores"][model][task][score],
            "committed": expected[model][task][score],
            "tolerance": committed["tolerances"][model][task][score],
        }
        for model in MODELS
        for task in TASKS
        if task in expected[model]  # a blur level may be new
        for score in SCORES
    ]
    outside = [c for c in cells if abs(c["run"] - c["committed"]) > c["tolerance"]]
    edited = changed(committed["params"], run["params"])
    if edited == ["train.arithmetic"]:  # there are scores of it to hold this run against
        edited = []
    differing = [s for s, hashed in run["outputs"].items() if hashed != committed["outputs"][s]]
    if not differing and run["scores"] != committed["scores"]:
        differing = ["evaluate@baseline"]  # the predictions are the same, and counted otherwise
    stage = differing[0] if differing else ""
    if not differing:
        verdict = "bit-identical"
        line = (
            "This run is bit-identical to the committed one, from the images over faces, samples "
            "and models to every prediction."
        )
    elif edited:
        named = ", ".join(edited[:3]) + (", …" if len(edited) > 3 else "")
        verdict = "other parameters"
        line = (
            f"This run has other parameters than the committed one ({named}), so it is expected to "
            f"differ, and does from the stage {stage} on."
        )
    else:
        verdict = "different" if outside else "within tolerance"
        scores_of = "" if used == PORTABLE else f", as {used} arithmetic gave them there"
        line = (
            f"This run differs from the committed one from the stage {stage} on; "
            f"{len(cells) - len(outside)} of its {len(cells)} scores are within tolerance of the "
            f"committed ones{scores_of}. {why(run, committed, stage)}"
        )
    return {
        "verdict": verdict,
        "stage": stage,
        "line": line,
        "outside": len(outside),
        "environment": committed["environment"],
        "cells": cells,
    }
