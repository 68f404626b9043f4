"""A camera that is not perfect: faces are captured small, noisy and compressed, as video is."""

import io

import numpy as np
from PIL import Image


def capture(
    pixels: np.ndarray, noise: float, jpeg_quality: int, generator: np.random.Generator
) -> np.ndarray:
    """Add sensor noise to N x N x 3 uint8 pixels and compress them once.

    `noise` is the standard deviation in grey levels, `jpeg_quality` Pillow's 1..100. Returns
    N x N x 3 uint8.
    """
    grain = generator.normal(0, noise, pixels.shape)
    noisy = np.clip(np.rint(pixels + grain), 0, 255).astype(np.uint8)
    return np.asarray(Image.open(io.BytesIO(encode(noisy, jpeg_quality))))


def encode(pixels: np.ndarray, jpeg_quality: int) -> bytes:
    """JPEG bytes of H x W x 3 uint8 pixels."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=jpeg_quality)
    return stream.getvalue()


def enlarge(pixels: np.ndarray, size: int) -> np.ndarray:
    """Resize N x N x 3 uint8 to size x size x 3 uint8, bicubic."""
    if len(pixels) == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC))
