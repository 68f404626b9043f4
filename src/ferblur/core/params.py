"""The one loader of params.yaml: a section for each stage, every value checked first."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ferblur.core.errors import UserError
from ferblur.core.files import read_yaml
from ferblur.core.study import LEVELS, POOLS

PARAMS = Path("params.yaml")

Share = Annotated[float, Field(gt=0, lt=1)]
Rejected = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Emotion = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,29}$")]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]


def _ordered(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    if pair[0] > pair[1]:
        raise ValueError(f"must be [smallest, largest], not {list(pair)}")
    return pair


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        raise ValueError("must not name anything twice")
    return values


def _thirds(ratios: tuple[float, float, float]) -> tuple[float, float, float]:
    if abs(sum(ratios) - 1) > 1e-9:
        raise ValueError(f"must add up to 1, not {sum(ratios)}")
    return ratios


class Section(BaseModel):
    """A part of params.yaml: unknown keys and wrong types are errors, values are read-only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(Section):
    """Where the raw images are, and the classes they are sorted into."""

    root: Annotated[str, Field(min_length=1)]
    emotions: Annotated[
        tuple[Emotion, ...], Field(min_length=2, max_length=10), AfterValidator(_distinct)
    ]

    @property
    def chance(self) -> float:
        """Accuracy of guessing."""
        return 1 / len(self.emotions)


class Pools(Section):
    """One number for each pool."""

    train: Count
    deployment: Count


class Duplicates(Section):
    """Repeated frames to plant in each pool."""

    train: Annotated[int, Field(ge=0)]
    deployment: Annotated[int, Field(ge=0)]


class Emotions(Section):
    """One number for each of the study's emotions."""

    anger: Count
    disgust: Count
    fear: Count
    happiness: Count
    sadness: Count
    surprise: Count


class Clips(Section):
    """Clips to render, by pool and emotion."""

    train: Emotions
    deployment: Emotions


class Drift(Section):
    """Standard deviations within a clip, in degrees."""

    head: Annotated[float, Field(ge=0, le=20)]
    gaze: Annotated[float, Field(ge=0, le=20)]
    light: Annotated[float, Field(ge=0, le=60)]


class Synthesize(Section):
    """The rendered dataset."""

    seed: Seed
    subjects: Pools
    clips: Clips
    frames: Pools
    duplicates: Duplicates
    native_size: Annotated[
        tuple[Annotated[int, Field(ge=16)], Annotated[int, Field(le=128)]],
        AfterValidator(_ordered),
    ]
    jpeg_quality: Annotated[
        tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(le=100)]],
        AfterValidator(_ordered),
    ]
    intensity: Annotated[
        tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(le=1)]],
        AfterValidator(_ordered),
    ]
    onset: Annotated[float, Field(ge=0, le=1)]
    mixed: Annotated[float, Field(ge=0, lt=0.5)]
    mislabelled: Annotated[float, Field(ge=0, lt=1)]
    manner: Annotated[float, Field(ge=0, le=1)]
    resting: Annotated[float, Field(ge=0, le=1)]
    asymmetry: Annotated[float, Field(ge=0, le=0.5)]
    yaw: Annotated[float, Field(ge=0, le=60)]
    pitch: Annotated[float, Field(ge=0, le=45)]
    roll: Annotated[float, Field(ge=0, le=45)]
    drift: Drift

    @model_validator(mode="after")
    def _enough_clips(self) -> Self:
        for pool in POOLS:
            clips = sum(getattr(self.clips, pool).model_dump().values())
            frames = clips * getattr(self.frames, pool)
            for name, most in (("subjects", clips), ("duplicates", frames)):
                if (number := getattr(getattr(self, name), pool)) > most:
                    raise ValueError(
                        f"{name}.{pool}: at most {most}, for {clips} clips, {frames} frames, "
                        f"not {number}"
                    )
        return self


class Prepare(Section):
    """Accepting files and removing exact duplicates (section III.A)."""

    hash_of: Literal["file", "pixels"]
    strict: bool
    max_rejected: Rejected


class Align(Section):
    """Face detection and alignment (section III.B)."""

    detector: Literal["mtcnn", "mtcnn-reference", "none"]
    enlarge: Annotated[int, Field(ge=0, le=1024)]
    min_confidence: Annotated[float, Field(ge=0, le=1)]
    no_face: Literal["reject", "keep"]
    several_faces: Literal["largest", "most_confident", "reject"]
    max_rejected: Rejected
    size: Annotated[int, Field(ge=32, le=1024)]
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"]
    batch_size: Count


class Balance(Section):
    """Raising minority classes in train, lowering all classes in deployment (sections III.B-C)."""

    seed: Seed
    brightness: Annotated[
        tuple[Annotated[float, Field(gt=1)], Annotated[float, Field(le=2)]],
        AfterValidator(_ordered),
    ]
    deployment_per_class: Count | Literal["smallest"]


