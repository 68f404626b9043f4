"""A run against the committed one: the same bits, or the first stage that differs and by how much.

`make committed` writes paper/committed/<dataset>/run.json, and the stage `claims` compares a run
with that of its own dataset, or with the rendered one's. Where the bits differ, as on a GPU, the
scores are held against the interval over the committed trainings.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pandas as pd
from scipy.stats import binom, t

from ferblur.core.files import digest, read_json
from ferblur.core.params import changed, load_params
from ferblur.core.study import MODELS, POOLS, TASKS

COMMITTED = Path("paper/committed")
"""A folder for each dataset of which a run is committed; evidence.other_runs says what it holds."""
RENDERED = "synthetic"
"""The built-in dataset."""
PREPARE = Path("data/prepare")
EVALUATE = Path("data/evaluate")
MODELS_FOLDER = Path("models")
TRAIN_RESULTS = Path("results/train")
STATISTICS = Path("results/statistics")
SCORES = ("accuracy", "f1")

CONFIDENCE = 0.95
"""How often a score that differs only by chance is within its tolerance."""

MIN_TOLERANCE = 0.01
"""The smallest tolerance: a score that hardly varied over a few trainings may still vary."""

PACKAGES = (
    "numpy",
    "opencv-contrib-python-headless",
    "pillow",
    "torch",
    "torchvision",
    "warp-lang",
)
"""Whose versions can change what is computed."""


def dataset() -> str:
    """The name of this run's dataset."""
    return Path(os.path.normpath(Path.cwd() / load_params().data.root)).name


def committed_run() -> Path:
    """The committed run that this one is compared with: its dataset's, else the rendered one's."""
    own, rendered = (COMMITTED / name / "run.json" for name in (dataset(), RENDERED))
    return own if own.is_file() else rendered


def images() -> str:
    """The hash of what the dataset's accepted images hash to."""
    columns = [pd.read_csv(PREPARE / f"{pool}.csv", usecols=["sha256"])["sha256"] for pool in POOLS]
    return hashlib.sha256("\n".join(pd.concat(columns)).encode()).hexdigest()


def trainings() -> list[tuple[str, int]]:
    """Model and seed of every training."""
    return [(model, seed) for model in MODELS for seed in load_params().train.seeds]


def outputs() -> dict[str, str]:
    """The hash of what each stage made, in the order of the stages, up to the predictions."""
    rendered = dataset() == RENDERED
    return {
        **({"synthesize": images()} if rendered else {}),
        **{
            stage: digest(Path("data") / stage)
            for stage in ("prepare", "align", "balance", "split")
        },
        **{f"train@{m}-{seed}": digest(MODELS_FOLDER / m / str(seed)) for m, seed in trainings()},
        **{f"evaluate@{m}-{seed}": digest(EVALUATE / m / f"{seed}.csv") for m, seed in trainings()},
    }


def computed() -> dict[str, Any]:
    """With what each training was computed: arithmetic, device, ranks, torch's version."""
    return {
        f"{model}-{seed}": read_json(TRAIN_RESULTS / model / f"{seed}/computed.json")
        for model, seed in trainings()
    }


def versions() -> dict[str, str]:
    """Of the packages that compute."""
    return {name: version(name) for name in PACKAGES}


def this_run() -> dict[str, Any]:
    """The parameters (without `figures`), each stage's hash, and each training's scores."""
    params = load_params().model_dump(mode="json", exclude={"figures"})
    return {
        "params": params,
        "versions": versions(),
        "computed": computed(),
        "outputs": outputs(),
        "scores": read_json(STATISTICS / "trainings.json"),
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
            sorted(
                {
                    f"on {each['device']} in {each['arithmetic']}, torch {each['torch']}, "
                    f"{each['ranks']} rank{'s' * (each['ranks'] > 1)}"
                    for each in record["computed"].values()
                }
            )
        )
        for record in (run, committed)
    )
    if stage.startswith(("train", "evaluate")) and ours != theirs:
        return f"Trained here {ours}; there {theirs}."
    return "`make verify` names the first operation that this machine computes differently."


def _used(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters without those of rendered faces that a run does not see."""
    pretrained = params["train"].get("weights") == "rendered"
    rendered = Path(params.get("data", {}).get("root", RENDERED)).name == RENDERED
    unused = {"pretrain": not pretrained, "synthesize": not rendered}
    return {name: values for name, values in params.items() if not unused.get(name)}


def tolerance(scores: Sequence[float], others: int) -> float:
    """How far apart the means of two runs may be that differ in nothing but chance.

    `scores` are those of one run's n trainings, two or more, `others` how many trainings the other
    run has. Student's t with n - 1 degrees of freedom gives the distance that the difference of the
    means exceeds in 1 - CONFIDENCE of cases.
    """
    count = len(scores)
    factor = float(t.ppf((1 + CONFIDENCE) / 2, count - 1)) * sqrt(1 / count + 1 / others)
    return max(MIN_TOLERANCE, factor * stdev(scores))


def compare(run: Mapping[str, Any], committed: Mapping[str, Any]) -> dict[str, Any]:
    """Compare a run with the committed one, stage by stage and cell by cell.

    Returns `verdict` (bit-identical, within tolerance, different, or other parameters), `stage`
    (the first that differs, or empty), `line` (which says both), `outside` (how many cells), the
    committed run's `environment`, and `cells`: model, task, score, the means over trainings of this
    `run` and the `committed` one, and `tolerance`. A run is within tolerance where no more tasks
    have a score outside than chance would leave there.
    """

    def values(record: Mapping[str, Any], model: str, task: str, score: str) -> list[float]:
        return [tasks[task][score] for tasks in record["scores"][model].values() if task in tasks]

    cells: list[dict[str, Any]] = []
    for model in MODELS:
        for task in TASKS:
            for score in SCORES:
                ours, theirs = (values(each, model, task, score) for each in (run, committed))
                if theirs:  # a blur level may be new
                    cells.append(
                        {
                            "model": model,
                            "task": task,
                            "score": score,
                            "run": fmean(ours),
                            "committed": fmean(theirs),
                            "tolerance": tolerance(theirs, len(ours)),
                        }
                    )
    outside = [c for c in cells if abs(c["run"] - c["committed"]) > c["tolerance"]]
    tasks_outside = len({(cell["model"], cell["task"]) for cell in outside})
    by_chance = binom.ppf(CONFIDENCE, len(cells) // len(SCORES), 1 - CONFIDENCE)
    edited = changed(_used(committed["params"]), _used(run["params"]))
    if edited == ["train.arithmetic"]:  # chance alone may move the scores
        edited = []
    differing = [s for s, hashed in run["outputs"].items() if hashed != committed["outputs"].get(s)]
    if not differing and run["scores"] != committed["scores"]:
        differing = ["statistics"]  # the predictions are the same, and counted otherwise
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
        verdict = "different" if tasks_outside > by_chance else "within tolerance"
        line = (
            f"This run differs from the committed one from the stage {stage} on; "
            f"{len(cells) - len(outside)} of its {len(cells)} scores are within the "
            f"{CONFIDENCE:.0%} interval over the committed trainings, so it is {verdict}. "
            f"{why(run, committed, stage)}"
        )
    return {
        "verdict": verdict,
        "stage": stage,
        "line": line,
        "outside": len(outside),
        "environment": committed["environment"],
        "cells": cells,
    }
