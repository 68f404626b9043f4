"""The six basic emotions as combinations of facial action units.

Which action units make an emotion follows the Facial Action Coding System (Ekman, Friesen and
Hager, FACS Investigator's Guide, 2002; EMFACS, Friesen and Ekman, 1983). How strong each unit is,
and the factors on MakeHuman's face units (named as ARKit's) that make it, are ours, set by eye
and so that the detector finds the faces: some face units move the skin little. They are not
calibrated to FACS intensities.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_FOLDER = "faceunits01/targets/faceunits"

ACTION_UNITS: Mapping[int, Mapping[str, float]] = {
    1: {"browInnerUp": 1.9},
    2: {"browOuterUpLeft": 1.3, "browOuterUpRight": 1.3},
    4: {"browDownLeft": 1.0, "browDownRight": 1.0},
    5: {"eyeWideLeft": 1.9, "eyeWideRight": 1.9},
    6: {"cheekSquintLeft": 1.2, "cheekSquintRight": 1.2,
        "eyeSquintLeft": 0.4, "eyeSquintRight": 0.4},
    7: {"eyeSquintLeft": 1.0, "eyeSquintRight": 1.0},
    9: {"noseSneerLeft": 1.7, "noseSneerRight": 1.7},
    10: {"mouthUpperUpLeft": 1.2, "mouthUpperUpRight": 1.2},
    12: {"mouthSmileLeft": 1.05, "mouthSmileRight": 1.05},
    15: {"mouthFrownLeft": 1.9, "mouthFrownRight": 1.9},
    16: {"mouthLowerDownLeft": 1.3, "mouthLowerDownRight": 1.3},
    17: {"mouthShrugLower": 1.2},
    20: {"mouthStretchLeft": 1.9, "mouthStretchRight": 1.9},
    22: {"mouthFunnel": 0.6},
    23: {"mouthRollLower": 0.5, "mouthRollUpper": 0.4, "mouthPucker": 0.3},
    24: {"mouthRollLower": 0.9, "mouthRollUpper": 0.7},
    25: {"mouthLowerDownLeft": 0.6, "mouthLowerDownRight": 0.6,
         "mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3},
    26: {"jawOpen": 0.35},
    27: {"jawOpen": 0.8},
    64: {"eyeLookDownLeft": 0.5, "eyeLookDownRight": 0.5},
}  # fmt: skip
"""Facial actions and their weights for each action unit (number) at full strength."""

PROTOTYPES: Mapping[str, tuple[Mapping[int, float], ...]] = {
    "anger": (
        {4: 1.2, 5: 0.6, 7: 0.6, 24: 1.0},
        {4: 1.2, 5: 0.6, 7: 0.6, 17: 0.7, 23: 1.0},
        {4: 1.2, 5: 0.7, 7: 0.5, 10: 0.7, 16: 0.9, 22: 0.5, 25: 0.6, 26: 0.6},
    ),
    "disgust": (
        {4: 0.4, 7: 0.8, 9: 1.0, 10: 0.8, 17: 0.7},
        {4: 0.4, 7: 0.8, 9: 1.0, 10: 1.1, 16: 0.6, 25: 0.4, 26: 0.5},
        {4: 0.4, 7: 0.8, 9: 1.0, 10: 0.7, 15: 0.7, 17: 0.7},
    ),
    "fear": (
        {1: 1.0, 2: 0.6, 4: 0.7, 5: 1.0, 20: 1.0, 25: 0.8},
        {1: 1.0, 2: 0.6, 4: 0.7, 5: 1.0, 20: 1.0, 25: 0.6, 26: 0.7},
        {1: 1.0, 2: 0.7, 4: 0.7, 5: 1.0, 16: 0.7, 20: 1.1, 25: 0.5},
    ),
    "happiness": (
        {6: 0.8, 12: 0.9},
        {6: 0.9, 12: 1.0, 25: 0.8},
        {6: 1.0, 12: 1.1, 25: 0.9, 26: 0.7},
    ),
    "sadness": (
        {1: 1.1, 4: 0.5, 15: 1.0, 64: 0.5},
        {1: 1.1, 4: 0.5, 15: 1.0, 17: 0.8},
        {1: 1.1, 4: 0.6, 7: 0.4, 15: 0.9, 17: 0.5, 64: 0.9},
    ),
    "surprise": (
        {1: 1.0, 2: 1.1, 5: 0.7, 26: 1.0},
        {1: 1.0, 2: 1.1, 5: 0.8, 27: 0.8},
        {1: 1.0, 2: 1.1, 5: 0.9, 27: 1.1},
    ),
}
"""For each emotion, variants as strengths of action units (number)."""

_HABITS = ("cheekPuff", "jawForward", "jawLeft", "jawRight", "mouthDimpleLeft",
    "mouthDimpleRight", "mouthLeft", "mouthRight", "mouthShrugUpper", "mouthPucker",
    "mouthPressLeft", "mouthPressRight")  # fmt: skip

ACTIONS = tuple(sorted(
    {action for unit in ACTION_UNITS.values() for action in unit}
    | set(_HABITS) | {"eyeBlinkLeft", "eyeBlinkRight"}
))  # fmt: skip
"""Facial actions in use, by MakeHuman's names."""

