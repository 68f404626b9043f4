"""The verbs of dvc.yaml, one thin module each; `python -m ferblur.stages.<stage>` runs one."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from ferblur.errors import UserError
from ferblur.partial import die_with_parent


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main` and print how long it took.

    A UserError becomes one line on stderr and exit status 1.
    """
    die_with_parent()
    stage = Path(sys.argv[0]).stem
    start = time.monotonic()
    try:
        main()
    except UserError as error:
        sys.exit(f"{stage}: {error}")
    print(f"{stage}: {time.monotonic() - start:.0f} s")
