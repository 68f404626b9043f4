"""A stage's process: the arithmetic it starts with, how it fails, how long it took.

Loaded by `ferblur.stages` before a stage's own module, so that arithmetic is set before anything
that computes is loaded. Loading it loads neither NumPy nor torch.
"""

import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ferblur.core import arithmetic, run_log
from ferblur.core.errors import UserError, one_line
from ferblur.core.params import load_params
from ferblur.core.ranks import first
from ferblur.core.resume import die_with_parent

STAGES = "ferblur.stages"

NATIVE_STAGES = ("train", "evaluate")
"""The stages whose arithmetic is `train.arithmetic`; that of the others is always portable."""


def start(stage: str) -> None:
    """Make this process the stage's, before the stage's module loads what computes.

    Exits with one line on a processor that cannot run it; Ctrl-C is quiet while libraries load.
    """
    die_with_parent()
    sys.excepthook = _say
    gc.disable()  # until `run`: collecting while libraries load takes a third of a second
    chosen = arithmetic.PORTABLE
    if stage in NATIVE_STAGES:
        with suppress(UserError):  # the stage itself will say what is wrong
            chosen = load_params().train.arithmetic
    arithmetic.pin(chosen == arithmetic.PORTABLE)
    try:
        arithmetic.check()
    except UserError as error:
        sys.exit(f"{stage}: {error}")


def _say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if kind is not KeyboardInterrupt:
        sys.__excepthook__(kind, error, trace)


_named = [name for name in sys.orig_argv if name.startswith(f"{STAGES}.")]
_own_process = sys.argv[0] == "-m" and bool(_named)
"""Whether Python is about to run a stage, and nothing else, in this process."""

if _own_process:
    start(_named[0].removeprefix(f"{STAGES}."))


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`, print how long it took and note it in results/run.json.

    What the user can mend becomes one line on stderr and exit status 1, a file that is missing
    too; Ctrl-C is status 130 without a word, and anything else is a bug and keeps its traceback.
    """
    stage = Path(sys.argv[0]).stem
    if not arithmetic.pinned():
        sys.exit(f"{stage}: start it as `python -m {STAGES}.{stage}`, which sets its arithmetic")
    if _own_process:
        gc.freeze()  # what is loaded stays
        gc.enable()
    began = time.monotonic()
    with one_line(stage):
        try:
            main()
        except FileNotFoundError as error:
            raise UserError(
                f"{error.filename or error}: not there; dvc repro makes what a stage reads first"
            ) from error
    if first():
        training = "-".join(sys.argv[1:])
        name, seconds = "@".join(filter(None, [stage, training])), time.monotonic() - began
        try:
            run_log.note_stage(name, seconds)
            print(f"{name}: {seconds:.0f} s")
        except OSError as error:  # the work is done, and nothing depends on the note
            print(f"{name}: {run_log.RUN_LOG} is not up to date: {error}", file=sys.stderr)
    if _own_process:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # either may be closed
            with suppress(OSError):
                stream.flush()
        os._exit(0)  # all is written, and unloading torch would take most of a second
