"""What holds for every way to undo blur.

pytest tests/unit/restoration
"""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from ferblur.beyond.blurring import weights
from ferblur.beyond.named import load, names
from ferblur.dataset.blur import box_blur

Restore = Callable[[np.ndarray, np.ndarray], np.ndarray]


@pytest.fixture(params=names("restoration"))
def restore(request: pytest.FixtureRequest) -> Restore:
    function: Restore = load("restoration", request.param).restore
    return function


@pytest.fixture
def face() -> np.ndarray:
    """Detail of every size, as a face has, and fewer rows than columns."""
    draw = np.random.default_rng(4)
    layers = [
        Image.fromarray(draw.integers(0, 256, (size, size, 3), dtype=np.uint8)).resize((96, 80))
        for size in (3, 8, 24, 60)
    ]
    mixed = np.average([np.asarray(layer) for layer in layers], axis=0, weights=[4, 3, 2, 1])
    return np.asarray(np.rint(mixed), dtype=np.uint8)


@pytest.mark.parametrize("radius", [2, 4])
def test_a_face_comes_nearer_to_what_it_was(
    restore: Restore, face: np.ndarray, radius: float
) -> None:
    blurred = box_blur(face, radius)
    restored = restore(blurred, weights("box", radius))
    assert restored.shape == face.shape
    assert restored.dtype == np.uint8
    gained = peak_signal_noise_ratio(face, restored) - peak_signal_noise_ratio(face, blurred)
    assert gained > 0.5


def test_a_kernel_of_one_pixel_changes_nothing(restore: Restore, face: np.ndarray) -> None:
    np.testing.assert_array_equal(restore(face, np.ones((1, 1))), face)


@pytest.mark.parametrize("level", [0, 130, 255])
def test_an_even_face_stays_even(restore: Restore, level: int) -> None:
    even = np.full((40, 40, 3), level, np.uint8)
    restored = restore(even, weights("box", 3))
    assert abs(restored.astype(int) - level).max() <= 1


def test_restores_the_same_every_time(restore: Restore, face: np.ndarray) -> None:
    kernel, given = weights("box", 3), face.copy()
    once = restore(face, kernel)
    np.random.seed(1)  # noqa: NPY002, a global seed must not matter
    np.testing.assert_array_equal(restore(face, kernel), once)
    np.testing.assert_array_equal(face, given)


def test_channels_do_not_mix(restore: Restore, face: np.ndarray) -> None:
    turned = restore(face[:, :, ::-1], weights("box", 2))
    np.testing.assert_array_equal(turned[:, :, ::-1], restore(face, weights("box", 2)))
