"""Which copy of an image is searched, which face is kept, and where it lies in the file."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from ferblur.alignment import rotation, search
from ferblur.alignment.detection import Detection
from ferblur.core.params import Align, Params


def face(x: int, size: int, confidence: float) -> Detection:
    return Detection((x, 2, size, size), (x + 20, 12), (x + 6, 12), confidence)


SMALL, LARGE = face(0, 16, 0.99), face(2, 24, 0.9)


@pytest.mark.parametrize(
    ("rule", "chosen"), [("largest", LARGE), ("most_confident", SMALL), ("reject", None)]
)
def test_several_faces(rule: str, chosen: Detection | None) -> None:
    assert search.choose([SMALL, LARGE], rule) == chosen


def test_one_face_needs_no_rule() -> None:
    assert search.choose([SMALL], "reject") == SMALL
    assert search.choose([], "largest") is None


@pytest.fixture
def params(smoke: Params) -> Align:
    return smoke.align.model_copy(update={"size": 48})


@pytest.fixture
def small(picture: Callable[..., np.ndarray]) -> search.View:
    return search.View(picture(0, 32, 32), 1)


def test_no_face_is_rejected_or_kept(params: Align, small: search.View) -> None:
    pixels, row = search.align_image(small.pixels, small, [], params)
    assert pixels is None
    assert row["status"] == "no face"
    keeping = params.model_copy(update={"no_face": "keep"})
    kept, row = search.align_image(small.pixels, small, [], keeping)
    assert kept is not None
    assert kept.shape == (48, 48, 3)
    assert row["status"] == "kept whole: no face"


def test_faces_below_the_confidence_do_not_count(params: Align, small: search.View) -> None:
    strict = params.model_copy(update={"min_confidence": 0.95})
    _, row = search.align_image(small.pixels, small, [SMALL, LARGE], strict)
    assert (row["faces"], row["width"]) == (1, 16)
    _, row = search.align_image(small.pixels, small, [LARGE], strict)
    assert row == {"status": "no face above min_confidence", "faces": 0}


@pytest.mark.parametrize(
    ("size", "enlarge", "seen"),
    [
        ((128, 128), 0, (128, 128)),
        ((1080, 1920), 0, (1080, 1920)),  # Full HD, as it is
        ((3000, 4000), 0, (1000, 1334)),
        ((8640, 11000), 0, (1235, 1572)),
        ((20, 3000), 0, (10, 1500)),
        ((48, 48), 128, (128, 128)),
        ((48, 60), 192, (192, 240)),
        ((130, 48), 128, (347, 128)),
        ((128, 200), 128, (128, 200)),
        ((1, 1), 256, (256, 256)),
        ((20, 1500), 1024, (27, 2048)),  # no copy is larger than what is searched as it is
        ((3000, 4000), 1024, (1000, 1334)),
    ],
)
def test_sizes_searched(size: tuple[int, int], enlarge: int, seen: tuple[int, int]) -> None:
    assert search.view_size(*size, enlarge) == seen
    assert seen[0] * seen[1] <= search.SEARCHED
    assert max(seen) <= search.SIDE
    view = search.view(np.zeros((*size, 3), dtype=np.uint8), enlarge)
    assert view.pixels.shape == (*seen, 3)
    assert view.scale * max(seen) == pytest.approx(max(size), abs=view.scale)


def test_an_ordinary_image_is_not_copied(picture: Callable[..., np.ndarray]) -> None:
    image = picture(1, 96, 128)
    view = search.view(image, 96)
    assert view.pixels is image
    assert view.scale == 1


def test_a_large_image_is_searched_in_means(
    picture: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SEARCHED", 24 * 32)
    image = picture(2, 60, 90)
    view = search.view(image, 0)
    assert view.scale == 3
    means = image.reshape(20, 3, 30, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(view.pixels, means, atol=0.6)


def level(size: int) -> Detection:
    """A face in the middle of a square image, its eyes level, so that the crop is the box."""
    quarter = size // 4
    box = (quarter, quarter, 2 * quarter, 2 * quarter)
    return Detection(box, (5 * quarter // 2, size // 2), (3 * quarter // 2, size // 2), 0.99)


def test_the_crop_of_a_large_image_has_its_details(
    params: Align, picture: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SEARCHED", 48 * 48)
    image = np.random.default_rng(3).integers(0, 256, (192, 192, 3), dtype=np.uint8)
    view = search.view(image, 0)
    assert view.scale == 4
    pixels, row = search.align_image(image, view, [level(48)], params, shrunk=2)
    assert [row[name] for name in ("x", "y", "width", "height")] == [96, 96, 192, 192]
    assert (row["left_eye_x"], row["right_eye_y"], row["angle"]) == (240, 192, 0)
    expected = Image.fromarray(image[48:144, 48:144]).resize((48, 48), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(pixels, np.asarray(expected))


def test_a_face_far_larger_than_its_crop_is_shrunk_first(
    params: Align, picture: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    turned: list[int] = []

    def align(image: np.ndarray, *_: object) -> np.ndarray:
        turned.append(len(image))
        return np.zeros((48, 48, 3), dtype=np.uint8)

    monkeypatch.setattr(search, "SEARCHED", 300 * 300)
    monkeypatch.setattr(rotation, "align", align)
    image = picture(4, 1200, 1200)
    view = search.view(image, 0)
    _, row = search.align_image(image, view, [level(300)], params)
    assert row["width"] == 600
    assert turned == [200]  # by 6, where the box of 600 px is 100, twice the face's 48 and more


def test_a_small_image_is_cropped_from_its_copy(
    params: Align, picture: Callable[..., np.ndarray]
) -> None:
    image = picture(5, 32, 32)
    view = search.view(image, 96)
    pixels, row = search.align_image(image, view, [level(96)], params)
    assert [row[name] for name in ("x", "y", "width", "height")] == [8, 8, 16, 16]
    large = Image.fromarray(image).resize((96, 96), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(pixels, np.asarray(large)[24:72, 24:72])
