"""Choices beyond the paper, for a small project."""

from pathlib import Path
from typing import Any

import yaml

from clone import ROOT
from ferblur.beyond.params import EXTENSIONS


def choose(folder: Path, **given: dict[str, Any]) -> None:
    """Write extensions/params.yaml: the repository's, but for these values; models are added."""
    content = yaml.safe_load((ROOT / EXTENSIONS).read_text())
    for name, values in given.items():
        content[name] |= values
    path = folder / EXTENSIONS
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
