"""The answers of the small run beyond the paper, as a committed run holds them."""

import shutil
from contextlib import chdir
from pathlib import Path
from typing import Any

import beyond_run
from clone import ROOT
from ferblur.core.files import read_json
from ferblur.stages import answers


def answered(folder: Path, **made: Any) -> dict[str, Any]:
    """Make the run in an empty folder, answer its questions, and read what is found, by name.

    `made` is given to `beyond_run.make`.
    """
    shutil.copyfile(ROOT / "profiles/smoke.yaml", folder / "params.yaml")
    found: dict[str, Any] = {}
    with chdir(folder):
        beyond_run.make(**made)
        answers.main()
        for path in sorted(answers.RESULTS_BEYOND.glob("*.json")):
            found |= read_json(path)
    return found
