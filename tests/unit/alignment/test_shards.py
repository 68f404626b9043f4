"""Which of several faces is kept, and what happens to an image without one."""

from collections.abc import Callable

import numpy as np
import pytest

from ferblur.alignment import shards
from ferblur.alignment.detection import Detection
from ferblur.core.params import Align, Params


def face(x: int, size: int, confidence: float) -> Detection:
    return Detection((x, 2, size, size), (x + 20, 12), (x + 6, 12), confidence)


SMALL, LARGE = face(0, 16, 0.99), face(2, 24, 0.9)


@pytest.mark.parametrize(
    ("rule", "chosen"), [("largest", LARGE), ("most_confident", SMALL), ("reject", None)]
)
def test_several_faces(rule: str, chosen: Detection | None) -> None:
    assert shards.choose([SMALL, LARGE], rule) == chosen


def test_one_face_needs_no_rule() -> None:
    assert shards.choose([SMALL], "reject") == SMALL
    assert shards.choose([], "largest") is None


@pytest.fixture
def params(smoke: Params) -> Align:
    return smoke.align.model_copy(update={"size": 48})


def test_no_face_is_rejected_or_kept(params: Align, picture: Callable[..., np.ndarray]) -> None:
    image = picture(0, 32, 32)
    pixels, row = shards.align_image(image, [], params)
    assert pixels is None
    assert row["status"] == "no face"
    kept, row = shards.align_image(image, [], params.model_copy(update={"no_face": "keep"}))
    assert kept is not None
    assert kept.shape == (48, 48, 3)
    assert row["status"] == "kept whole: no face"


def test_faces_below_the_confidence_do_not_count(
    params: Align, picture: Callable[..., np.ndarray]
) -> None:
    strict = params.model_copy(update={"min_confidence": 0.95})
    _, row = shards.align_image(picture(0, 32, 32), [SMALL, LARGE], strict)
    assert (row["faces"], row["width"]) == (1, 16)
