"""Fixtures: parameters, small real images, and a project folder to run stages in."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ferblur.dataset import EMOTIONS, POOLS
from ferblur.params import Params, load

ROOT = Path(__file__).parents[1]


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture
def smoke() -> Params:
    """The smoke profile's parameters."""
    return load(ROOT / "profiles/smoke.yaml")


@pytest.fixture
def picture() -> Callable[..., np.ndarray]:
    """Make a smooth, detailed H x W x 3 uint8 image from a seed."""

    def make(seed: int, height: int = 128, width: int = 128) -> np.ndarray:
        coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        resized = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        return np.asarray(resized)

    return make


@pytest.fixture
def pools(tmp_path: Path, picture: Callable[..., np.ndarray]) -> Path:
    """A dataset in the documented layout: two different pictures of each emotion in each pool."""
    seed = 0
    for pool in POOLS:
        for emotion in EMOTIONS:
            folder = tmp_path / "faces" / pool / emotion
            folder.mkdir(parents=True)
            for number in range(2):
                seed += 1
                Image.fromarray(picture(seed, 32, 32)).save(folder / f"{number}.jpg", quality=95)
    return tmp_path / "faces"
