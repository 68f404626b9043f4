"""Samples: a manifest's rows turned into pixels at the moment they are read."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image, ImageEnhance

from ferblur.dataset.blur import box_blur
from ferblur.dataset.faces import Faces


def transform(face: np.ndarray, flip: bool, brightness: float, blur_radius: float) -> np.ndarray:
    """Make one sample from an aligned face, bit-identically every time.

    `face` and the result are H x W x 3 uint8. The order is the study's: augmentation (mirror,
    brightness factor; section III.B), then box blur with `blur_radius` px (sections III.C-D).
    """
    if flip:
        face = np.ascontiguousarray(face[:, ::-1])
    if brightness != 1.0:
        face = np.asarray(ImageEnhance.Brightness(Image.fromarray(face)).enhance(brightness))
    return box_blur(face, blur_radius)


class Samples:
    """A manifest over a pool of faces.

    An item is (S x S x 3 uint8, label): the sample, resized to `input_size` px after the blur
    (bilinear with antialiasing), channels in `channel_order`. It is made when it is read, from
    faces mapped from disk, so that memory holds the batches at hand and nothing else.
    """

    def __init__(
        self, faces: Faces, manifest: pd.DataFrame, input_size: int, channel_order: str
    ) -> None:
        self.pixels = faces.pixels
        self.row = faces.rows(manifest["source_id"])
        self.flip = manifest["flip"].to_numpy(dtype=bool)
        self.brightness = manifest["brightness"].to_numpy(dtype=float)
        self.blur_radius = manifest["blur_radius"].to_numpy(dtype=float)
        self.labels = manifest["label"].to_numpy(dtype=np.int64)
        self.input_size = input_size
        self.reverse = channel_order == "bgr"

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        face = np.asarray(self.pixels[self.row[index]])
        sample = transform(
            face, self.flip[index], float(self.brightness[index]), float(self.blur_radius[index])
        )
        if sample.shape[:2] != (self.input_size, self.input_size):
            size = (self.input_size, self.input_size)
            sample = np.asarray(Image.fromarray(sample).resize(size, Image.Resampling.BILINEAR))
        if self.reverse:
            sample = sample[:, :, ::-1]
        return sample, int(self.labels[index])

    def batch(self, indices: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Several samples: N x S x S x 3 uint8, and N int64 labels."""
        pixels = np.empty((len(indices), self.input_size, self.input_size, 3), np.uint8)
        for number, index in enumerate(indices):
            pixels[number] = self[index][0]
        return pixels, self.labels[list(indices)]
