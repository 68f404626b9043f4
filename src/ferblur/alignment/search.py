"""From an image to its face: the copy that is searched, the face that is kept, and its crop.

Most images are searched and cropped as they are. One that is much larger than a search needs is
searched on a smaller copy, and the crop is taken from the larger pixels; one that is smaller than
`align.enlarge` is searched and cropped on a larger copy.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ferblur.alignment import rotation
from ferblur.alignment.detection import Detection
from ferblur.core.params import Align

SEARCHED = 1 << 21
"""px of an image that is searched as it is, at most: all of a Full HD frame (1920 x 1080)."""

SIDE = 2048
"""px of its longer side, at most."""

Result = tuple[np.ndarray | None, dict[str, object]]
"""An aligned face, or None where the image is rejected, and its table row."""


@dataclass(frozen=True)
class View:
    """What is searched: `pixels` is H x W x 3 uint8, `scale` px of the image go to one of its."""

    pixels: np.ndarray
    scale: float


def view_size(height: int, width: int, enlarge: int) -> tuple[int, int]:
    """Height and width in px at which an image of that size is searched."""
    factor = _reduction(height, width)
    if factor > 1:
        return -(-height // factor), -(-width // factor)
    shorter, longer = sorted((height, width))
    scale = min(enlarge / shorter, SIDE / longer, math.sqrt(SEARCHED / (height * width)))
    return (round(height * scale), round(width * scale)) if scale > 1 else (height, width)


def _reduction(height: int, width: int) -> int:
    side, area = max(height, width) / SIDE, height * width / SEARCHED
    return math.ceil(max(side, math.sqrt(area)))


def view(image: np.ndarray, enlarge: int) -> View:
    """What of an image (H x W x 3 uint8) is searched; `enlarge` as align.enlarge.

    Copies are smaller by a whole number, each of their px a mean, or larger and bicubic.
    """
    height, width = image.shape[:2]
    if (factor := _reduction(height, width)) > 1:
        return View(reduced(image, factor), factor)
    size = view_size(height, width, enlarge)
    if size == (height, width):
        return View(image, 1)
    resized = Image.fromarray(image).resize(size[::-1], Image.Resampling.BICUBIC)
    return View(np.asarray(resized), max(height, width) / max(size))


def reduced(image: np.ndarray, factor: int) -> np.ndarray:
    """An image whose px are the means of `factor` x `factor` px of `image`."""
    return image if factor == 1 else np.asarray(Image.fromarray(image).reduce(factor))


def choose(faces: list[Detection], rule: str) -> Detection | None:
    """Pick the face to keep: the only one, or as `rule` (align.several_faces) says."""
    if len(faces) == 1:
        return faces[0]
    if not faces or rule == "reject":
        return None
    if rule == "largest":
        return max(faces, key=lambda face: face.box[2] * face.box[3])
    return max(faces, key=lambda face: face.confidence)


def keep_whole(image: np.ndarray, params: Align, why: str) -> Result:
    """Take a whole image (H x W x 3 uint8) for the face."""
    whole = rotation.resize(image, params.size, params.interpolation)
    return whole, {"status": f"kept whole: {why}", "faces": 0}


def align_image(
    image: np.ndarray, seen: View, found: list[Detection], params: Align, shrunk: float = 1
) -> Result:
    """Align one image given the detections in what was seen of it.

    `image` is H x W x 3 uint8, a picture `shrunk` times as large when it was a file. Returns the
    size x size x 3 uint8 face, or None where it is rejected, and the table row: status (aligned,
    kept, or the reason), number of faces, and the chosen face's box and eyes (px of the file's
    picture), angle (degrees) and confidence.
    """
    faces = [face for face in found if face.confidence >= params.min_confidence]
    chosen = choose(faces, params.several_faces)
    if chosen is None:
        if faces:
            return None, {"status": f"{len(faces)} faces", "faces": len(faces)}
        why = "no face above min_confidence" if found else "no face"
        if params.no_face == "keep":
            return keep_whole(image, params, why)
        return None, {"status": why, "faces": 0}
    large = chosen.scaled(seen.scale * shrunk)
    row: dict[str, object] = {"status": "aligned", "faces": len(faces)}
    row |= dict(zip(("x", "y", "width", "height"), large.box, strict=True))
    row |= dict(zip(("left_eye_x", "left_eye_y"), large.left_eye, strict=True))
    row |= dict(zip(("right_eye_x", "right_eye_y"), large.right_eye, strict=True))
    pixels = seen.pixels
    if seen.scale > 1:
        # as large as the crop can use, no larger: turning and cropping need several copies
        factor = max(1, int(min(chosen.box[2:]) * seen.scale) // (2 * params.size))
        pixels, chosen = reduced(image, factor), chosen.scaled(seen.scale / factor)
    row |= {"angle": rotation.eye_angle(chosen), "confidence": chosen.confidence}
    face = rotation.align(pixels, chosen, params.size, params.interpolation)
    return face, row if face is not None else row | {"status": "empty crop"}
