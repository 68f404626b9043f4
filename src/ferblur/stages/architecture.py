"""Describe torchvision's GoogLeNet once, for Figs. 7 to 9 and the claims about it (section IV)."""

from pathlib import Path

from ferblur.core import stage
from ferblur.core.files import write_json
from ferblur.core.params import load_params
from ferblur.evidence.architecture import describe

ARCHITECTURE = Path("results/architecture.json")


def main() -> None:
    """Write the description."""
    write_json(ARCHITECTURE, describe(len(load_params().data.emotions)))


if __name__ == "__main__":
    stage.run(main)
