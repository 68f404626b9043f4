"""The verbs of dvc.yaml, one thin module each; `python -m ferblur.stages.<stage>` runs one."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ferblur.errors import UserError
from ferblur.files import read_json, write_json
from ferblur.partial import die_with_parent
from ferblur.ranks import first

RUN = Path("results/run.json")
"""What differs from run to run: untracked, and no stage depends on it; `report` shows it."""


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`, print how long it took and note it in `RUN`.

    A UserError becomes one line on stderr and exit status 1.
    """
    die_with_parent()
    stage = Path(sys.argv[0]).stem
    start = time.monotonic()
    try:
        main()
    except UserError as error:
        sys.exit(f"{stage}: {error}")
    seconds = time.monotonic() - start
    if first():
        note("@".join([stage, *sys.argv[1:]]), seconds)
    print(f"{stage}: {seconds:.0f} s")


def note(name: str, seconds: float) -> None:
    """Note in `RUN` how long a stage took, and when it ended."""
    try:
        content = read_json(RUN)
    except (OSError, ValueError):  # none yet, or somebody's edit; nothing depends on it
        content = {}
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    content.setdefault("stages", {})[name] = {"seconds": round(seconds, 1), "ended": ended}
    write_json(RUN, content)
