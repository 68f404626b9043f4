"""Blur of any kind, as strong as the study's box of a radius: of the same standard deviation."""

from functools import lru_cache

import numpy as np
import pandas as pd
from PIL import Image
from scipy.signal import fftconvolve

from ferblur.beyond.named import STUDYS, load
from ferblur.dataset.blur import box_blur, sigma
from ferblur.dataset.faces import Faces
from ferblur.dataset.samples import Samples, transform

TURNS = 32
"""Directions of motion."""


@lru_cache(maxsize=4 * TURNS)
def weights(kernel: str, radius: float, turn: int = 0) -> np.ndarray:
    """The kernel of that name as strong as a box of `radius` px, S x S, S odd; it adds up to 1.

    `turn` is one of `TURNS` directions, for kernels that have one.
    """
    return np.asarray(load("kernels", kernel).weights(sigma(radius), turn / TURNS))


def box(variance: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """PIL's box of a variance along one axis, in px^2, any shape: its radius in px, in two parts.

    The pixels on either side that count in full, and the share of the next. The inverse of
    `dataset.blur.sigma`, squared.
    """
    whole = np.floor((np.sqrt(12 * np.asarray(variance) + 1) - 1) / 2 + 1e-9)
    squares, outer = whole * (whole + 1) * (2 * whole + 1) / 3, (whole + 1) ** 2
    share = (variance * (2 * whole + 1) - squares) / (2 * (outer - variance))
    return whole, np.maximum(share, 0)


def convolve(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Blur H x W x 3 uint8 with S x S weights; pixels outside repeat the edge, as in `box_blur`."""
    reach = len(kernel) // 2
    padded = np.pad(image.astype(float), ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    blurred = fftconvolve(padded, kernel[:, :, None], mode="valid", axes=(0, 1))
    return np.asarray(np.rint(blurred).clip(0, 255), dtype=np.uint8)


def blur(image: np.ndarray, kernel: str, radius: float, turn: int = 0) -> np.ndarray:
    """Blur H x W x 3 uint8 with a kernel by name, as strong as a box of `radius` px of it.

    The study's own is applied as the study does. Radius 0 returns the image unchanged.
    """
    if radius == 0 or kernel == STUDYS:
        return box_blur(image, radius)
    return convolve(image, weights(kernel, radius, turn))


def turns(count: int) -> np.ndarray:
    """A direction for each of `count` samples, spread evenly whatever the count: N below TURNS."""
    golden = (np.sqrt(5) - 1) / 2
    return np.asarray(np.arange(count) * golden % 1 * TURNS, dtype=int)


class BlurredSamples(Samples):
    """Samples whose manifest names a `kernel` for each row, beside the radius of the equal box."""

    def __init__(
        self, faces: Faces, manifest: pd.DataFrame, input_size: int, channel_order: str
    ) -> None:
        super().__init__(faces, manifest, input_size, channel_order)
        self.kernel = manifest["kernel"].to_numpy()
        self.turn = turns(len(manifest))

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        if self.kernel[index] == STUDYS:
            return super().__getitem__(index)
        face = np.asarray(self.pixels[self.row[index]])
        sharp = transform(face, self.flip[index], float(self.brightness[index]), 0)
        radius = float(self.blur_radius[index])
        sample = Image.fromarray(blur(sharp, self.kernel[index], radius, int(self.turn[index])))
        pixels = np.asarray(sample.resize((self.input_size,) * 2, Image.Resampling.BILINEAR))
        return pixels[:, :, ::-1] if self.reverse else pixels, int(self.labels[index])
