"""The verbs of dvc.yaml, one thin module each; `python -m ferblur.stages.<stage>` runs one."""

import sys
from collections.abc import Callable
from pathlib import Path

from ferblur.errors import UserError
from ferblur.partial import die_with_parent


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`; a UserError becomes one line on stderr and exit status 1."""
    die_with_parent()
    try:
        main()
    except UserError as error:
        sys.exit(f"{Path(sys.argv[0]).stem}: {error}")
