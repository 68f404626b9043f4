"""Every class is shown under its name, and a box lies where the face was found."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from face_tables import FIVE, SEVEN
from ferblur.core.params import Params
from ferblur.figures import images
from ferblur.figures.style import figure

TEN = (*"abcdefghi", "a_name_of_thirty_characters_xx")

ALL = [("no", "yes"), FIVE, SEVEN, TEN]


def words(path: Path) -> list[str]:
    """What a drawing says, in the order it is drawn."""
    return re.findall(r"<!-- (.+?) -->", path.read_text())


def pictures(path: Path) -> int:
    return path.read_text().count("<image ")


@pytest.fixture
def pool(tmp_path: Path, picture: Callable[..., np.ndarray]) -> Path:
    """One picture, which serves every class."""
    (tmp_path / "faces/train").mkdir(parents=True)
    Image.fromarray(picture(1, 32, 32)).save(tmp_path / "faces/train/0.jpg")
    return tmp_path / "faces"


@pytest.mark.parametrize("emotions", ALL)
def test_two_of_each_class_under_its_name(pool: Path, emotions: tuple[str, ...]) -> None:
    table = pd.DataFrame({"emotion": [*emotions], "source_id": "0.jpg"})
    drawn = pool / "a.svg"
    images.samples(drawn, pool, table, emotions, np.random.default_rng(1))
    assert words(drawn) == [*emotions]
    assert pictures(drawn) == 2 * len(emotions)


@pytest.mark.parametrize("emotions", ALL)
def test_every_class_has_its_count(tmp_path: Path, emotions: tuple[str, ...]) -> None:
    shown = [name for place, name in enumerate(emotions) for _ in range(90 + place)]
    table = pd.DataFrame({"emotion": shown}).query("emotion != @emotions[1]")  # which has none
    images.distribution(tmp_path / "a.svg", table, emotions, "#000000")
    said = words(tmp_path / "a.svg")
    assert [word for word in said if word in emotions] == [*emotions]
    counts = [0 if place == 1 else 90 + place for place in range(len(emotions))]
    assert said[-len(emotions) :] == [str(count) for count in counts]


def found(**values: object) -> pd.Series:
    """A row of what `align` found, as it is read: text where some rows of a column are empty."""
    row = {
        "source_id": "0.jpg", "status": "aligned", "image_width": 32, "image_height": 32,
        "x": "8.0", "y": "4.0", "width": "12.0", "height": "16.0",
        "left_eye_x": "18.0", "left_eye_y": "9.0", "right_eye_x": "10.0", "right_eye_y": "9.0",
    }  # fmt: skip
    return pd.Series(row | values)


def test_a_box_is_where_the_face_is_in_a_picture_of_any_size(
    pool: Path, smoke: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    @contextmanager
    def kept(*arguments: Any) -> Iterator[tuple[Any, Any]]:
        with figure(*arguments) as (fig, axes):
            yield fig, axes
            (image,), (box,), (eyes,) = axes.images, axes.patches, axes.lines
            assert image.get_extent() == [-0.5, 31.5, 31.5, -0.5]
            assert box.get_bbox().bounds == (8, 4, 12, 16)
            assert eyes.get_xydata().tolist() == [[18, 9], [10, 9]]
            drawn.append(image.get_size())

    monkeypatch.setattr(images, "figure", kept)
    for most in (images.SHOWN, 100):
        monkeypatch.setattr(images, "SHOWN", most)
        images.detected(pool / "a.svg", pool, found(), smoke.figures)
    assert drawn == [(32, 32), (8, 8)]  # the second is shrunk by 4


def test_an_image_taken_whole_has_no_box(pool: Path, smoke: Params) -> None:
    whole = found(status="kept whole: no face", x="", y="", width="", height="")
    images.detected(pool / "a.svg", pool, whole, smoke.figures)
    assert words(pool / "a.svg") == ["raw"]
    assert smoke.figures.second.lower() not in (pool / "a.svg").read_text()
