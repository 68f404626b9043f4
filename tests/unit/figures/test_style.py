"""Figures are vector and the same bytes every time."""

from pathlib import Path

from ferblur.figures.style import figure


def draw(path: Path) -> str:
    with figure(path, 3.5, 2) as (_, axes):
        axes.plot([0, 1], [1, 0], label="line")
        axes.legend()
    return path.read_text()


def test_two_drawings_are_identical(tmp_path: Path) -> None:
    first = draw(tmp_path / "a.svg")
    assert first == draw(tmp_path / "b.svg")
    assert first.startswith("<?xml")
    assert "<dc:date>" not in first


def test_size_is_in_inches(tmp_path: Path) -> None:
    text = draw(tmp_path / "a.svg")
    assert 'width="252pt"' in text
    assert 'height="144pt"' in text
