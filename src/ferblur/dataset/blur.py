"""The study's blur: PIL's BoxBlur (paper, section III.C)."""

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
