"""Shards hold a place for each image, and are joined without the places of the rejected."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ferblur.alignment import shards
from ferblur.alignment.detection import Detection
from ferblur.core.params import Align, Params
from ferblur.core.ranks import Ranks

SHADES = [200, 10, 90, 120, 30, 250, 160]


class Bright:
    """A face in every image that is not dark."""

    def detect(self, images: np.ndarray) -> list[list[Detection]]:
        face = Detection((0, 0, 40, 40), (30, 20), (10, 20), 0.9)
        return [[face] if image.mean() > 50 else [] for image in images]


@pytest.fixture
def params(smoke: Params) -> Align:
    return smoke.align.model_copy(update={"size": 32, "batch_size": 2})


@pytest.fixture
def accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Plain images of two sizes, in an order that no batch has."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shards, "SHARD", 4)
    Path("train").mkdir()
    rows = []
    for number, shade in enumerate(SHADES):
        side = 40 + 2 * (number % 2)
        Image.new("RGB", (side, side), (shade,) * 3).save(f"train/{number}.png")
        rows.append({"source_id": f"{number}.png", "image_height": side, "image_width": side,
                     "label": 0, "emotion": "joy", "subject": "007"})  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_each_face_is_beside_its_row(accepted: pd.DataFrame, params: Align, size: int) -> None:
    for rank in range(size):
        shards.align_pool(
            accepted, Path(), "train", Path("work"), Bright(), params, Ranks(rank, size)
        )
    assert np.load("work/train-00000000.npy").shape == (4, 32, 32, 3)
    assert np.load("work/train-00000004.npy").shape == (3, 32, 32, 3)
    table = shards.merge_pool(accepted, "train", Path("work"), params)
    faces = pd.read_csv("work/train.csv", dtype={"subject": str})
    assert list(faces["source_id"]) == [f"{i}.png" for i, s in enumerate(SHADES) if s > 50]
    assert list(faces["subject"].unique()) == ["007"]
    pixels = np.load("work/train.npy")
    assert pixels.shape == (5, 32, 32, 3)
    assert [int(face[16, 16, 0]) for face in pixels] == [shade for shade in SHADES if shade > 50]
    rejects = Path("work/train-rejects.csv").read_text()
    assert rejects == "source_id,reason\n1.png,no face\n4.png,no face\n"
    assert list(table["status"]).count("aligned") == 5
    assert len(table) == len(SHADES)


def test_numbers_are_whole_where_every_image_has_a_face(
    accepted: pd.DataFrame, params: Align
) -> None:
    shards.align_pool(accepted, Path(), "train", Path("work"), Bright(), params, Ranks())
    shards.merge_pool(accepted, "train", Path("work"), params)
    assert ",40.0," in Path("work/train.csv").read_text()
    for number in (1, 4):
        Image.new("RGB", Image.open(f"train/{number}.png").size, "white").save(
            f"train/{number}.png"
        )
    shards.align_pool(accepted, Path(), "train", Path("again"), Bright(), params, Ranks())
    shards.merge_pool(accepted, "train", Path("again"), params)
    assert (
        "joy,007,aligned,1,0,0,40,40,30,20,10,20,0.0,0.9\n" in Path("again/train.csv").read_text()
    )


def test_a_pool_without_faces_has_empty_files(accepted: pd.DataFrame, params: Align) -> None:
    strict = params.model_copy(update={"min_confidence": 0.95})
    shards.align_pool(accepted, Path(), "train", Path("work"), Bright(), strict, Ranks())
    shards.merge_pool(accepted, "train", Path("work"), strict)
    assert np.load("work/train.npy").shape == (0, 32, 32, 3)
    assert len(pd.read_csv("work/train.csv")) == 0
    assert len(pd.read_csv("work/train-rejects.csv")) == len(SHADES)
