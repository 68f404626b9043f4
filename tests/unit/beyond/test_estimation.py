"""Estimated radii come near to true ones, and stay within what was shown."""

import numpy as np
import pytest
from PIL import Image

from ferblur.beyond.cells import LAPLACIAN, LEARNED
from ferblur.beyond.estimation import Fitted, fit, radii_to_fit
from ferblur.beyond.sharpness import features
from ferblur.dataset.blur import box_blur

LARGEST = 6.0


def face(seed: int) -> np.ndarray:
    """Detail of every size, more or less of it."""
    draw = np.random.default_rng(seed)
    layers = [
        np.asarray(
            Image.fromarray(draw.integers(0, 256, (size, size, 3), dtype=np.uint8)).resize((64, 64))
        )
        for size in (3, 8, 24, 60)
    ]
    mixed = np.average(layers, axis=0, weights=[4, 3, *draw.uniform(0.5, 2, 2)])
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def seen(faces: list[np.ndarray], radii: np.ndarray) -> np.ndarray:
    """Features of every copy of the faces, in the order of `radii`, copies x faces."""
    return np.array(
        [features(box_blur(faces[number], float(radius)))
         for copy in radii for number, radius in enumerate(copy)]
    )  # fmt: skip


@pytest.fixture(scope="module")
def shown() -> tuple[np.ndarray, np.ndarray]:
    """Features of forty faces, and radii of their copies."""
    radii = radii_to_fit(40, 4, LARGEST, 3)
    return seen([face(seed) for seed in range(40)], radii), radii.ravel()


@pytest.fixture(scope="module")
def fitted(shown: tuple[np.ndarray, np.ndarray]) -> Fitted:
    return fit(*shown, trees=30, seed=1)


def test_one_copy_of_each_is_sharp() -> None:
    radii = radii_to_fit(500, 4, 20, 7)
    assert radii.shape == (5, 500)
    assert (radii[0] == 0).all()
    assert radii[1:].min() >= 0
    assert radii.max() < 20
    assert abs(radii[1:].mean() - 10) < 0.5
    np.testing.assert_array_equal(radii, radii_to_fit(500, 4, 20, 7))
    assert (radii[1:] != radii_to_fit(500, 4, 20, 8)[1:]).all()


def test_estimates_come_near(fitted: Fitted) -> None:
    radii = np.tile([[0.0], [1], [2], [4]], (1, 10))
    found = fitted.radii(seen([face(seed) for seed in range(100, 110)], radii))
    assert list(found) == [LAPLACIAN, LEARNED]
    error = abs(found.sub(radii.ravel(), axis=0)).mean()
    assert error[LEARNED] < 0.5
    assert error[LEARNED] < error[LAPLACIAN] < 1.5


def test_the_curve_falls_with_the_variance(fitted: Fitted) -> None:
    found = np.zeros((50, fitted.learned.n_features_in_))
    found[:, 0] = np.linspace(-20, 20, 50)  # more and less than any face has
    radii = fitted.radii(found)[LAPLACIAN].to_numpy()
    assert (np.diff(radii) <= 0).all()
    assert radii[0] <= LARGEST
    assert radii[-1] >= 0


def test_the_curve_is_known_by_its_points(fitted: Fitted) -> None:
    points = fitted.curve()
    found = np.zeros((50, fitted.learned.n_features_in_))
    found[:, 0] = np.linspace(-20, 20, 50)
    between = np.interp(found[:, 0], points["log_variance"], points["radius"])
    np.testing.assert_allclose(between, fitted.radii(found)[LAPLACIAN])


def test_the_seed_is_the_forest(shown: tuple[np.ndarray, np.ndarray], fitted: Fitted) -> None:
    np.random.seed(1)  # noqa: NPY002, a global seed must not matter
    again, other = fit(*shown, trees=30, seed=1), fit(*shown, trees=30, seed=2)
    assert fitted.radii(shown[0]).equals(again.radii(shown[0]))
    assert not fitted.radii(shown[0])[LEARNED].equals(other.radii(shown[0])[LEARNED])
