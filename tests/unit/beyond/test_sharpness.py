"""The Laplacian against SciPy's, the spectrum against noise and gratings of known power."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import convolve

from ferblur.beyond.sharpness import EDGES, features, laplacian_variance, spectrum
from ferblur.dataset.blur import box_blur

SIZE = 128


def grey(levels: np.ndarray) -> np.ndarray:
    """H x W levels as a grey face."""
    return np.repeat(np.rint(levels).clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def test_laplacian_of_grey_levels(picture: Callable[..., np.ndarray]) -> None:
    face = picture(3, 60, 90)
    levels = np.asarray(Image.fromarray(face).convert("L"), float)
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], float)
    expected = convolve(levels, kernel, mode="mirror")[15:45, 22:68].var()
    assert laplacian_variance(face) == pytest.approx(expected, rel=1e-12)
    face = face.copy()
    face[:10], face[:, 80:] = 0, 0  # as levelling leaves it
    assert laplacian_variance(face) == pytest.approx(expected, rel=1e-12)


def test_white_noise_has_its_variance_in_every_band() -> None:
    draw = np.random.default_rng(1)
    found = np.mean([spectrum(grey(draw.normal(128, 20, (SIZE, SIZE)))) for _ in range(40)], axis=0)
    np.testing.assert_allclose(found[1:], 400, rtol=0.15)
    assert found.shape == (len(EDGES) - 1,)


@pytest.mark.parametrize("cycles", [3, 10, 33, 55])
def test_a_grating_is_in_the_band_of_its_frequency(cycles: int) -> None:
    wave = np.cos(2 * np.pi * cycles * np.arange(SIZE) / SIZE)
    band = int(np.searchsorted(EDGES, cycles / SIZE, side="right")) - 1
    for levels in (np.tile(128 + 50 * wave, (SIZE, 1)), np.tile(128 + 50 * wave, (SIZE, 1)).T):
        found = spectrum(grey(levels))
        assert int(found.argmax()) == band
        assert found[band] > 20 * np.delete(found, [band - 1, band, (band + 1) % 16]).max()


def test_features_fall_with_blur(picture: Callable[..., np.ndarray]) -> None:
    draw = np.random.default_rng(2)
    face = draw.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    found = np.array([features(box_blur(face, radius)) for radius in (0, 1, 2, 4)])
    assert found.shape == (4, len(EDGES))
    assert (np.diff(found[:, 0]) < 0).all()
    assert (np.diff(found[:, 6:10].sum(axis=1)) < 0).all()


@pytest.mark.parametrize("face", [np.zeros((16, 16, 3), np.uint8), np.full((9, 20, 3), 255, "u1")])
def test_small_and_even_faces_have_features(face: np.ndarray) -> None:
    found = features(face)
    assert found.shape == (len(EDGES),)
    assert np.isfinite(found).all()
