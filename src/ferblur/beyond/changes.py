"""What an expression changes in a rendered face: how much, and how fine it is.

A person is rendered twice, neutral and with facial actions, and nothing else differs. Blur takes
away the fine part of the difference between the two, so how fine it is says what blur can hide.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from ferblur.rendering import expression, head_mesh, subject
from ferblur.rendering.renderer import Renderer, View
from ferblur.rendering.subject import Subject

CRITICAL = 8.0
"""Cycles per face below which people recognise expressions worse (Gao and Maurer, 2011)."""

FACE = (1.6, 1.2)
"""Height and width of the box that MTCNN finds in a neutral face seen from the front, over the
height from eyes to chin. Alignment makes 128 x 128 px of it, so a cycle per face is one per box."""

FRAME = 192
"""px of a rendered frame, in which a face covers as many px as an aligned one: 146 x 110."""

VIEW = View(
    yaw=0, pitch=0, roll=0, gaze=(0, 0),
    distance=10.5, zoom=2.1, offset=(0, 0),
    light=(0, 37.5), key=np.full(3, 0.825), ambient=np.full(3, 0.525), exposure=1.175,
    background=np.full((2, 2, 3), 0.3),
)  # fmt: skip
"""From the front, and else in the middle of what `clips.view` draws."""

ACTIONS = tuple(sorted(
    {
        action
        for variants in expression.PROTOTYPES.values()
        for units in variants
        for action in expression.actions(units)
    }
))  # fmt: skip
"""The facial actions that any emotion's prototype uses."""


class Change(NamedTuple):
    """The difference between two grey images of a face."""

    centroid: float
    """Mean frequency of its power, in cycles per face; NaN where nothing differs."""
    above_8: float
    """Share of its power above `CRITICAL`, 0..1; NaN where nothing differs."""
    amount: float
    """Its root mean square over a face's area, in grey levels."""


def person(seed: int, number: int) -> Subject:
    """The person of that number, the same however many there are."""
    return subject.draw(np.random.default_rng([seed, number]))


def prototype(emotion: str, number: int) -> dict[str, float]:
    """Weights of the facial actions by which a person shows an emotion, at full strength.

    Its variants go round: person `number` shows the one of that number.
    """
    variants = expression.PROTOTYPES[emotion]
    return expression.actions(variants[number % len(variants)])


@cache
def _renderer() -> Renderer:
    return Renderer(head_mesh.load(subject.SHAPES + expression.SHAPES))


def grey(pixels: np.ndarray) -> np.ndarray:
    """H x W float64 grey levels, 0..255, of H x W x 3 uint8, weighted as Pillow's mode L."""
    red, green, blue = np.moveaxis(pixels.astype(float), -1, 0)
    return np.asarray(0.299 * red + 0.587 * green + 0.114 * blue)


def measure(difference: np.ndarray, face: tuple[float, float]) -> Change:
    """How much and how fine a difference is.

    `difference` is H x W float, in grey levels, nearly 0 at its edges; `face` is the height and
    width of a face in px of it. All of its power counts: that of its mean, at frequency 0.
    """
    spectrum = np.fft.fft2(difference)
    power = spectrum.real**2 + spectrum.imag**2
    down, across = (
        np.fft.fftfreq(length) * of_face
        for length, of_face in zip(difference.shape, face, strict=True)
    )
    frequency = np.sqrt(down[:, None] ** 2 + across**2)
    amount = np.sqrt((difference**2).sum() / (face[0] * face[1]))
    total = power.sum()
    if total == 0:
        return Change(np.nan, np.nan, 0.0)
    found = ((frequency * power).sum() / total, power[frequency > CRITICAL].sum() / total, amount)
    return Change(*(round(float(value), 9) for value in found))  # the last bits are the libm's own


def changes(who: Subject, shown: Sequence[Mapping[str, float]]) -> list[Change]:
    """What each of several sets of weighted facial actions changes in a person's neutral face."""
    face = (FRAME * FACE[0] / VIEW.zoom, FRAME * FACE[1] / VIEW.zoom)
    neutral = grey(_renderer().render(who, {}, VIEW, FRAME))
    return [
        measure(grey(_renderer().render(who, actions, VIEW, FRAME)) - neutral, face)
        for actions in shown
    ]
