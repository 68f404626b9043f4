"""The images of the built-in dataset: which are made, what each shows, how it is captured.

Every draw comes from a seed sequence of (seed, pool, subject or image), so an image is the same
whatever the number of processes that render.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ferblur.core.errors import UserError
from ferblur.core.params import Synthesize
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.rendering import expression, head_mesh, subject
from ferblur.rendering.camera import capture, encode, enlarge
from ferblur.rendering.renderer import Renderer, View
from ferblur.rendering.subject import Subject

SIZE = 128
"""px of an image, the study's."""

QUALITY = 92
"""JPEG quality of the stored image; the capture's own is drawn."""

_PEOPLE, _ORDER, _IMAGES = range(3)


@dataclass(frozen=True)
class Shot:
    """One image to make: where it goes, whom and what it shows, or what it is a copy of."""

    pool: str
    file: str
    subject: int
    emotion: str
    index: int
    duplicate_of: str = ""


def _generator(params: Synthesize, pool: str, kind: int, index: int = 0) -> np.random.Generator:
    return np.random.default_rng([params.seed, POOLS.index(pool), kind, index])


def plan(params: Synthesize, pool: str) -> list[Shot]:
    """List a pool's images, duplicates last.

    Subjects take turns within each emotion, so all appear about equally often; files are numbered
    in random order, so that a name says nothing.
    """
    counts: Mapping[str, int] = getattr(params.images, pool).model_dump()
    people, copies = getattr(params.subjects, pool), getattr(params.duplicates, pool)
    total = sum(counts.values())
    if not people:
        raise UserError(f"synthesize.subjects.{pool}: 0; at least 1 is needed")
    if copies > total:
        raise UserError(f"synthesize.duplicates.{pool}: {copies} is more than {total} images")
    generator = _generator(params, pool, _ORDER)
    numbers = iter(generator.permutation(total + copies))
    turns = {emotion: generator.permutation(people) for emotion in EMOTIONS}
    shots: list[Shot] = []
    for emotion in EMOTIONS:
        for turn in range(counts[emotion]):
            file = f"{emotion}/{next(numbers):06d}.jpg"
            person = int(turns[emotion][turn % people])
            shots.append(Shot(pool, file, person, emotion, len(shots)))
    for index in np.sort(generator.choice(total, copies, replace=False)):
        original = shots[index]
        file = f"{original.emotion}/{next(numbers):06d}.jpg"
        fields = asdict(original) | {"file": file, "duplicate_of": original.file}
        shots.append(Shot(**fields))
    return shots


def view(params: Synthesize, generator: np.random.Generator) -> View:
    """Draw pose, camera, light and background, independent of who is shown and how they feel."""

    def either_way(limit: float) -> float:
        return float(generator.uniform(-limit, limit))

    warmth = generator.uniform(-0.08, 0.08)
    contrast = generator.uniform(0.3, 0.75)  # share of the light that comes from the sky
    tint = np.array([1 + warmth, 1.0, 1 - warmth])
    cells = int(generator.integers(2, 9))
    shades = generator.uniform(0.02, 0.6, (cells, cells, 1))
    background = shades * generator.uniform(0.6, 1.2, 3) + generator.normal(
        0, 0.04, (cells, cells, 3)
    )
    return View(
        yaw=either_way(params.yaw),
        pitch=either_way(params.pitch),
        roll=either_way(params.roll),
        gaze=(float(generator.normal(0, 7)), float(generator.normal(0, 4))),
        distance=float(generator.uniform(7, 14)),
        zoom=float(generator.uniform(1.95, 2.3)),
        offset=(either_way(0.04), either_way(0.04)),
        light=(either_way(65), float(generator.uniform(15, 60))),
        key=(1.35 - contrast) * tint,
        ambient=contrast * tint[::-1],
        exposure=float(generator.uniform(0.95, 1.4)),
        background=background,
    )


@dataclass(frozen=True)
class Draw:
    """Everything drawn for one image."""

    subject: Subject
    intensity: float
    actions: dict[str, float]
    view: View
    native_size: int
    jpeg_quality: int
    noise: float
    grain: np.random.Generator


def draw(params: Synthesize, shot: Shot) -> Draw:
    """Draw person, expression, view and camera of one image."""
    generator = _generator(params, shot.pool, _IMAGES, shot.index)
    intensity = float(generator.uniform(*params.intensity))
    return Draw(
        subject=subject.draw(_generator(params, shot.pool, _PEOPLE, shot.subject)),
        intensity=intensity,
        actions=expression.draw(shot.emotion, intensity, generator),
        view=view(params, generator),
        native_size=round(float(np.exp(generator.uniform(*np.log(params.native_size))))),
        jpeg_quality=int(generator.integers(params.jpeg_quality[0], params.jpeg_quality[1] + 1)),
        noise=float(generator.uniform(0, 5)),
        grain=generator,
    )


def shoot(drawn: Draw, renderer: Renderer) -> bytes:
    """Render one image and capture it; returns its JPEG bytes."""
    pixels = renderer.render(drawn.subject, drawn.actions, drawn.view, drawn.native_size)
    pixels = capture(pixels, drawn.noise, drawn.jpeg_quality, drawn.grain)
    return encode(enlarge(pixels, SIZE), QUALITY)


def make_renderer() -> Renderer:
    """Load the head with every blend shape the dataset needs."""
    return Renderer(head_mesh.load(subject.SHAPES + expression.SHAPES))


def truth(params: Synthesize, shots: list[Shot]) -> pd.DataFrame:
    """The sidecar: one row for each image, with what it shows and how it was captured."""
    rows = []
    for shot in sorted(shots, key=lambda shot: shot.file):
        drawn = draw(params, shot)
        rows.append(
            {
                "file": shot.file,
                "subject": f"{shot.pool}-{shot.subject:03d}",
                "emotion": shot.emotion,
                "duplicate_of": shot.duplicate_of,
                "intensity": drawn.intensity,
                "native_size": drawn.native_size,
                "jpeg_quality": drawn.jpeg_quality,
                "yaw": drawn.view.yaw,
                "pitch": drawn.view.pitch,
                "roll": drawn.view.roll,
                "light_azimuth": drawn.view.light[0],
                "light_elevation": drawn.view.light[1],
                **drawn.subject.phenotype,
                **drawn.actions,
            }
        )
    return pd.DataFrame(rows)
