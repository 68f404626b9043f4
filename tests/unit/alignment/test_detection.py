"""Our MTCNN finds what the mtcnn package found (reference/make.py wrote down what that was)."""

import json
import sys
from collections.abc import Callable
from typing import Any

import make as reference
import numpy as np
import pytest
from PIL import Image

from ferblur.alignment.detection import Detection, Mtcnn, MtcnnReference, border
from ferblur.core.errors import UserError
from ferblur.rendering.clips import make_renderer


def read(name: str) -> dict[str, list[Detection]]:
    content = json.loads((reference.HERE / name).read_text())

    def face(values: dict[str, Any]) -> Detection:
        points = {key: tuple(values[key]) for key in ("box", "left_eye", "right_eye")}
        return Detection(**points, confidence=values["confidence"])

    return {case: [face(values) for values in faces] for case, faces in content.items()}


def distance(ours: Detection, theirs: Detection) -> int:
    """The largest difference of any coordinate, px."""
    a, b = (np.array(face.box + face.left_eye + face.right_eye) for face in (ours, theirs))
    return int(np.abs(a - b).max())


def exceptions(
    ours: dict[str, list[Detection]], theirs: dict[str, list[Detection]]
) -> dict[str, str]:
    """The images where the two differ, in number of faces or by more than 1 px, and how."""
    found = {}
    for name, faces in theirs.items():
        if len(ours[name]) != len(faces):
            found[name] = f"{len(ours[name])} faces, not {len(faces)}"
        elif any(distance(a, b) > 1 for a, b in zip(ours[name], faces, strict=True)):
            found[name] = f"{ours[name]}, not {faces}"
    return found


def test_hard_cases() -> None:
    cases = reference.hard_cases(make_renderer())
    theirs = read("hard-cases.json")
    assert set(cases) == set(theirs)
    ours = dict(zip(cases, reference.detect(Mtcnn(), list(cases.values())), strict=True))
    assert exceptions(ours, theirs) == {}
    for name, faces in theirs.items():
        for a, b in zip(ours[name], faces, strict=True):
            assert a.confidence == pytest.approx(b.confidence, abs=1e-3)
    counts = {name: len(faces) for name, faces in ours.items()}
    assert counts["two faces"] == 2
    assert counts["black"] == counts["noise"] == 0
    assert sum(counts[name] for name in list(counts)[:24]) >= 23


@pytest.mark.skipif(
    not reference.real_faces(),
    reason="compares photographs that may not be shipped; hard cases are compared everywhere",
)
def test_real_faces() -> None:
    theirs = read("real-faces.json")
    files = reference.real_faces()
    assert set(files) == set(theirs)
    images = np.stack([np.asarray(Image.open(files[name])) for name in theirs])
    detector = Mtcnn()
    batches = (images[start : start + 32] for start in range(0, len(images), 32))
    found = [faces for batch in batches for faces in detector.detect(batch)]
    different = exceptions(dict(zip(theirs, found, strict=True)), theirs)
    assert len(theirs) == 859
    assert len(different) <= 0.005 * len(theirs), different


def test_batches_give_what_single_images_give(picture: Callable[..., np.ndarray]) -> None:
    cases = reference.hard_cases(make_renderer())
    images = np.stack([image for image in cases.values() if image.shape == (128, 128, 3)])
    detector = Mtcnn()
    single = reference.detect(detector, list(images))
    for alone, together in zip(single, detector.detect(images), strict=True):
        assert len(alone) == len(together)
        assert all(distance(a, b) <= 1 for a, b in zip(alone, together, strict=True))


def test_border_is_half_the_image() -> None:
    assert border(128, 97) == (64, 48)


def test_the_reference_without_tensorflow_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mtcnn", None)
    with pytest.raises(UserError, match=r"mtcnn-reference.*requirements-reference\.lock"):
        MtcnnReference()
