"""Face detection with MTCNN on images padded as DeepFace pads them (section III.B)."""

import os
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ferblur.core.errors import UserError


@dataclass(frozen=True)
class Detection:
    """One face in an image, in px of that image (it may reach outside).

    `box` is (x, y, width, height) of the upper left corner and size; `left_eye` and `right_eye`
    are (x, y), left and right being the person's own, as DeepFace has them.
    """

    box: tuple[int, int, int, int]
    left_eye: tuple[int, int]
    right_eye: tuple[int, int]
    confidence: float

    def scaled(self, factor: float) -> "Detection":
        """The same face in an image `factor` times as large, in whole px."""
        x, y, width, height = (round(value * factor) for value in self.box)
        left, right = (
            (round(eye[0] * factor), round(eye[1] * factor))
            for eye in (self.left_eye, self.right_eye)
        )
        return Detection((x, y, width, height), left, right, self.confidence)


class Detector(Protocol):
    """Finds faces; what `align.detector` chooses."""

    def detect(self, images: np.ndarray) -> list[list[Detection]]:
        """Find the faces of a batch of equally large images.

        `images` is N x H x W x 3 uint8 RGB. Returns N lists, the most certain face first.
        """
        ...


def border(height: int, width: int) -> tuple[int, int]:
    """Black border DeepFace adds on each side before detection: half of (height, width) px."""
    return height // 2, width // 2


class Mtcnn:
    """MTCNN in PyTorch, always on the CPU; gives what the mtcnn package gives."""

    def __init__(self) -> None:
        from ferblur.alignment.cascade import Cascade  # loads torch

        self._cascade = Cascade()

    def detect(self, images: np.ndarray) -> list[list[Detection]]:
        """As Detector.detect; safe to call from several threads."""
        top, left = border(*images.shape[1:3])
        owners, faces = self._cascade.detect(images, (top, left))
        size = faces[:, 2:4] - faces[:, :2]
        # the cascade's first eye is on the left of the image: the person's right
        points = [faces[:, :2], size, faces[:, [6, 11]], faces[:, [5, 10]]]
        numbers = np.rint(np.column_stack(points)).astype(int)
        numbers[:, [0, 4, 6]] -= left
        numbers[:, [1, 5, 7]] -= top
        found: list[list[Detection]] = [[] for _ in images]
        for owner, face, confidence in zip(
            owners.tolist(), numbers.tolist(), faces[:, 4].tolist(), strict=True
        ):
            x, y, width, height, left_x, left_y, right_x, right_y = face
            found[owner].append(
                Detection((x, y, width, height), (left_x, left_y), (right_x, right_y), confidence)
            )
        return found


class MtcnnReference:
    """The mtcnn package as it comes, on TensorFlow, which only this class needs.

    Raises UserError where TensorFlow is not installed.
    """

    def __init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        try:
            from mtcnn import MTCNN
        except ImportError as error:
            raise UserError(
                "align.detector: 'mtcnn-reference' needs the packages of "
                f"requirements-reference.lock ({error}); 'mtcnn' gives the same boxes without"
            ) from error
        self._mtcnn = MTCNN()

    def detect(self, images: np.ndarray) -> list[list[Detection]]:
        """As Detector.detect."""
        top, left = border(*images.shape[1:3])
        padded = np.pad(images, ((0, 0), (top, top), (left, left), (0, 0)))
        found = self._mtcnn.detect_faces(list(padded))
        if len(found) != len(images):  # mtcnn gives one empty list where no image has a face
            found = [[] for _ in images]
        return [[_detection(face, top, left) for face in faces] for faces in found]


def _detection(face: dict[str, Any], top: int, left: int) -> Detection:
    x, y, width, height = (int(value) for value in face["box"])
    # mtcnn names the eyes as the observer sees them
    right_eye, left_eye = face["keypoints"]["left_eye"], face["keypoints"]["right_eye"]
    return Detection(
        box=(x - left, y - top, width, height),
        left_eye=(int(left_eye[0]) - left, int(left_eye[1]) - top),
        right_eye=(int(right_eye[0]) - left, int(right_eye[1]) - top),
        confidence=float(face["confidence"]),
    )


DETECTORS: dict[str, type[Mtcnn] | type[MtcnnReference]] = {
    "mtcnn": Mtcnn,
    "mtcnn-reference": MtcnnReference,
}
"""The values of `align.detector`, but for `none`."""


def make_detector(name: str) -> Detector | None:
    """The detector that `align.detector` names; None where no face is searched, without torch."""
    if name == "none":
        return None
    # torch keeps what it made for the last 1,024 shapes, which many sizes of images fill
    os.environ.setdefault("LRU_CACHE_CAPACITY", "64")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")
    import torch

    # one thread a batch, whatever the machine: the number of threads changes the last bits
    torch.set_num_threads(1)
    return DETECTORS[name]()
