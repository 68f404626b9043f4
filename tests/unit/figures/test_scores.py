"""The axis of accuracy against blur that says what a radius means on a face."""

from pathlib import Path

import numpy as np
import pytest

from ferblur.figures.scores import frequency_axis
from ferblur.figures.style import figure


def drawn(path: Path, size: int) -> tuple[dict[float, str], np.ndarray]:
    """Its ticks, and the outlines of what it shades, for the study's radii on a face of `size`."""
    with figure(path, 3, 2) as (_, axes):
        frequency_axis(axes, [0, 2, 4, 8, 14], size, "#000000")
        (above,) = axes.child_axes
        ticks = dict(zip(above.get_xticks(), above.get_xticklabels(), strict=True))
        outlines = [outline.vertices for outline in axes.collections[0].get_paths()]
        words = {float(place): label.get_text() for place, label in ticks.items()}
        return words, np.concatenate([np.empty((0, 2)), *outlines])


def test_every_radius_that_halves_a_contrast_has_its_frequency(tmp_path: Path) -> None:
    ticks, _ = drawn(tmp_path / "a.svg", 128)
    assert ticks == {2: "15.7", 4: "8.6", 8: "4.5", 14: "2.7"}


def test_the_band_of_people_is_shaded(tmp_path: Path) -> None:
    _, outline = drawn(tmp_path / "a.svg", 128)
    # a box of width w on 128 px halves the contrast near 0.603 * 128 / w cycles
    assert outline[:, 0].min() == pytest.approx((0.603 * 128 / 16 - 1) / 2, abs=0.1)
    assert outline[:, 0].max() == pytest.approx((0.603 * 128 / 8 - 1) / 2, abs=0.1)


def test_nothing_is_shaded_where_no_radius_is_in_the_band(tmp_path: Path) -> None:
    _, outline = drawn(tmp_path / "a.svg", 12)  # on which the finest grating has 6 cycles
    assert len(outline) == 0