class Split(Section):
    """Train, validation and test sets of both models (Table I, section III.D)."""

    seed: Seed
    ratios: Annotated[tuple[Share, Share, Share], AfterValidator(_thirds)]
    stratify: bool
    blurred_per_class: Count
    blurred_levels: Annotated[
        tuple[Literal["low", "medium", "high", "very_high"], ...],
        Field(min_length=1),
        AfterValidator(_distinct),
    ]
    reuse: bool


class Blur(Section):
    """Box radius of each level, px on the aligned face (section III.C)."""

    none: Annotated[float, Field(ge=0, le=0)]
    low: Annotated[float, Field(gt=0, le=512)]
    medium: Annotated[float, Field(gt=0, le=512)]
    high: Annotated[float, Field(gt=0, le=512)]
    very_high: Annotated[float, Field(gt=0, le=512)]

    @model_validator(mode="after")
    def _increasing(self) -> Self:
        radii = [self.low, self.medium, self.high, self.very_high]
        if radii != sorted(set(radii)):
            raise ValueError(f"radii must grow from low to very_high, not {radii}")
        return self

    def radius(self, level: str) -> float:
        """Radius of a level in px."""
        return float(getattr(self, level))

    def radii(self) -> dict[str, float]:
        """Radius of every level in px, in order of strength."""
        return {level: self.radius(level) for level in LEVELS}


class Train(Section):
    """Fitting GoogLeNet (section IV); each model is trained once from each seed."""

    seeds: Annotated[tuple[Seed, ...], Field(min_length=1), AfterValidator(_distinct)]
    weights: Literal["none", "imagenet"]
    input_size: Annotated[int, Field(ge=32, le=1024)]
    normalisation: Literal["none", "imagenet", "per_image"]
    channel_order: Literal["rgb", "bgr"]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    auxiliary_weight: Annotated[float, Field(ge=0, le=1)]
    epochs: Count
    batch_size: Annotated[int, Field(ge=2)]
    optimizer: Literal["adam", "adamw"]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    weight_decay: Annotated[float, Field(ge=0, le=1)]
    schedule: Literal["constant", "one_cycle"]
    arithmetic: Literal["portable", "float32", "bfloat16"]

    def once(self, seed: int) -> Self:
        """The parameters of one training: from this seed alone."""
        return self.model_copy(update={"seeds": (seed,)})


class Evaluate(Section):
    """Table II and Table III."""

    epoch: Literal["last", "best"]
    f1_average: Literal["macro", "weighted"]
    batch_size: Count


class Statistics(Section):
    """Intervals and tests beside the paper's point values."""

    seed: Seed
    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


class Figures(Section):
    """Appearance only; nothing is computed from this section."""

    seed: Seed
    baseline: Colour
    second: Colour
    neutral: Colour


class Params(Section):
    """All of params.yaml."""

    data: Data
    synthesize: Synthesize
    prepare: Prepare
    align: Align
    balance: Balance
    split: Split
    blur: Blur
    train: Train
    evaluate: Evaluate
    statistics: Statistics
    figures: Figures


def mistakes(path: Path, error: ValidationError) -> UserError:
    """One line for each mistake in a file: the key, the value and what is allowed."""
    lines = []
    for mistake in error.errors():
        key = ".".join(str(part) for part in mistake["loc"])
        whole = isinstance(mistake["input"], dict)  # a section, whose message has the value
        value = "" if whole or mistake["type"] == "missing" else f" (is {mistake['input']!r})"
        allowed = mistake["msg"].removeprefix("Value error, ")
        lines.append(f"{path}: {key + ': ' if key else ''}{allowed}{value}")
    return UserError("\n".join(lines))


def load_params(path: Path = PARAMS) -> Params:
    """Read and check a parameter file.

    Raises UserError with one line for each mistake: the key, the value and what is allowed.
    """
    content = read_yaml(path)
    try:
        # strict: '"15"' is not a number and 1 is not true; tuples and integers-as-floats pass
        return Params.model_validate_json(_as_json(content), strict=True)
    except ValidationError as error:
        raise mistakes(path, error) from error


def _as_json(content: dict[str, Any]) -> str:
    try:
        return json.dumps(content)
    except TypeError as error:  # dates and other YAML types no parameter has
        raise UserError(f"{PARAMS}: {error}") from error


def changed(ours: Mapping[str, Any], theirs: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted keys whose values differ between two nested mappings, sorted."""
    keys = []
    for key in sorted({*ours, *theirs}):
        one, other = ours.get(key), theirs.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            keys += changed(one, other, f"{prefix}{key}.")
        elif one != other:
            keys.append(f"{prefix}{key}")
    return keys
