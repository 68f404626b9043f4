"""Prototypes move the face the way FACS describes, and each person shows them in their manner."""

import numpy as np
import pytest

from ferblur.core.study import EMOTIONS
from ferblur.rendering import expression, head_mesh
from ferblur.rendering.expression import ACTIONS, Manner


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
        expression.draw("fear", np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert set(first) == set(ACTIONS)
    assert min(first.values()) >= 0


def test_habits_belong_to_no_emotion() -> None:
    shown = [expression.draw_habits(np.random.default_rng(seed)) for seed in range(200)]
    names = {name for habits in shown for name in habits}
    pressed = {f"mouthPress{side}" for side in ("Left", "Right")}
    assert pressed < names < set(ACTIONS)
    assert not names & set(expression.actions({26: 1.0, 12: 1.0, 4: 1.0}))
    assert all(len(habits) == 2 for habits in shown)
    assert all(0 <= weight <= 0.3 for habits in shown for weight in habits.values())


def manner(**changes: object) -> Manner:
    """That of a person who shows what is asked for, but for some changes."""
    even: dict[str, object] = {
        "strength": dict.fromkeys(ACTIONS, 1.0), "resting": dict.fromkeys(ACTIONS, 0.0),
        "uneven": 0.0,
    }  # fmt: skip
    return Manner(**even | changes)  # type: ignore[arg-type]


EXPRESSED = {name: 0.1 + 0.01 * place for place, name in enumerate(ACTIONS)}


def test_without_a_manner_the_face_shows_what_is_expressed() -> None:
    assert manner().applied(EXPRESSED, {}, blink=0) == EXPRESSED
    shown = manner().applied(EXPRESSED, {"cheekPuff": 0.2}, blink=0.05)
    added = {name: shown[name] - EXPRESSED[name] for name in ACTIONS}
    expected = {"cheekPuff": 0.2, "eyeBlinkLeft": 0.05, "eyeBlinkRight": 0.05}
    assert added == pytest.approx(dict.fromkeys(ACTIONS, 0.0) | expected)


def test_strength_scales_what_is_expressed_and_not_the_face_at_rest() -> None:
    strength = {name: 1 + place / 50 for place, name in enumerate(ACTIONS)}
    resting = {name: 0.5 if name == "jawOpen" else 0.0 for name in ACTIONS}
    shown = manner(strength=strength, resting=resting).applied(
        EXPRESSED, {"cheekPuff": 0.2}, blink=0
    )
    expected = {name: EXPRESSED[name] * strength[name] + resting[name] for name in ACTIONS}
    assert shown == pytest.approx(expected | {"cheekPuff": expected["cheekPuff"] + 0.2})
    at_rest = manner(strength=strength, resting=resting).applied(
        dict.fromkeys(ACTIONS, 0.0), {}, blink=0
    )
    assert at_rest == resting


def test_what_one_side_gains_the_other_loses() -> None:
    even, uneven = (
        manner(uneven=share).applied(dict.fromkeys(ACTIONS, 0.5), {}, blink=0)
        for share in (0.0, 0.2)
    )
    for name in ACTIONS:
        side = (name.endswith("Left") - name.endswith("Right")) * 0.2
        assert uneven[name] == pytest.approx(even[name] * (1 + side))
    assert uneven["mouthSmileLeft"] > even["jawOpen"] == uneven["jawOpen"]
    assert uneven["mouthSmileLeft"] + uneven["mouthSmileRight"] == pytest.approx(1)


def test_manners_are_drawn_as_documented() -> None:
    drawn = [
        expression.draw_manner(0.3, 0.1, 0.08, np.random.default_rng(seed)) for seed in range(1500)
    ]
    logs = np.log([[each.strength[name] for name in ("jawOpen", "cheekPuff")] for each in drawn])
    np.testing.assert_allclose(logs.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(logs.std(axis=0), 0.3, rtol=0.07)
    assert abs(np.corrcoef(logs.T)[0, 1]) < 0.1  # each action for itself
    resting = np.array([each.resting["jawOpen"] for each in drawn])
    assert resting.min() == 0
    assert (resting == 0).mean() == pytest.approx(0.5, abs=0.05)
    assert np.sqrt((resting**2).mean()) == pytest.approx(0.1 / np.sqrt(2), rel=0.08)
    uneven = np.array([each.uneven for each in drawn])
    assert uneven.std() == pytest.approx(0.08, rel=0.07)
    assert uneven.mean() == pytest.approx(0, abs=0.008)
    for each in drawn[:20]:
        for weights in (each.strength, each.resting):
            assert set(weights) == set(ACTIONS)
            assert weights["mouthSmileLeft"] == weights["mouthSmileRight"]
    widest = [
        expression.draw_manner(0, 0, 0.5, np.random.default_rng(seed)).uneven for seed in range(50)
    ]
    assert (min(widest), max(widest)) == (-0.5, 0.5)


def test_manners_repeat_and_can_be_left_out() -> None:
    first, again, other = (
        expression.draw_manner(0.3, 0.1, 0.08, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert expression.draw_manner(0, 0, 0, np.random.default_rng(1)) == manner()
