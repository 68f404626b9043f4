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

    top, left = border(*image.shape[:2])
    x, y, width, height = detection.box
    face = extract_face(
        facial_area=FacialAreaRegion(
            x=x + left,
            y=y + top,
            w=width,
            h=height,
            left_eye=(detection.left_eye[0] + left, detection.left_eye[1] + top),
            right_eye=(detection.right_eye[0] + left, detection.right_eye[1] + top),
            confidence=detection.confidence,
        ),
        img=np.pad(image, ((top, top), (left, left), (0, 0))),
        align=True,
        expand_percentage=0,
        width_border=left,
        height_border=top,
        detector_backend="mtcnn",
    ).img
    if 0 in face.shape:
        return None
    return resize(face, size, interpolation)
