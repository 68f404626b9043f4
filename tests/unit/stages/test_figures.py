"""Every figure is drawn, vector, and the same bytes every time."""

import subprocess
import sys
from pathlib import Path

from ferblur.core.files import read_json, read_yaml
from ferblur.core.params import load_params
from ferblur.pages.report import DRAWN_BEYOND
from ferblur.stages import figures


def test_every_figure_has_caption_and_alternative_text(finished: Path) -> None:
    captions = read_yaml(Path("paper/captions.yaml"))
    drawn = {path.stem for path in figures.FIGURES.iterdir()}
    beside = read_json(Path("results/beside.json"))
    # a table in the text, and figures of what other runs have committed
    elsewhere = {"fig09-layers"} | (set() if beside["others"] else {"accuracy-beside"})
    elsewhere |= set() if beside["beyond"] else set(DRAWN_BEYOND)
    assert drawn == set(captions) - elsewhere
    for name in drawn:
        assert captions[name]["caption"]
        assert captions[name]["alt"]


def test_two_drawings_are_identical(finished: Path) -> None:
    before = {path.name: path.read_bytes() for path in sorted(figures.FIGURES.iterdir())}
    # a process of its own, with the stage's arithmetic
    subprocess.run([sys.executable, "-m", "ferblur.stages.figures"], check=True)
    assert {path.name: path.read_bytes() for path in sorted(figures.FIGURES.iterdir())} == before
    assert all(content.startswith(b"<?xml") for content in before.values())


def test_colours_are_the_parameters(finished: Path) -> None:
    colours = load_params().figures
    curve = (figures.FIGURES / "accuracy-against-blur.svg").read_text().lower()
    assert colours.baseline.lower() in curve
    assert colours.second.lower() in curve
    assert "stroke-dasharray" in curve  # the paper's curves
