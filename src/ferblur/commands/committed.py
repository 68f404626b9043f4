"""Make this run the committed one: `make committed` (python -m ferblur.commands.committed).

Writes paper/committed.json from the run in the working directory: its parameters, machine, hashes,
and the scores of every training.
"""

from ferblur.core import run_log
from ferblur.core.arithmetic import PORTABLE
from ferblur.core.errors import UserError, one_line
from ferblur.core.files import write_json
from ferblur.evidence.run_comparison import COMMITTED, this_run


def main() -> None:
    """Make this run the committed one."""
    environment = run_log.read()["environment"]
    if not environment:
        raise UserError(f"{run_log.RUN_LOG}: no machine noted; run `make repro` first")
    run = this_run()
    if any(each["arithmetic"] != PORTABLE for each in run["computed"].values()):
        raise UserError(f"train.arithmetic: must be {PORTABLE} in the committed run")
    if len(run["params"]["train"]["seeds"]) < 2:
        raise UserError("train.seeds: the committed run needs two or more, for an interval")
    environment.pop("packages")  # the lock's hash says as much
    write_json(COMMITTED, {"environment": environment} | run)


if __name__ == "__main__":
    with one_line():
        main()
