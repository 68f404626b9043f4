"""The clips of the built-in dataset: who shows what, and the frames sampled from each.

Like the study's video, a pool holds some people, each in a few clips, and several nearly equal
frames of each clip. What a clip's frames share is drawn once for the clip: person, expression,
camera, place. What changes from frame to frame is a course over the clip's time: the expression
rises and falls, head, gaze and light drift, and noise and compression differ.

Every draw comes from a seed sequence of (seed, pool, what, number), so an image is the same
whatever the number of processes that render.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ferblur.core.params import Synthesize
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.rendering import expression, head_mesh, subject
from ferblur.rendering.camera import capture, encode, enlarge
from ferblur.rendering.expression import Manner
from ferblur.rendering.renderer import Renderer, View
from ferblur.rendering.subject import Subject

SIZE = 128
"""px of an image, the study's."""

QUALITY = 92
"""JPEG quality of the stored image; the capture's own is drawn."""

QUALITY_STEP = 5
"""How far the capture's JPEG quality goes up and down within a clip."""

_PEOPLE, _MANNERS, _CLIPS, _FRAMES, _ORDER, _REPEATED = range(6)


@dataclass(frozen=True)
class Frame:
    """One image to make: where it goes and what it is a frame of, or a repetition of."""

    pool: str
    file: str
    subject: int
    emotion: str
    """What its annotator named: the folder it goes to."""
    clip: int
    number: int
    """Its place in the clip, from 0."""
    duplicate_of: str = ""


def _generator(params: Synthesize, pool: str, kind: int, *index: int) -> np.random.Generator:
    return np.random.default_rng([params.seed, POOLS.index(pool), kind, *index])


def plan(params: Synthesize, pool: str) -> list[Frame]:
    """List a pool's frames, clip by clip, repeated ones last.

    Every subject appears in about equally many clips, of emotions at random; files are numbered in
    random order, so that a name says nothing.
    """
    clips: Mapping[str, int] = getattr(params.clips, pool).model_dump()
    people, copies = getattr(params.subjects, pool), getattr(params.duplicates, pool)
    length = getattr(params.frames, pool)
    total = sum(clips.values()) * length
    generator = _generator(params, pool, _ORDER)
    names = iter(generator.permutation(total + copies))
    frames: list[Frame] = []
    shown = [emotion for emotion in EMOTIONS for _ in range(clips[emotion])]
    turns = generator.permutation(np.arange(len(shown)) % people)
    for clip, (emotion, person) in enumerate(zip(shown, turns.tolist(), strict=True)):
        for number in range(length):
            file = f"{emotion}/{next(names):06d}.jpg"
            frames.append(Frame(pool, file, person, emotion, clip, number))
    repeated = _generator(params, pool, _REPEATED).choice(total, copies, replace=False)
    for original in [frames[index] for index in np.sort(repeated)]:
        file = f"{original.emotion}/{next(names):06d}.jpg"
        frames.append(replace(original, file=file, duplicate_of=original.file))
    return frames


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
class Drift:
    """A smooth course around 0 over a clip's time, with standard deviation 1."""

    frequencies: np.ndarray  # 2, waves in a clip
    phases: np.ndarray  # 2, in 0..1

    @classmethod
    def draw(cls, generator: np.random.Generator) -> "Drift":
        """Draw two waves of different length."""
        return cls(generator.uniform(0.3, 1.5, 2), generator.uniform(0, 1, 2))

    def at(self, time: float) -> float:
        """Where it is at a time in 0..1."""
        return float(np.sin(2 * np.pi * (self.frequencies * time + self.phases)).sum())


@dataclass(frozen=True)
class Clip:
    """What the frames of a clip have in common."""

    subject: Subject
    manner: Manner
    expressed: str
    """The emotion that is shown most; where the annotator was mistaken, not the label."""
    second: str
    """The emotion mixed in."""
    share: float
    """How much of the expression is the second emotion, 0..1."""
    peak: float
    """Intensity at the apex, 0..1."""
    apex: float
    """When that is, in 0..1 of the clip's time."""
    actions: dict[str, float]
    """Weight of each facial action at full intensity."""
    habits: dict[str, float]
    """Weights that belong to no emotion and stay the same."""
    view: View
    drifts: dict[str, Drift]
    offset: float
    """Where in its slice of time each frame is taken, 0..1."""
    native_size: int
    jpeg_quality: int
    noise: float


_DRIFTING = ("yaw", "pitch", "roll", "gaze", "light", "quality")


