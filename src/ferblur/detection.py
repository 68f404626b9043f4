"""Face detection with MTCNN on images padded as DeepFace pads them (section III.B)."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np


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


def border(height: int, width: int) -> tuple[int, int]:
    """Black border DeepFace adds on each side before detection: half of (height, width) px."""
    return height // 2, width // 2


class Detector:
    """The mtcnn package as it comes (0.7 s to load; TensorFlow on the CPU)."""

    def __init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from mtcnn import MTCNN  # imports TensorFlow, which only this class needs

        self._mtcnn = MTCNN()

    def detect(self, images: np.ndarray) -> list[list[Detection]]:
        """Find the faces of a batch of equally large images.

        `images` is N x H x W x 3 uint8 RGB. Returns N lists, in mtcnn's order.
        """
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
