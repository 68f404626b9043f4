"""Face alignment on the eye line, DeepFace's own (section III.B, Figs. 4 and 5)."""

import math

import numpy as np
from PIL import Image

from ferblur.alignment.detection import Detection, border

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def eye_angle(detection: Detection) -> float:
    """Tilt of the eye line in degrees, positive where the person's left eye is lower."""
    dx = detection.left_eye[0] - detection.right_eye[0]
    dy = detection.left_eye[1] - detection.right_eye[1]
    return round(math.degrees(math.atan2(dy, dx)), 6)  # the last bits are the libm's own


def resize(image: np.ndarray, size: int, interpolation: str) -> np.ndarray:
    """Resize H x W x 3 uint8 to size x size x 3 uint8."""
    if image.shape[:2] == (size, size):
        return image
    resized = Image.fromarray(np.ascontiguousarray(image)).resize(
        (size, size), RESAMPLING[interpolation]
    )
    return np.asarray(resized)


def align(
    image: np.ndarray, detection: Detection, size: int, interpolation: str
) -> np.ndarray | None:
    """Rotate the face until its eyes are level, crop it, and bring it to `size` px.

    `image` is H x W x 3 uint8 RGB. Rotation and crop are DeepFace's `extract_face` on the image
    with DeepFace's border; its crop varies in size, so it is resized (the study does not say how).
    Returns size x size x 3 uint8, or None where the crop is empty.
    """
    from deepface.models.Detector import FacialAreaRegion  # deepface takes seconds to import
    from deepface.modules.detection import extract_face

    x, y, width, height = detection.box
    bounds = zip(border(*image.shape[:2]), image.shape[:2], strict=True)
    (top, bottom), (left, right) = (
        np.clip([first, first + length], -black, black + whole).tolist()
        for (black, whole), first, length in zip(bounds, (y, x), (height, width), strict=True)
    )
    height, width = bottom - top, right - left
    if height <= 0 or width <= 0:
        return None
    # DeepFace turns what lies within half a box of the box, black beyond the image: no more is read
    top, left = top - height // 2, left - width // 2
    face = extract_face(
        facial_area=FacialAreaRegion(
            x=width // 2,
            y=height // 2,
            w=width,
            h=height,
            left_eye=(detection.left_eye[0] - left, detection.left_eye[1] - top),
            right_eye=(detection.right_eye[0] - left, detection.right_eye[1] - top),
            confidence=detection.confidence,
        ),
        img=_part(image, (top, bottom + height // 2), (left, right + width // 2)),
        align=True,
        expand_percentage=0,
        width_border=0,
        height_border=0,
        detector_backend="mtcnn",
    ).img
    if 0 in face.shape:
        return None
    return resize(face, size, interpolation)


def _part(image: np.ndarray, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    """Rows and columns of an image that may reach outside, where it is black."""
    part = np.zeros((rows[1] - rows[0], columns[1] - columns[0], 3), dtype=np.uint8)
    top, bottom = np.clip(rows, 0, image.shape[0])
    left, right = np.clip(columns, 0, image.shape[1])
    inside = image[top:bottom, left:right]
    part[top - rows[0] : bottom - rows[0], left - columns[0] : right - columns[0]] = inside
    return part
