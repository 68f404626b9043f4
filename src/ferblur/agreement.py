"""A run against the committed one: the same bits, within tolerance, or different.

`python -m ferblur.agreement` writes paper/committed.json from the run in the working directory: its
parameters, machine and scores, and the tolerance of each score, from benchmarks/spread.json.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import stdev
from typing import Any

from scipy.stats import t

from ferblur import record
from ferblur.blur import LEVELS
from ferblur.errors import UserError
from ferblur.files import read_json, sha256, write_json
from ferblur.manifest import MODELS
from ferblur.params import changed, load

COMMITTED = Path("paper/committed.json")
SPREAD = Path("benchmarks/spread.json")
TASKS = ("test", *LEVELS)
SCORES = ("accuracy", "f1")

SURE = 0.95
"""How often a run that differs only by chance has every score within tolerance."""

LEAST = 0.01
"""The smallest tolerance: a score that hardly varied over a few runs may still vary."""


def predictions() -> dict[str, str]:
    """The hash of each model's predictions."""
    return {name: sha256(Path(f"data/evaluate/{name}.csv")) for name in MODELS}


def scores() -> dict[str, Any]:
    """Every score by model and task."""
    return {
        name: {task: read_json(Path(f"results/evaluate/{name}/{task}.json")) for task in TASKS}
        for name in MODELS
    }


def this_run() -> dict[str, Any]:
    """The parameters (but for looks), the hash of each model's predictions, and every score."""
    params = load().model_dump(mode="json", exclude={"figures"})
    return {"params": params, "predictions": predictions(), "scores": scores()}


def tolerances(spread: Mapping[str, Any]) -> dict[str, Any]:
    """How far apart two runs may be that differ in nothing but arithmetic or seed, by score.

    `spread` holds the scores of n such runs. Student's t with n - 1 degrees of freedom gives the
    distance that the difference of two exceeds in (1 - SURE) / 12 of cases: accuracy and F1 of
    one model on one set of faces go together, which leaves 12 chances to be outside.
    """
    chances = len(MODELS) * len(TASKS)
    factor = float(t.ppf(1 - (1 - SURE) / chances / 2, len(spread) - 1)) * 2**0.5
    return {
        model: {
            task: {
                score: max(LEAST, factor * stdev(n[model][task][score] for n in spread.values()))
                for score in SCORES
            }
            for task in TASKS
        }
        for model in MODELS
    }


def compare(run: Mapping[str, Any], committed: Mapping[str, Any]) -> dict[str, Any]:
    """Compare a run with the committed one, cell by cell.

    Returns `verdict` (bit-identical, within tolerance, different, or other parameters), `line`
    (one sentence that says so), `outside` (how many cells), the committed run's `environment`, and
    `cells`: model, task, score, `run`, `committed`, `tolerance`.
    """
    cells = [
        {
            "model": model,
            "task": task,
            "score": score,
            "run": run["scores"][model][task][score],
            "committed": committed["scores"][model][task][score],
            "tolerance": committed["tolerances"][model][task][score],
        }
        for model in MODELS
        for task in TASKS
        for score in SCORES
    ]
    outside = [c for c in cells if abs(c["run"] - c["committed"]) > c["tolerance"]]
    edited = changed(committed["params"], run["params"])
    if all(run[part] == committed[part] for part in ("predictions", "scores")):
        verdict = "bit-identical"
        line = "This run is bit-identical to the committed one, in every prediction."
    elif edited:
        named = ", ".join(edited[:3]) + (", …" if len(edited) > 3 else "")
        verdict = "other parameters"
        line = (
            f"This run has other parameters than the committed one ({named}), so its scores are "
            "expected to differ."
        )
    elif not outside:
        verdict = "within tolerance"
        line = f"This run is within tolerance of the committed one in all {len(cells)} scores."
    else:
        verdict = "different"
        line = (
            f"This run is different from the committed one: {len(outside)} of {len(cells)} scores "
            "are outside their tolerance."
        )
    return {
        "verdict": verdict,
        "line": line,
        "outside": len(outside),
        "environment": committed["environment"],
        "cells": cells,
    }


def main() -> None:
    """Make this run the committed one."""
    environment = record.read()["environment"]
    if not environment:
        raise UserError(f"{record.FILE}: no machine noted; run `make repro` first")
    spread = read_json(SPREAD) if SPREAD.is_file() else {"runs": {}}
    if len(spread["runs"]) < 3 or spread["predictions"] != predictions():
        raise UserError(f"{SPREAD}: not of this run, or not finished; run `make spread` first")
    environment.pop("packages")  # the lock's hash says as much
    content = {"environment": environment, "tolerances": tolerances(spread["runs"])}
    write_json(COMMITTED, this_run() | content)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
