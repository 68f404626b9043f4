"""Prototypes move the face the way FACS describes."""

import numpy as np
import pytest

from ferblur.core.study import EMOTIONS
from ferblur.rendering import expression, head_mesh


@pytest.fixture(scope="module")
def neutral() -> head_mesh.Head:
    return head_mesh.load(expression.SHAPES)


def test_every_emotion_has_variants_of_known_units() -> None:
    assert tuple(sorted(expression.PROTOTYPES)) == EMOTIONS
    for variants in expression.PROTOTYPES.values():
        for units in variants:
            assert set(units) <= set(expression.ACTION_UNITS)


def moved(neutral: head_mesh.Head, emotion: str, x: float, y: float, z: float) -> np.ndarray:
    """Mean displacement (dm) of the skin near a point of the neutral head, over the variants."""
    near = np.linalg.norm(neutral.vertices - np.array([x, y, z]), axis=1) < 0.08
    near &= neutral.part == 0
    assert near.any()
    poses = [neutral.deform(expression.actions(units)) for units in expression.PROTOTYPES[emotion]]
    return np.asarray((np.mean(poses, axis=0) - neutral.vertices)[near].mean(axis=0))


CORNER, INNER_BROW, CHIN = (0.26, 6.62, 1.38), (0.14, 7.46, 1.48), (0.0, 6.3, 1.5)


def test_mouth_corners(neutral: head_mesh.Head) -> None:
    assert moved(neutral, "happiness", *CORNER)[1] > 0.05
    assert moved(neutral, "sadness", *CORNER)[1] < -0.02


def test_inner_brows(neutral: head_mesh.Head) -> None:
    assert moved(neutral, "anger", *INNER_BROW)[1] < -0.02
    for emotion in ("fear", "sadness", "surprise"):
        assert moved(neutral, emotion, *INNER_BROW)[1] > 0.01


def test_surprise_drops_the_jaw(neutral: head_mesh.Head) -> None:
    drops = {emotion: -moved(neutral, emotion, *CHIN)[1] for emotion in EMOTIONS}
    assert max(drops, key=lambda emotion: drops[emotion]) == "surprise"


def test_draws_vary_and_repeat() -> None:
    first, again, other = (
        expression.draw("fear", 0.8, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert set(first) == set(expression.ACTIONS)
    assert min(first.values()) >= 0
