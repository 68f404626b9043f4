"""Make this run the committed one: `make committed` (python -m ferblur.commands.committed).

Writes paper/committed.json from the run in the working directory: its parameters, machine, hashes
and scores, and from benchmarks/spread.json the scores that other arithmetic gave and the tolerance
of each score.
"""

import sys
from collections.abc import Mapping
from statistics import stdev
from typing import Any

from scipy.stats import t

from ferblur.core import run_log
from ferblur.core.arithmetic import PORTABLE
from ferblur.core.errors import UserError
from ferblur.core.files import read_json, write_json
from ferblur.core.study import MODELS, TASKS
from ferblur.evidence.run_comparison import COMMITTED, SCORES, SPREAD, this_run

NATIVE = ("float32", "bfloat16")
"""Arithmetic in which benchmarks/spread.json has a run of the committed seed."""

CONFIDENCE = 0.95
"""How often a run that differs only by chance has every score within tolerance."""

MIN_TOLERANCE = 0.01
"""The smallest tolerance: a score that hardly varied over a few runs may still vary."""


def tolerances(spread: Mapping[str, Any]) -> dict[str, Any]:
    """How far apart two runs may be that differ in nothing but arithmetic or seed, by score.

    `spread` holds the scores of n such runs. Student's t with n - 1 degrees of freedom gives the
    distance that the difference of two exceeds in (1 - CONFIDENCE) / 12 of cases: accuracy and F1
    of one model on one set of faces go together, which leaves 12 chances to be outside.
    """
    chances = len(MODELS) * len(TASKS)
    factor = float(t.ppf(1 - (1 - CONFIDENCE) / chances / 2, len(spread) - 1)) * 2**0.5
    return {
        model: {
            task: {
                score: max(
                    MIN_TOLERANCE, factor * stdev(n[model][task][score] for n in spread.values())
                )
                for score in SCORES
            }
            for task in TASKS
        }
        for model in MODELS
    }


def main() -> None:
    """Make this run the committed one."""
    environment = run_log.read()["environment"]
    if not environment:
        raise UserError(f"{run_log.RUN_LOG}: no machine noted; run `make repro` first")
    spread = read_json(SPREAD) if SPREAD.is_file() else {"runs": {}}
    run = this_run()
    finished = [*spread.get("variants", []), "as committed"]
    if set(spread["runs"]) != set(finished) or spread["outputs"] != run["outputs"]:
        raise UserError(f"{SPREAD}: not of this run, or not finished; run `make spread` first")
    if any(each["arithmetic"] != PORTABLE for each in run["computed"].values()):
        raise UserError(f"train.arithmetic: must be {PORTABLE} in the committed run")
    environment.pop("packages")  # the lock's hash says as much
    native = {name: runs for name, runs in spread["runs"].items() if name in NATIVE}
    content = {
        "environment": environment,
        "native_scores": native,
        "tolerances": tolerances(spread["runs"]),
    }
    write_json(COMMITTED, run | content)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
