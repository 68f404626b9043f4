"""Every training has its line; an axis of accuracy against blur says what a radius is on a face."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from face_tables import FIVE, SEVEN
from ferblur.core.files import write_csv
from ferblur.core.params import Params
from ferblur.core.study import EMOTIONS, LEVELS, MODELS
from ferblur.figures.scores import (
    FITTING,
    accuracy_against_blur,
    accuracy_beside,
    confusion,
    curves,
    frequency_axis,
)
from ferblur.figures.style import COLUMN, PAGE, THIN, figure


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


def lines(path: Path, colour: str) -> list[tuple[bool, float]]:
    """The lines of a colour in a drawing: whether each is dashed, and its width in points."""
    styles = re.findall(r'style="(fill: none; [^"]+)"', path.read_text())
    widths = re.compile(r"stroke-width: ([\d.]+)")  # 1 where none is given
    return [
        ("stroke-dasharray" in style, float(next(iter(widths.findall(style)), 1)))
        for style in styles if f"stroke: {colour.lower()}" in style
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 3])
def test_curves_show_every_training(tmp_path: Path, count: int) -> None:
    folders = [tmp_path / str(seed) for seed in range(count)]
    for seed, folder in enumerate(folders):
        for split in ("train", "val"):
            for score in ("accuracy", "loss"):
                rows = pd.DataFrame({"step": [0, 1, 2], score: [0.3, 0.5 + seed / 10, 0.6]})
                path = folder / f"plots/metrics/{split}/{score}.tsv"
                write_csv(path, rows)
                path.write_text(path.read_text().replace(",", "\t"))
    curves(tmp_path / "a.svg", folders, "#0072B2")
    found = lines(tmp_path / "a.svg", "#0072B2")
    # accuracy and loss of each, dashed and solid, and one of each kind in the legend
    assert len(found) == 4 * count + 2
    assert sum(dashed for dashed, _ in found) == 2 * count + 1
    assert {width for _, width in found} == {THIN if count > 1 else 1.5}


@pytest.mark.parametrize("count", [1, 3])
def test_accuracy_against_blur_shows_the_mean_and_every_training(
    tmp_path: Path, smoke: Params, count: int
) -> None:
    radii = [*smoke.blur.radii().values()]
    curve = pd.DataFrame({"level": LEVELS, "radius": radii})
    for model in MODELS:
        curve[[model, f"{model}_low", f"{model}_high"]] = (0.5, 0.4, 0.6)
    scored = {
        model: {str(seed): {level: {"accuracy": 0.45 + seed / 20} for level in LEVELS}
                for seed in range(count)}
        for model in MODELS
    }  # fmt: skip
    published = pd.DataFrame({"radius": radii[:4], "baseline": 0.5, "second": 0.5})
    accuracy_against_blur(
        tmp_path / "a.svg", curve, scored, EMOTIONS, published, 128, smoke.figures
    )
    for model in MODELS:
        found = lines(tmp_path / "a.svg", getattr(smoke.figures, model))
        thin = [width for _, width in found if width == THIN]
        assert len(thin) == (count if count > 1 else 0)  # one is the mean itself
        assert (False, 1.5) in found


def words(path: Path) -> list[str]:
    """What a drawing says, in the order it is drawn."""
    return re.findall(r"<!-- (.+?) -->", path.read_text())


@pytest.mark.parametrize("emotions", [("no", "yes"), FIVE, SEVEN, tuple("abcdefghij")])
def test_a_confusion_matrix_has_a_row_for_each_class(
    tmp_path: Path, emotions: tuple[str, ...]
) -> None:
    size = len(emotions)
    counts = np.arange(1000, 1000 + size**2).reshape(size, size)
    confusion(tmp_path / "a.svg", counts, emotions)
    said = words(tmp_path / "a.svg")
    assert [word for word in said if word in emotions] == [*emotions, *emotions]
    assert [word for word in said if word.startswith("(")] == [f"({n})" for n in counts.ravel()]
    width = float(re.findall(r'width="([\d.]+)pt"', (tmp_path / "a.svg").read_text())[0])
    assert width == pytest.approx(72 * (COLUMN if size <= FITTING else PAGE))


def test_a_confusion_matrix_without_a_raster_looks_the_same(tmp_path: Path) -> None:
    counts = np.array([[9, 1, 0], [2, 5, 3], [0, 0, 4]])
    with_raster, without = tmp_path / "a.svg", tmp_path / "b.svg"
    confusion(with_raster, counts, ("a", "b", "c"))
    confusion(without, counts, ("a", "b", "c"), raster=False)
    assert "<image " in with_raster.read_text()
    assert "<image " not in without.read_text()
    assert words(with_raster) == words(without)
    # the text lies where it lay: row by row from the top
    places = [
        re.findall(r"<g transform=\"translate\(([\d.]+) ([\d.]+)\)", path.read_text())
        for path in (with_raster, without)
    ]
    for one, other in zip(*places, strict=True):
        assert [float(x) for x in one] == pytest.approx([float(x) for x in other], abs=0.5)


def other(name: str, *networks: str) -> dict[str, object]:
    """What is drawn of another dataset's run."""
    score = {"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}}
    return {
        "name": name,
        "drawn": {
            "emotions": FIVE,
            "size": 128,
            "radii": dict(zip(LEVELS, (0, 2, 4, 8, 14), strict=True)),
            "scores": {model: dict.fromkeys(LEVELS, score) for model in MODELS},
            "trainings": {model: {} for model in MODELS},
            "networks": {network: dict.fromkeys(LEVELS, score) for network in networks},
        },
    }


@pytest.mark.parametrize("count", [1, 2, 3])
def test_other_datasets_runs_are_drawn_side_by_side(
    tmp_path: Path, smoke: Params, count: int
) -> None:
    others = [other("photographs", "fer", "deepface"), other("rendered faces"), other("mine")]
    published = pd.DataFrame({"radius": [0, 2], "baseline": 0.5, "second": 0.5})
    path = tmp_path / "a.svg"
    accuracy_beside(path, others[:count], published, smoke.figures)
    said = words(path)
    for number, name in enumerate(("photographs", "rendered faces", "mine")):
        assert said.count(name) == (number < count)
    for label in ("baseline", "baseline, paper", "chance", "fer", "deepface"):
        assert said.count(label) == 1  # once for all of them
    assert "chance here" not in said  # there, not here
    assert "<image " not in path.read_text()
    width = float(re.findall(r'width="([\d.]+)pt"', path.read_text())[0])
    assert width == pytest.approx(72 * (COLUMN if count == 1 else PAGE))


@pytest.mark.parametrize("emotions", [EMOTIONS, FIVE, SEVEN])
def test_chance_is_that_of_the_classes(
    tmp_path: Path, smoke: Params, emotions: tuple[str, ...]
) -> None:
    radii = [*smoke.blur.radii().values()]
    curve = pd.DataFrame({"level": LEVELS, "radius": radii})
    for model in MODELS:
        curve[[model, f"{model}_low", f"{model}_high"]] = (0.5, 0.4, 0.6)
    published = pd.DataFrame({"radius": radii, "baseline": 0.5, "second": 0.5})
    nobody: dict[str, dict[str, object]] = {model: {} for model in MODELS}
    path = tmp_path / "a.svg"
    accuracy_against_blur(path, curve, nobody, emotions, published, 128, smoke.figures)
    # the paper's curves, beside it, are of six classes
    assert ("chance here" in words(path)) == (len(emotions) != 6)
    assert ("chance" in words(path)) == (len(emotions) == 6)
