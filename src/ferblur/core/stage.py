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

from ferblur.core import arithmetic, run_log
from ferblur.core.errors import UserError
from ferblur.core.params import load_params
from ferblur.core.ranks import first
from ferblur.core.resume import die_with_parent

STAGES = "ferblur.stages"

NATIVE_STAGES = ("train", "evaluate")
"""The stages whose arithmetic is `train.arithmetic`; that of the others is always portable."""


def start(stage: str) -> None:
    """Make this process the stage's, before the stage's module loads what computes.

    Exits with one line on a processor that cannot run it.
    """
    die_with_parent()
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


_named = [name for name in sys.orig_argv if name.startswith(f"{STAGES}.")]
_own_process = sys.argv[0] == "-m" and bool(_named)
"""Whether Python is about to run a stage, and nothing else, in this process."""

if _own_process:
    start(_named[0].removeprefix(f"{STAGES}."))


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`, print how long it took and note it in results/run.json.

    A UserError becomes one line on stderr and exit status 1, and so does a file that is missing.
    """
    stage = Path(sys.argv[0]).stem
    if not arithmetic.pinned():
        sys.exit(f"{stage}: start it as `python -m {STAGES}.{stage}`, which sets its arithmetic")
    if _own_process:
        gc.freeze()  # what is loaded stays
        gc.enable()
    began = time.monotonic()
    try:
        main()
    except UserError as error:
        sys.exit(f"{stage}: {error}")
    except FileNotFoundError as error:
        sys.exit(f"{stage}: {error.filename}: not there; dvc repro makes what a stage reads first")
    if first():
        training = "-".join(sys.argv[1:])
        name, seconds = "@".join(filter(None, [stage, training])), time.monotonic() - began
        run_log.note_stage(name, seconds)
        print(f"{name}: {seconds:.0f} s")
    if _own_process:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # either may be closed
            stream.flush()
        os._exit(0)  # all is written, and unloading torch would take most of a second
