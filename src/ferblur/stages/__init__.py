"""The verbs of dvc.yaml, one thin module each; `python -m ferblur.stages.<stage>` runs one."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from ferblur import record
from ferblur.errors import UserError
from ferblur.partial import die_with_parent
from ferblur.ranks import first

if sys.argv[0] == "-m":  # Python is about to run a stage: before it imports for seconds
    die_with_parent()


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`, print how long it took and note it in results/run.json.

    A UserError becomes one line on stderr and exit status 1, and so does a file that is missing.
    """
    stage = Path(sys.argv[0]).stem
    start = time.monotonic()
    try:
        main()
    except UserError as error:
        sys.exit(f"{stage}: {error}")
    except FileNotFoundError as error:
        sys.exit(f"{stage}: {error.filename}: not there; dvc repro makes what a stage reads first")
    if first():
        name, seconds = "@".join([stage, *sys.argv[1:]]), time.monotonic() - start
        record.note_stage(name, seconds)
        print(f"{name}: {seconds:.0f} s")
