"""A captured image is noisier and compressed, keeps its size, and repeats."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from ferblur.rendering.camera import capture, encode, enlarge


def test_repeats_for_equal_generators(picture: Callable[..., np.ndarray]) -> None:
    first, again, other = (
        capture(picture(1), 4, 70, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first.shape == (128, 128, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_noise_has_the_asked_deviation() -> None:
    grey = np.full((128, 128, 3), 128, np.uint8)
    noisy = capture(grey, 5, 100, np.random.default_rng(1))
    luminance = np.asarray(Image.fromarray(noisy).convert("L"), float)
    shares = np.array([0.299, 0.587, 0.114])  # three channels of independent noise in one
    assert luminance.std() == pytest.approx(5 * np.sqrt((shares**2).sum()), rel=0.1)
    still = capture(grey, 0, 100, np.random.default_rng(1))
    assert np.abs(still.astype(int) - 128).max() <= 1


def test_lower_quality_loses_more(picture: Callable[..., np.ndarray]) -> None:
    pixels = picture(1)
    losses = [
        np.abs(capture(pixels, 0, quality, np.random.default_rng(1)).astype(int) - pixels).mean()
        for quality in (95, 45)
    ]
    assert 0 < losses[0] < losses[1]


def test_encode_writes_a_jpeg_of_the_size(picture: Callable[..., np.ndarray]) -> None:
    with Image.open(io.BytesIO(encode(picture(1, 40, 60), 90))) as image:
        assert (image.format, image.size) == ("JPEG", (60, 40))


def test_enlarge(picture: Callable[..., np.ndarray]) -> None:
    assert np.array_equal(enlarge(picture(1), 128), picture(1))
    grey = np.full((48, 48, 3), 77, np.uint8)
    assert np.array_equal(enlarge(grey, 128), np.full((128, 128, 3), 77, np.uint8))
