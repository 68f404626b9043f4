"""Figures of the answers beyond the paper: what they say, and that they say it twice alike.

pytest tests/unit/figures/test_beyond.py
"""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from textwrap import fill
from typing import Any

import pytest

import beyond_run
from answered import answered
from ferblur.core.params import Figures, Params
from ferblur.core.study import MODELS
from ferblur.figures import beyond
from ferblur.figures.style import COLUMN, PAGE
from ferblur.pages.beyond import content


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is drawn of the small run; a test may not change it."""
    found = answered(tmp_path_factory.mktemp("run"))
    drawn: dict[str, Any] = content({"synthetic": found})["beyond"][0]["drawn"]
    return drawn


@pytest.fixture
def drawn(made: dict[str, Any]) -> dict[str, Any]:
    """The same, to change."""
    return copy.deepcopy(made)


def words(path: Path) -> list[str]:
    """What a drawing says, in the order it is drawn."""
    return re.findall(r"<!-- (.+?) -->", path.read_text())


def width(path: Path) -> float:
    """Of a drawing, inches."""
    return float(re.findall(r'width="([\d.]+)pt"', path.read_text())[0]) / 72


FIGURES: dict[str, tuple[Callable[[Path, Any, Figures], None], float]] = {
    "swept": (beyond.sweep, PAGE),
    "remedied": (beyond.remedies, COLUMN),
    "captured": (beyond.capture, PAGE),
    "causes": (beyond.causes, PAGE),
}
"""What draws each part, and how wide, inches."""


@pytest.mark.parametrize("name", FIGURES)
def test_two_drawings_are_identical_and_vector(
    tmp_path: Path, smoke: Params, drawn: dict[str, Any], name: str
) -> None:
    draw, wide = FIGURES[name]
    for path in (tmp_path / "a.svg", tmp_path / "b.svg"):
        draw(path, drawn[name], smoke.figures)
        assert width(path) == pytest.approx(wide)
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    assert "<image " not in text
    for colour in (smoke.figures.baseline, smoke.figures.second):
        assert colour.lower() in text.lower()


def test_a_panel_for_each_kind_of_blur(
    tmp_path: Path, smoke: Params, drawn: dict[str, Any]
) -> None:
    path, swept = tmp_path / "a.svg", drawn["swept"]
    beyond.sweep(path, swept, smoke.figures)
    said = words(path)
    for kernel in beyond_run.KERNELS:
        assert said.count(kernel) == 1
    for label in (*MODELS, "several kinds of blur", "any radius", "chance"):
        assert said.count(label) == 1  # once for all of them
    for count in (1, 2, 5):
        box = swept["kernels"]["box"]
        kernels = dict.fromkeys([f"kind_{number}" for number in range(count)], box)
        beyond.sweep(path, swept | {"kernels": kernels}, smoke.figures)
        assert [text for text in words(path) if text.startswith("kind ")] == [
            f"kind {number}" for number in range(count)
        ]


def test_a_cut_off_beyond_the_sweep_has_no_mark(
    tmp_path: Path, smoke: Params, drawn: dict[str, Any]
) -> None:
    swept, path = drawn["swept"], tmp_path / "a.svg"

    def uses(cut_off: dict[str, float | None]) -> int:
        for curves in swept["kernels"].values():
            for each in curves.values():
                each["cut_off"] = cut_off
        beyond.sweep(path, swept, smoke.figures)
        return path.read_text().count("<use ")

    panels = len(beyond_run.KERNELS) * len(beyond_run.MEANS["box"])
    known = uses({"value": 6.0, "low": 5.0, "high": 7.0})
    assert uses({"value": 6.0, "low": 5.0, "high": None}) == known
    assert uses({"value": None, "low": 5.0, "high": None}) == known - panels
    assert uses({"value": None, "low": None, "high": None}) == known - panels


def test_remedies_are_named_and_sorted(
    tmp_path: Path, smoke: Params, drawn: dict[str, Any]
) -> None:
    path, rows = tmp_path / "a.svg", drawn["remedied"]
    beyond.remedies(path, rows, smoke.figures)
    names = [each["name"] for each in sorted(rows, key=lambda each: each["mean"]["value"])]
    said = words(path)
    lines = [line for name in names for line in fill(name, beyond.LETTERS).splitlines()]
    assert [text for text in said if text in lines] == lines  # from below
    assert said.count("beats the second") == 1
    for each in rows:
        each["beats"] = False
    beyond.remedies(path, rows, smoke.figures)
    assert "beats the second" not in words(path)


def test_what_a_camera_changes_is_drawn_in_three_panels(
    tmp_path: Path, smoke: Params, drawn: dict[str, Any]
) -> None:
    path = tmp_path / "a.svg"
    beyond.capture(path, drawn["captured"], smoke.figures)
    said = words(path)
    assert said.count("box radius (px)") == 3
    for model in MODELS:
        for when in ("before", "after"):
            assert said.count(f"{model}, blurred {when}") == 1


def test_emotions_are_named_by_fineness(
    tmp_path: Path, smoke: Params, drawn: dict[str, Any]
) -> None:
    path, causes = tmp_path / "a.svg", drawn["causes"]
    beyond.causes(path, causes, smoke.figures)
    known = beyond_run.CENTROIDS
    order = sorted(known, key=known.__getitem__)
    assert [text for text in words(path) if text in known] == order
    for each in causes["emotions"].values():  # beyond the sweep
        each["cut_off"] = dict.fromkeys(MODELS, dict.fromkeys(("value", "low", "high")))
    beyond.causes(path, causes, smoke.figures)
    beyond.causes(path, causes | {"emotions": {}}, smoke.figures)  # of other classes
    assert not [text for text in words(path) if text in known]
