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


@pytest.mark.parametrize("emotions", ALL)
def test_unseen_images_are_counted_by_class(tmp_path: Path, emotions: tuple[str, ...]) -> None:
    shown = [name for place, name in enumerate(emotions) for _ in range(3 + place)]
    images.samples_unseen(tmp_path / "a.svg", pd.DataFrame({"emotion": shown}), emotions)
    said = words(tmp_path / "a.svg")
    assert [word for word in said if word in emotions] == [*emotions]
    for place in range(len(emotions)):
        assert f"{3 + place} images," in said
    assert said.count("not shown") == len(emotions)
    assert pictures(tmp_path / "a.svg") == 0


def test_an_unseen_image_has_its_box_on_a_plain_ground(tmp_path: Path, smoke: Params) -> None:
    path = tmp_path / "a.svg"
    nowhere = tmp_path / "absent"  # it is not even read
    images.detected(path, nowhere, found(), smoke.figures, seen=False)
    assert words(path) == ["detected"]
    assert smoke.figures.second.lower() in path.read_text()
    whole = found(status="kept whole: no face", x="", y="", width="", height="")
    images.detected(path, nowhere, whole, smoke.figures, seen=False)
    assert words(path) == ["not shown", "raw"]
    assert pictures(path) == 0
    images.aligned_unseen(path, "aligned")
    assert words(path) == ["not shown", "aligned"]
    assert pictures(path) == 0


@pytest.mark.parametrize("size", [32, 128, 130])
def test_drawn_bars_get_narrower_by_half(size: int) -> None:
    chart, widths = images.bars(size)
    assert chart.shape == (size, size, 3)
    assert chart.dtype == np.uint8
    assert {*chart.ravel().tolist()} == {0, 255}
    assert (chart == chart[:1, :, :1]).all()
    quarter = size // 4
    for place, width in enumerate(widths):
        group = chart[0, place * quarter : (place + 1) * quarter, 0].astype(int)
        changes = np.flatnonzero(np.diff(group)) + 1
        assert changes.tolist() == list(range(width, quarter, width))
        assert width in (1, widths[0] // 2**place)


def test_blur_on_drawn_bars_is_the_studys(tmp_path: Path, smoke: Params) -> None:
    path = tmp_path / "a.svg"
    images.levels_unseen(path, smoke)
    assert pictures(path) == 0
    said = words(path)
    assert [word for word in said if "px" in word] == [
        "none (0 px)", "low (2 px)", "medium (4 px)", "high (8 px)", "very high (14 px)",
    ]  # fmt: skip
    assert said.count("16") == said.count("2") == 5  # widths of bars under each level
    greys = {int(grey[:2], 16) for grey in re.findall(r"fill: #(\w{6})", path.read_text())}
    # the mean of a box over the edge of a bar: 5 px wide, it takes four values between the two
    assert {255, 51, 102, 153, 204} <= greys  # black is not written


def test_an_image_taken_whole_has_no_box(pool: Path, smoke: Params) -> None:
    whole = found(status="kept whole: no face", x="", y="", width="", height="")
    images.detected(pool / "a.svg", pool, whole, smoke.figures)
    assert words(pool / "a.svg") == ["raw"]
    assert smoke.figures.second.lower() not in (pool / "a.svg").read_text()
