"""A run against the committed one: the same bits, within tolerance, or different.

`python -m ferblur.agreement` writes paper/committed.json from the run in the working directory: the
parameters, the scores, and the tolerance of each, from the variants in benchmarks/spread.json.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import stdev
from typing import Any

from ferblur.blur import LEVELS
from ferblur.errors import UserError
from ferblur.files import read_json, sha256, write_json
from ferblur.params import load

COMMITTED = Path("paper/committed.json")
SPREAD = Path("benchmarks/spread.json")
MODELS = ("baseline", "second")
TASKS = ("test", *LEVELS)
SCORES = ("accuracy", "f1")


def this_run() -> dict[str, Any]:
    """The parameters (but for looks), the hash of each model's predictions, and every score."""
    return {
        "params": load().model_dump(mode="json", exclude={"figures"}),
        "predictions": {name: sha256(Path(f"data/evaluate/{name}.csv")) for name in MODELS},
        "scores": {
            name: {task: read_json(Path(f"results/evaluate/{name}/{task}.json")) for task in TASKS}
            for name in MODELS
        },
    }


def tolerances(spread: Mapping[str, Any]) -> dict[str, Any]:
    """Four standard deviations of each score over the variants.

    Two runs that differ in nothing but arithmetic or seed are further apart in about one score of
    two hundred: their difference varies by the square root of two more than one of them.
    """
    return {
        model: {
            task: {
                score: 4 * stdev(variant[model][task][score] for variant in spread.values())
                for score in SCORES
            }
            for task in TASKS
        }
        for model in MODELS
    }


def changed(ours: Mapping[str, Any], theirs: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted keys whose values differ between two nested mappings, sorted."""
    keys = []
    for key in sorted({*ours, *theirs}):
        one, other = ours.get(key), theirs.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            keys += changed(one, other, f"{prefix}{key}.")
        elif one != other:
            keys.append(f"{prefix}{key}")
    return keys


def compare(run: Mapping[str, Any], committed: Mapping[str, Any]) -> dict[str, Any]:
    """Compare a run with the committed one, cell by cell.

    Returns `verdict` (bit-identical, within tolerance, different, or other parameters), `line`
    (one sentence that says so), and `cells`: model, task, score, `run`, `committed`, `tolerance`.
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
    if edited:
        named = ", ".join(edited[:3]) + (", …" if len(edited) > 3 else "")
        verdict = "other parameters"
        line = (
            f"This run has other parameters than the committed one ({named}), so its scores are "
            "expected to differ."
        )
    elif run["predictions"] == committed["predictions"]:
        verdict = "bit-identical"
        line = (
            "This run is bit-identical to the committed one: every prediction has the same bytes."
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
    return {"verdict": verdict, "line": line, "outside": len(outside), "cells": cells}


def main() -> None:
    """Make this run the committed one."""
    for path in (SPREAD, *(Path(f"data/evaluate/{name}.csv") for name in MODELS)):
        if not path.is_file():
            raise UserError(f"{path}: missing; run `make repro` and `make spread` first")
    write_json(COMMITTED, {**this_run(), "tolerances": tolerances(read_json(SPREAD))})


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
