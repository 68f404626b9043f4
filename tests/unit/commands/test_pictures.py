"""Folders and single pictures become the faces that the pipeline makes of them.

pytest tests/unit/commands/test_pictures.py
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ferblur.alignment.detection import Detection
from ferblur.alignment.rotation import align
from ferblur.commands.pictures import aligned, emotions_named, every_face, where
from ferblur.core.errors import UserError
from ferblur.core.params import Align, Params
from ferblur.core.study import EMOTIONS


@pytest.fixture
def whole(smoke: Params) -> Params:
    """Parameters by which no face is searched."""
    return smoke.model_copy(update={"align": smoke.align.model_copy(update={"detector": "none"})})


def test_emotions_are_checked_as_in_params(smoke: Params) -> None:
    assert emotions_named(None, smoke) == smoke.data.emotions
    assert emotions_named("joy, anger", smoke) == ("joy", "anger")
    for text, said in (("joy", "2 to 10"), ("a,a", "twice"), ("Joy,anger", "such as joy")):
        with pytest.raises(UserError, match=f"^--emotions {text}: .*{said}"):
            emotions_named(text, smoke)


def test_deployment_is_taken_where_there_are_pools(pools: Path) -> None:
    assert where(pools, EMOTIONS) == (pools, "deployment")
    assert where(pools / "train", EMOTIONS) == (pools.resolve(), "train")
    for folder, said in (
        (pools / "nothing", "no such folder"),
        (pools / "train/fear", "has neither deployment/ nor folders named anger"),
    ):
        with pytest.raises(UserError, match=said):
            where(folder, EMOTIONS)
    with pytest.raises(UserError, match="has no folder neutral; --emotions names"):
        where(pools / "train", ("anger", "neutral"))


def test_faces_are_the_pictures_with_their_people(pools: Path, whole: Params) -> None:
    rows = "".join(f"{name}/{n}.jpg,p{n}\n" for name in EMOTIONS for n in range(2))
    (pools / "deployment/truth.csv").write_text(f"file,subject\n{rows}")
    (pools / "deployment/fear/bad.jpg").write_text("junk")
    threads = torch.get_num_threads()
    with aligned(pools, EMOTIONS, whole) as (faces, files):
        assert (len(faces.table), files) == (12, 13)
        assert faces.table["subject"].tolist() == ["p0", "p1"] * 6
        with Image.open(pools / "deployment" / faces.table["source_id"][3]) as picture:
            size = (whole.align.size,) * 2
            expected = np.asarray(picture.resize(size, Image.Resampling.BILINEAR))
        assert np.array_equal(faces.pixels[3], expected)
    assert torch.get_num_threads() == threads
    with aligned(pools / "train", EMOTIONS[::-1], whole) as (faces, _):
        assert set(faces.table["emotion"][faces.table["label"] == 0]) == {EMOTIONS[-1]}


def test_folders_without_faces_are_one_line(pools: Path, smoke: Params, whole: Params) -> None:
    with pytest.raises(UserError, match="no face was found"), aligned(pools, EMOTIONS, smoke):
        pass
    for path in (pools / "deployment").rglob("*.jpg"):
        path.write_text("junk")
    with (
        pytest.raises(UserError, match=r"no file is a usable picture \(12 "),
        aligned(pools, EMOTIONS, whole),
    ):
        pass


class Two:
    """Finds two faces, of which the second is smaller."""

    FOUND = (
        Detection((10, 10, 40, 50), (40, 30), (20, 28), 0.99),
        Detection((70, 20, 30, 30), (92, 30), (78, 30), 0.95),
        Detection((70, 60, 60, 60), (92, 80), (78, 80), 0.3),
    )

    def detect(self, images: np.ndarray) -> list[list[Detection]]:
        return [[*self.FOUND] for _ in images]


def test_every_face_of_a_picture_is_aligned(
    tmp_path: Path, smoke: Params, picture: Callable[..., np.ndarray]
) -> None:
    image = picture(1, 100, 140)
    path = tmp_path / "two.png"
    Image.fromarray(image).save(path)
    settings = smoke.align.model_copy(update={"min_confidence": 0.9, "several_faces": "reject"})
    faces, table = every_face(path, Two(), settings)
    assert len(faces) == len(table) == 2
    for face, found in zip(faces, Two.FOUND[:2], strict=True):
        expected = align(image, found, settings.size, settings.interpolation)
        assert expected is not None
        assert np.array_equal(face, expected)
    assert table[["x", "y", "width", "height"]].to_numpy().tolist() == [
        list(found.box) for found in Two.FOUND[:2]
    ]
    assert set(table["image_width"]) == {140}
    assert set(table["image_height"]) == {100}


def test_no_face_is_said_or_the_picture_kept(
    tmp_path: Path, smoke: Params, picture: Callable[..., np.ndarray]
) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(picture(1, 90, 60)).save(path)

    def tried(**changes: object) -> np.ndarray:
        settings: Align = smoke.align.model_copy(update=changes)
        return every_face(path, Two(), settings)[0]

    with pytest.raises(UserError, match=r"a\.png: no face above min_confidence$"):
        tried(min_confidence=1.0)
    kept = tried(min_confidence=1.0, no_face="keep")
    assert np.array_equal(kept, every_face(path, None, smoke.align)[0])
    assert kept.shape == (1, smoke.align.size, smoke.align.size, 3)


def test_bad_files_are_one_line(tmp_path: Path, smoke: Params) -> None:
    (tmp_path / "junk.jpg").write_text("junk")
    for name, said in (("junk.jpg", "not a picture"), ("none.jpg", "no such file"), ("", "folder")):
        with pytest.raises(UserError, match=f"{tmp_path / name}: .*{said}"):
            every_face(tmp_path / name, None, smoke.align)
