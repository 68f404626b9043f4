"""Make this run the committed one: `make committed` (python -m ferblur.commands.committed).

Writes paper/committed.json from the run in the working directory: its parameters, machine, hashes
and scores, and from benchmarks/spread.json the scores that other arithmetic gave and the tolerance
of each score.
"""

import sys

from ferblur.core import run_log
from ferblur.core.arithmetic import PORTABLE
from ferblur.core.errors import UserError
from ferblur.core.files import read_json, write_json
from ferblur.evidence.run_comparison import COMMITTED, SPREAD, this_run
from ferblur.evidence.tolerances import tolerances

NATIVE = ("float32", "bfloat16")
"""Arithmetic in which benchmarks/spread.json has a run of the committed seed."""


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
