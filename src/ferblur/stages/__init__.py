"""The verbs of dvc.yaml, one thin module each; `python -m ferblur.stages.<stage>` runs one."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ferblur import arithmetic, record
from ferblur.errors import UserError
from ferblur.params import load
from ferblur.partial import die_with_parent
from ferblur.ranks import first

CHOOSE = ("train", "evaluate")
"""The stages whose arithmetic is `train.arithmetic`; that of the others is always portable."""


def start(stage: str) -> None:
    """Make this process the stage's, before the stage's module loads what computes.

    Exits with one line on a processor that cannot run it.
    """
    die_with_parent()
    chosen = arithmetic.PORTABLE
    if stage in CHOOSE:
        with suppress(UserError):  # the stage itself will say what is wrong
            chosen = load().train.arithmetic
    arithmetic.pin(chosen == arithmetic.PORTABLE)
    try:
        arithmetic.check()
    except UserError as error:
        sys.exit(f"{stage}: {error}")


if sys.argv[0] == "-m":  # Python is about to run a stage
    for argument in sys.orig_argv:
        if argument.startswith(f"{__name__}."):
            start(argument.removeprefix(f"{__name__}."))


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`, print how long it took and note it in results/run.json.

    A UserError becomes one line on stderr and exit status 1, and so does a file that is missing.
    """
    stage = Path(sys.argv[0]).stem
    if not arithmetic.pinned():
        sys.exit(f"{stage}: start it as `python -m {__name__}.{stage}`, which sets its arithmetic")
    began = time.monotonic()
    try:
        main()
    except UserError as error:
        sys.exit(f"{stage}: {error}")
    except FileNotFoundError as error:
        sys.exit(f"{stage}: {error.filename}: not there; dvc repro makes what a stage reads first")
    if first():
        name, seconds = "@".join([stage, *sys.argv[1:]]), time.monotonic() - began
        record.note_stage(name, seconds)
        print(f"{name}: {seconds:.0f} s")
