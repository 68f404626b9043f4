"""DeepFace's alignment on a part of the image is what it gives on the whole."""

from collections.abc import Callable

import numpy as np
import pytest
from deepface.models.Detector import FacialAreaRegion
from deepface.modules.detection import extract_face

from ferblur.alignment import rotation
from ferblur.alignment.detection import Detection, border


def whole(image: np.ndarray, detection: Detection) -> np.ndarray:
    """The crop of the image with all of DeepFace's border around it."""
    top, left = border(*image.shape[:2])
    x, y, width, height = detection.box
    (left_x, left_y), (right_x, right_y) = detection.left_eye, detection.right_eye
    return np.asarray(
        extract_face(
            facial_area=FacialAreaRegion(
                x=x + left, y=y + top, w=width, h=height,
                left_eye=(left_x + left, left_y + top), right_eye=(right_x + left, right_y + top),
                confidence=0.9,
            ),
            img=np.pad(image, ((top, top), (left, left), (0, 0))),
            align=True, expand_percentage=0, width_border=left, height_border=top,
            detector_backend="mtcnn",
        ).img
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_what_is_far_from_the_face_is_not_needed(
    seed: int, picture: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "resize", lambda image, *_: image)
    generator = np.random.default_rng(seed)
    height, width = (int(n) for n in generator.integers(20, 90, 2))
    x, y = (int(generator.integers(-n, n)) for n in (width, height))
    box = (x, y, int(generator.integers(-2, width)), int(generator.integers(-2, 2 * height)))
    eyes = [
        (int(generator.integers(-9, width + 9)), int(generator.integers(-9, height + 9)))
        for _ in range(2)
    ]
    detection = Detection(box, eyes[0], eyes[1], 0.9)
    image = picture(seed, height, width)
    expected = whole(image, detection)
    aligned = rotation.align(image, detection, 32, "bilinear")
    if 0 in expected.shape:
        assert aligned is None
    else:
        np.testing.assert_array_equal(aligned, expected)


def test_a_box_without_an_area_has_no_crop(picture: Callable[..., np.ndarray]) -> None:
    for box in ((5, 5, 0, 10), (5, 5, 10, -1), (300, 5, 10, 10)):
        assert (
            rotation.align(picture(0), Detection(box, (9, 9), (6, 9), 0.9), 32, "nearest") is None
        )
