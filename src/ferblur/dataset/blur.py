"""The study's blur, PIL's BoxBlur (paper, section III.C), and how strong a radius is on a face."""

import math

import numpy as np
from PIL import Image, ImageFilter


def box_blur(image: np.ndarray, radius: float) -> np.ndarray:
    """Replace every pixel by the mean of the square box around it.

    `image` is H x W x 3 uint8. `radius` is in px of that image; the box is 2 * radius + 1 px
    wide, and pixels outside the image repeat its edge. The same radius means a different
    strength at another size: the study's radii 2, 4, 8 and 14 apply to 128 x 128 px faces.
    Returns H x W x 3 uint8; radius 0 returns the input unchanged.
    """
    if radius == 0:
        return image
    return np.asarray(Image.fromarray(image).filter(ImageFilter.BoxBlur(radius)))


def kernel(radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Offsets, in px, and weights of the box along one axis, as `box_blur` applies them.

    The weights add up to 1. Of a radius between two whole numbers, the outermost pixels get the
    fraction.
    """
    reach = math.ceil(radius)
    offsets = np.arange(-reach, reach + 1)
    return offsets, np.clip(radius + 1 - abs(offsets), 0, 1) / (2 * radius + 1)


def sigma(radius: float) -> float:
    """Standard deviation of the box along one axis, in px."""
    offsets, weights = kernel(radius)
    return math.sqrt((weights * offsets**2).sum())


def half_contrast(radius: float, size: int) -> float | None:
    """The lowest frequency, in cycles over `size` px, that loses half of its contrast.

    A grating of that frequency along one axis keeps half of its contrast, coarser ones keep more.
    None where even the finest grating that pixels can show keeps more: at radius 0, and below 1/6.
    """
    offsets, weights = kernel(radius)

    def contrast(frequency: float) -> float:
        return float((weights * np.cos(2 * np.pi * frequency * offsets)).sum())

    # up to half a cycle over the reach of the box, every cosine falls, and the contrast with them
    low, high = 0.0, 0.5 / max(1, int(offsets[-1]))
    if contrast(high) > 0.5:
        return None
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if contrast(middle) > 0.5 else (low, middle)
    return round(size * high, 9)  # the last bits are the libm's own


def strength(radius: float, size: int) -> dict[str, float | None]:
    """How strong a radius is on a face that fills a square of `size` px, as the aligned one does.

    `sigma` is in px, `sigma_percent` in % of the face's width, and `half_contrast` in cycles per
    face.
    """
    return {
        "sigma": sigma(radius),
        "sigma_percent": 100 * sigma(radius) / size,
        "half_contrast": half_contrast(radius, size),
    }