def draw_clip(params: Synthesize, frame: Frame) -> Clip:
    """Draw the clip that a frame belongs to."""
    generator = _generator(params, frame.pool, _CLIPS, frame.clip)
    others = [emotion for emotion in EMOTIONS if emotion != frame.emotion]
    expressed, second = frame.emotion, str(generator.choice(others))
    if generator.uniform() < params.mislabelled:  # the annotator named what is only mixed in
        expressed, second = second, expressed
    share = float(generator.uniform(0, params.mixed))
    first, mixed_in = (expression.draw(emotion, generator) for emotion in (expressed, second))
    manner = expression.draw_manner(
        params.manner, params.resting, params.asymmetry,
        _generator(params, frame.pool, _MANNERS, frame.subject),
    )  # fmt: skip
    return Clip(
        subject=subject.draw(_generator(params, frame.pool, _PEOPLE, frame.subject)),
        manner=manner,
        expressed=expressed,
        second=second,
        share=share,
        peak=float(generator.uniform(*params.intensity)),
        apex=float(generator.uniform(0.3, 0.7)),
        actions={a: (1 - share) * first[a] + share * mixed_in[a] for a in expression.ACTIONS},
        habits=expression.draw_habits(generator),
        view=view(params, generator),
        drifts={name: Drift.draw(generator) for name in _DRIFTING},
        offset=float(generator.uniform()),
        native_size=round(float(np.exp(generator.uniform(*np.log(params.native_size))))),
        jpeg_quality=int(generator.integers(params.jpeg_quality[0], params.jpeg_quality[1] + 1)),
        noise=float(generator.uniform(0, 5)),
    )


@dataclass(frozen=True)
class Draw:
    """Everything drawn for one image."""

    clip: Clip
    intensity: float
    actions: dict[str, float]
    view: View
    jpeg_quality: int
    grain: np.random.Generator


def course(time: float, apex: float, onset: float) -> float:
    """How strong an expression is at a time in 0..1: `onset` at both ends, 1 at the apex."""
    warped = time ** (np.log(0.5) / np.log(apex))  # half of it has passed at the apex
    return float(onset + (1 - onset) * np.sin(np.pi * warped))


def draw(params: Synthesize, frame: Frame) -> Draw:
    """Draw one frame of its clip; frames are equally far apart in time."""
    clip = draw_clip(params, frame)
    generator = _generator(params, frame.pool, _FRAMES, frame.clip, frame.number)
    time = (frame.number + clip.offset) / getattr(params.frames, frame.pool)
    intensity = clip.peak * course(time, clip.apex, params.onset)
    actions = {name: intensity * weight for name, weight in clip.actions.items()}
    away = {name: drift.at(time) for name, drift in clip.drifts.items()}
    seen = clip.view
    return Draw(
        clip=clip,
        intensity=intensity,
        actions=clip.manner.applied(actions, clip.habits, blink=float(generator.uniform(0, 0.15))),
        view=replace(
            seen,
            yaw=seen.yaw + params.drift.head * away["yaw"],
            pitch=seen.pitch + params.drift.head * away["pitch"],
            roll=seen.roll + params.drift.head * away["roll"],
            gaze=(seen.gaze[0] + params.drift.gaze * away["gaze"], seen.gaze[1]),
            light=(seen.light[0] + params.drift.light * away["light"], seen.light[1]),
        ),
        jpeg_quality=round(np.clip(clip.jpeg_quality + QUALITY_STEP * away["quality"], 1, 100)),
        grain=generator,
    )


def shoot(drawn: Draw, renderer: Renderer) -> bytes:
    """Render one frame and capture it; returns its JPEG bytes."""
    clip = drawn.clip
    pixels = renderer.render(clip.subject, drawn.actions, drawn.view, clip.native_size)
    pixels = capture(pixels, clip.noise, drawn.jpeg_quality, drawn.grain)
    return encode(enlarge(pixels, SIZE), QUALITY)


def make_renderer() -> Renderer:
    """Load the head with every blend shape the dataset needs."""
    return Renderer(head_mesh.load(subject.SHAPES + expression.SHAPES))


def truth(params: Synthesize, frames: list[Frame]) -> pd.DataFrame:
    """The sidecar: one row for each image, with what it shows and how it was captured."""
    rows = []
    for frame in sorted(frames, key=lambda frame: frame.file):
        drawn = draw(params, frame)
        clip = drawn.clip
        rows.append(
            {
                "file": frame.file,
                "subject": f"{frame.pool}-{frame.subject:03d}",
                "clip": f"{frame.pool}-{frame.clip:04d}",
                "frame": frame.number,
                "emotion": frame.emotion,
                "duplicate_of": frame.duplicate_of,
                "expressed": clip.expressed,
                "second_emotion": clip.second,
                "second_share": clip.share,
                "intensity": drawn.intensity,
                "native_size": clip.native_size,
                "jpeg_quality": drawn.jpeg_quality,
                "yaw": drawn.view.yaw,
                "pitch": drawn.view.pitch,
                "roll": drawn.view.roll,
                "light_azimuth": drawn.view.light[0],
                "light_elevation": drawn.view.light[1],
                **clip.subject.phenotype,
                **drawn.actions,
            }
        )
    return pd.DataFrame(rows)