SHAPES = tuple((action, f"{_FOLDER}/{action}.target") for action in ACTIONS)


def actions(units: Mapping[int, float]) -> dict[str, float]:
    """Turn strengths of action units into weights of facial actions, adding where they meet."""
    weights: dict[str, float] = {}
    for unit, strength in units.items():
        for action, weight in ACTION_UNITS[unit].items():
            weights[action] = weights.get(action, 0.0) + strength * weight
    return weights


def draw(emotion: str, generator: np.random.Generator) -> dict[str, float]:
    """Draw one way of expressing an emotion, at full strength.

    One of the emotion's variants is chosen, and each of its units varies in strength. Returns the
    weight of each action in ACTIONS, 0 or more.
    """
    variant = PROTOTYPES[emotion][generator.integers(len(PROTOTYPES[emotion]))]
    units = {unit: strength * generator.uniform(0.75, 1.2) for unit, strength in variant.items()}
    return dict.fromkeys(ACTIONS, 0.0) | actions(units)


def draw_habits(generator: np.random.Generator) -> dict[str, float]:
    """Draw weights of two actions that belong to no emotion."""
    names = generator.choice(_HABITS, 2, replace=False)
    return {str(name): float(generator.uniform(0, 0.3)) for name in names}


def _unsided(action: str) -> str:
    return action.removesuffix("Left").removesuffix("Right")


@dataclass(frozen=True)
class Manner:
    """How one person's face moves and rests."""

    strength: dict[str, float]
    """Factor on each action, the same on both sides."""
    resting: dict[str, float]
    """Weight of each action when nothing is expressed, 0 or more."""
    uneven: float
    """How much stronger the left side moves than the mean of both; the right, weaker."""

    def applied(
        self, expressed: Mapping[str, float], habits: Mapping[str, float], blink: float
    ) -> dict[str, float]:
        """The weight of each action, where this person shows `expressed` beside `habits`.

        `blink` is how far both lids are lowered, 0..1.
        """
        weights = {}
        for action in ACTIONS:
            side = self.uneven * (action.endswith("Left") - action.endswith("Right"))
            moved = expressed[action] * self.strength[action] + habits.get(action, 0.0)
            moved += self.resting[action] + blink * action.startswith("eyeBlink")
            weights[action] = float(moved * (1 + side))
        return weights


def draw_manner(
    spread: float, resting: float, asymmetry: float, generator: np.random.Generator
) -> Manner:
    """Draw a person's manner.

    The strength of each action is log-normal around 1 with deviation `spread` of its logarithm;
    its weight at rest is the positive part of a normal with deviation `resting`; `uneven` is normal
    with deviation `asymmetry`, clipped to a half.
    """
    names = sorted({_unsided(action) for action in ACTIONS})
    strength = dict(zip(names, np.exp(generator.normal(0, spread, len(names))), strict=True))
    rest = dict(zip(names, generator.normal(0, resting, len(names)).clip(0), strict=True))
    return Manner(
        strength={action: float(strength[_unsided(action)]) for action in ACTIONS},
        resting={action: float(rest[_unsided(action)]) for action in ACTIONS},
        uneven=float(np.clip(generator.normal(0, asymmetry), -0.5, 0.5)),
    )
