"""What is painted on a face: skin, brows, beard, hair, lips, and the lines expressions make.

All of it is a function of the point on the neutral head, so that it moves with the skin. Lengths
are in dm in the axes of `head_mesh`.
"""

from collections.abc import Mapping

import numpy as np

from ferblur.rendering.subject import Subject


def smooth(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """Rise from 0 at `low` to 1 at `high` with level ends; falls where low > high."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def mix(under: np.ndarray, over: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Blend N x 3 colours; `share` is N, 0 for `under` and 1 for `over`."""
    return np.asarray(under + (over - under) * share[:, None])


def noise(points: np.ndarray, frequency: float) -> np.ndarray:
    """Repeatable mottling in -1..1 at N x 3 points."""
    waves = [
        np.sin(points @ direction * frequency)
        for direction in ([13.1, 31.7, 7.3], [-29.3, 11.1, 13.7], [17.9, -23.3, 19.1])
    ]
    return np.asarray(waves[0] * waves[1] * waves[2])


def line(distance: np.ndarray, width: float) -> np.ndarray:
    """A soft line of half-width `width` dm: 1 at distance 0."""
    return np.asarray(np.exp(-((distance / width) ** 2)))


def scalp(base: np.ndarray, subject: Subject) -> np.ndarray:
    """Where hair grows, 0..1, at N x 3 points of the neutral head."""
    x, y, z = np.abs(base[:, 0]), base[:, 1], base[:, 2]
    aside = np.clip(x - 0.25, 0, None)
    # not `** 1.5`, whose last bit may move a vertex, and with it what its rays meet
    front = y - subject.hairline + 0.35 * aside * np.sqrt(aside)
    sides = np.minimum((0.62 - z) + 0.25 * np.clip(y - 7.4, 0, None), y - 6.95)
    ear = (x > 0.70) & (z > 0.0) & (z < 0.62) & (y < 7.42)
    return np.asarray(smooth(-0.03, 0.04, np.maximum(front, sides)) * ~ear)


def brow(base: np.ndarray, subject: Subject) -> np.ndarray:
    """Density of the eyebrows, 0..1: a curve over each eye, tapering outwards."""
    x, y, z = np.abs(base[:, 0]), base[:, 1], base[:, 2]
    along = (x - 0.10) / 0.47
    within = np.clip(along, 0, 1)
    curve = subject.brow_height + subject.brow_arch * np.sin(np.pi * within**1.3)
    curve -= 0.05 * np.clip(along - 0.65, 0, 1) ** 1.2
    width = subject.brow_width * (0.95 - 0.55 * within**2)
    hair = smooth(1.0, 0.55, np.abs(y - curve) / width)
    hair *= smooth(-0.06, 0.06, along) * smooth(1.06, 0.9, along) * smooth(0.7, 0.9, z)
    return np.clip(hair * subject.brow_density * (0.88 + 0.12 * noise(base, 6.0)), 0, 1)


def beard(base: np.ndarray, lips: np.ndarray) -> np.ndarray:
    """Where a beard grows, 0..1: jaw, upper lip and cheeks before the ears."""
    x, y, z = np.abs(base[:, 0]), base[:, 1], base[:, 2]
    jaw = smooth(6.78, 6.62, y + 0.55 * np.clip(0.33 - x, 0, 1) * (y > 6.7))
    jaw *= smooth(5.95, 6.1, y)
    upper_lip = 0.9 * smooth(0.05, 0.02, np.abs(y - 6.79)) * (x < 0.3)
    cheeks = smooth(0.5, 0.6, x) * smooth(7.3, 7.0, y) * smooth(6.0, 6.2, y)
    grown = np.maximum.reduce([jaw, upper_lip, cheeks])
    return np.asarray(grown * smooth(0.55, 0.65, z) * (1 - lips) * (0.8 + 0.2 * noise(base, 4.0)))


def wrinkles(base: np.ndarray, actions: Mapping[str, float]) -> np.ndarray:
    """Depth of the lines that facial actions fold into the skin, 0 or more."""
    x, y, z = np.abs(base[:, 0]), base[:, 1], base[:, 2]
    left = base[:, 0] > 0

    def action(name: str) -> np.ndarray:
        """An action's strength, of the side each point is on."""
        both = actions.get(name, 0.0)
        sides = (actions.get(f"{name}Left", both), actions.get(f"{name}Right", both))
        return np.where(left, *sides)

    frown = action("browDown")
    depth = frown * line(x - 0.075 + 0.1 * (y - 7.5), 0.018)
    depth *= smooth(7.34, 7.42, y) * smooth(7.66, 7.54, y)

    sneer = action("noseSneer")
    bridge = smooth(0.16, 0.08, x) * (z > 1.2)
    for height in (7.16, 7.24, 7.32):
        depth += 0.7 * sneer * line(y - height + 0.6 * x, 0.016) * bridge

    raised = np.maximum(action("browInnerUp") * smooth(0.45, 0.2, x), action("browOuterUp"))
    for height in (7.66, 7.77, 7.88):
        forehead = line(y - height - 0.03 * np.cos(6 * x), 0.018) * smooth(0.55, 0.4, x)
        depth += 0.6 * raised * forehead

    smile = action("mouthSmile")
    folded = np.maximum.reduce([smile, 0.8 * action("mouthUpperUp"), 0.8 * sneer])
    nasolabial = line(x - (0.165 + 0.62 * np.clip(6.93 - y, 0, 1)), 0.022) * (z > 1.0)
    nasolabial *= smooth(6.52, 6.62, y) * smooth(6.97, 6.90, y)
    depth += 0.75 * np.clip(folded, 0, 1.5) * nasolabial

    squint = np.maximum(action("cheekSquint"), 0.5 * smile)
    for slope in (-0.5, 0.0, 0.5):
        outer_corner = smooth(0.51, 0.54, x) * smooth(0.68, 0.6, x)
        depth += 0.5 * squint * line(y - 7.27 - slope * (x - 0.5), 0.013) * outer_corner
    lower_lid = line(y - 7.13 + 0.5 * (x - 0.31) ** 2, 0.02)
    depth += 0.5 * squint * lower_lid * smooth(0.14, 0.2, x) * smooth(0.5, 0.42, x)

    shrug = action("mouthShrugLower")
    dimples = np.exp(-((x / 0.16) ** 2 + ((y - 6.33) / 0.1) ** 2))
    depth += 0.5 * shrug * (0.5 + 0.5 * noise(base, 2.2)) * dimples
    depth += 0.6 * shrug * line(y - 6.46 + 0.8 * x**2, 0.02) * smooth(0.22, 0.12, x)
    return np.asarray(depth)


def paint(
    base: np.ndarray,
    lips: np.ndarray,
    mouth: np.ndarray,
    lid: np.ndarray,
    subject: Subject,
    actions: Mapping[str, float],
) -> tuple[np.ndarray, np.ndarray]:
    """Albedo (N x 3, linear RGB) and openness to light (N, 0..1) of skin.

    `base` is N x 3 points of the neutral head; `lips`, `mouth` and `lid` are N shares in 0..1 of
    lip, skin inside the mouth and edge of an eyelid.
    """
    x, y, z = np.abs(base[:, 0]), base[:, 1], base[:, 2]
    albedo = subject.skin * (1 + 0.05 * noise(base, 0.9) + 0.04 * noise(base, 3.1))[:, None]
    cheeks = np.exp(-(((x - 0.42) / 0.22) ** 2 + ((y - 6.95) / 0.2) ** 2))
    nose = np.exp(-((x / 0.13) ** 2 + ((y - 6.93) / 0.12) ** 2))
    flush = np.clip(cheeks + nose, 0, 1) * smooth(0.6, 0.9, z)
    albedo = mix(albedo, albedo * [1.08, 0.86, 0.84], flush)
    if subject.beard:
        albedo = mix(albedo, subject.hair + 0.02, subject.beard * beard(base, lips))
    albedo = mix(albedo, subject.lips, np.clip(lips * 1.2, 0, 1))
    albedo = mix(albedo, np.array([0.16, 0.035, 0.035]), np.clip(mouth, 0, 1))
    albedo = mix(albedo, subject.hair * 0.8, brow(base, subject))
    albedo = mix(albedo, albedo * 0.25, np.clip(lid * 1.2, 0, 1))

    crease = line(y - 7.40 + 0.25 * (x - 0.31) ** 2, 0.018)
    crease *= smooth(0.16, 0.22, x) * smooth(0.50, 0.44, x)
    age = 0.55 + 0.6 * subject.phenotype["age"]
    dark = 1 - np.clip(age * (0.25 * crease + 0.6 * wrinkles(base, actions)), 0, 0.4)
    return albedo * dark[:, None], (1 - 0.75 * mouth) * dark
