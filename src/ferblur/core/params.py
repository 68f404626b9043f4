"""The one loader of params.yaml: a section for each stage, every value checked first."""

import json
import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from ferblur.core.errors import UserError, printable
from ferblur.core.files import read_yaml
from ferblur.core.study import EMOTIONS, LEVELS, POOLS

PARAMS = Path("params.yaml")

OWN_FOLDERS = (".dvc", ".git", ".partial", "data", "models", "paper", "results")
"""What the pipeline writes, and empties, itself."""

MOST = 1_000_000
"""Of faces and people; no data set of either has more."""

MOST_RENDERED = 100_000
"""Images of a pool: more than an hour of rendering."""

MOST_PIXELS = 1 << 26
"""Of a batch as the network takes it: 4096 images of 128 px."""

MOST_MISTAKES = 20
"""Lines about one file."""

NOT_EMOTIONS = (
    "label", "nan", "null", "predicted", "sample_id", "source_id", "subject", "task"
)  # fmt: skip
"""Names of columns beside those of the classes in tables of predictions, and words for a gap."""

Share = Annotated[float, Field(gt=0, lt=1)]
Rejected = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=MOST)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


def _ordered(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    if pair[0] > pair[1]:
        raise ValueError(f"must be [smallest, largest], not {list(pair)}")
    return pair


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        raise ValueError("must not name anything twice")
    return values


def _number(least: int, most: int) -> AfterValidator:
    """Bound how many values there are; a field's own bounds would count only the good ones."""

    def check(values: tuple[Any, ...]) -> tuple[Any, ...]:
        if not least <= len(values) <= most:
            raise ValueError(f"must be a list of {least} to {most}, not of {len(values)}")
        return values

    return AfterValidator(check)


def _thirds(ratios: tuple[float, float, float]) -> tuple[float, float, float]:
    if abs(sum(ratios) - 1) > 1e-9:
        raise ValueError(f"must add up to 1, not {sum(ratios)}")
    return ratios


def _name(emotion: str) -> str:
    """Check a class's name, which is a folder's and stands in tables."""
    known = r"[a-z][a-z_]{0,29}"
    if not re.fullmatch(known, emotion):
        nearest = re.sub(r"[\W\d_]+", "_", emotion.lower()).strip("_")
        nearest = nearest if re.fullmatch(known, nearest) else "anger"
        raise ValueError(f"must be up to 30 lower-case letters or _, such as {nearest}")
    if emotion in NOT_EMOTIONS:
        raise ValueError("must be another name, for this one means something else in tables")
    return emotion


def _colour(value: str) -> str:
    if not re.fullmatch("#[0-9A-Fa-f]{6}", value):
        raise ValueError("must be a colour in quotes, such as '#0072B2'")
    return value


def _folder(root: str) -> str:
    """Check a path that DVC and the stages take as it is written."""
    if not root.strip():
        raise ValueError("must name a folder")
    if root != root.strip() or any(unicodedata.category(letter) == "Cc" for letter in root):
        raise ValueError("must not begin or end with space, nor hold control characters")
    if root.startswith(("~", "$")) or "${" in root:
        raise ValueError("must be written out: neither ~ nor variables are replaced")
    if "://" in root:
        raise ValueError("must be a folder of this machine, not an address")
    whole = Path(os.path.normpath(Path.cwd() / root))  # as written: links may lead elsewhere
    for own in OWN_FOLDERS:
        if whole.is_relative_to(Path.cwd() / own):
            raise ValueError(f"must not lie in {own}, whose files the pipeline replaces")
    return root


def _number_or_smallest(value: object) -> object:
    """Check here, for the types of a union each give a message of their own."""
    if value != "smallest" and not (type(value) is int and 1 <= value <= MOST):
        raise ValueError(f"must be a number of faces, 1 to {MOST}, or smallest")
    return value


Emotion = Annotated[str, AfterValidator(_name)]
Colour = Annotated[str, AfterValidator(_colour)]


class Section(BaseModel):
    """A part of params.yaml: unknown keys and wrong types are errors, values are read-only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Data(Section):
    """Where the raw images are, and the classes they are sorted into."""

    root: Annotated[str, Field(max_length=1000), AfterValidator(_folder)]
    emotions: Annotated[tuple[Emotion, ...], _number(2, 10), AfterValidator(_distinct)]

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

    train: Annotated[int, Field(ge=0, le=MOST)]
    deployment: Annotated[int, Field(ge=0, le=MOST)]


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
            if frames > MOST_RENDERED:
                raise ValueError(
                    f"frames.{pool}: at most {MOST_RENDERED} images, not {frames} of {clips} clips"
                )
            for name, most in (("subjects", clips), ("duplicates", frames)):
                if (number := getattr(getattr(self, name), pool)) > most:
                    raise ValueError(
                        f"{name}.{pool}: at most {most}, for {clips} clips, {frames} frames, "
                        f"not {number}"
                    )
        return self


class Pretrain(Section):
    """The rendered faces, and the fitting to them, that `train.weights: rendered` starts from."""

    seed: Seed
    subjects: Count
    clips: Annotated[int, Field(ge=6, le=MOST_RENDERED)]
    frames: Annotated[int, Field(ge=1, le=MOST_RENDERED)]
    epochs: Annotated[int, Field(ge=1, le=1000)]
    batch_size: Annotated[int, Field(ge=2, le=4096)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]

    @model_validator(mode="after")
    def _fitting_together(self) -> Self:
        if self.clips % len(EMOTIONS):
            raise ValueError(
                f"clips: must be a multiple of {len(EMOTIONS)}, as many for each emotion, "
                f"not {self.clips}"
            )
        if (frames := self.clips * self.frames) > MOST_RENDERED:
            raise ValueError(f"frames: at most {MOST_RENDERED} images in all, not {frames}")
        if not 2 <= self.subjects <= self.clips:
            raise ValueError(f"subjects: 2 to {self.clips}, the clips, not {self.subjects}")
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
    batch_size: Annotated[int, Field(ge=1, le=1024)]


class Balance(Section):
    """Raising minority classes in train, lowering all classes in deployment (sections III.B-C)."""

    seed: Seed
    brightness: Annotated[
        tuple[Annotated[float, Field(gt=1)], Annotated[float, Field(le=2)]],
        AfterValidator(_ordered),
    ]
    deployment_per_class: Annotated[int | Literal["smallest"], BeforeValidator(_number_or_smallest)]


class Split(Section):
    """Train, validation and test sets of both models (Table I, section III.D)."""

    seed: Seed
    ratios: Annotated[tuple[Share, Share, Share], AfterValidator(_thirds)]
    stratify: bool
    blurred_per_class: Count
    blurred_levels: Annotated[
        tuple[Literal["low", "medium", "high", "very_high"], ...],
        _number(1, 4),
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

    seeds: Annotated[tuple[Seed, ...], _number(1, 100), AfterValidator(_distinct)]
    weights: Literal["none", "rendered", "imagenet"]
    input_size: Annotated[int, Field(ge=32, le=1024)]
    normalisation: Literal["none", "imagenet", "per_image"]
    channel_order: Literal["rgb", "bgr"]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    auxiliary_weight: Annotated[float, Field(ge=0, le=1)]
    epochs: Annotated[int, Field(ge=1, le=1000)]
    batch_size: Annotated[int, Field(ge=2, le=4096)]
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
    batch_size: Annotated[int, Field(ge=1, le=4096)]


class Statistics(Section):
    """Intervals and tests beside the paper's point values."""

    seed: Seed
    resamples: Annotated[int, Field(ge=100, le=10_000)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


class Figures(Section):
    """Appearance only; nothing is computed from this section."""

    seed: Seed
    show_faces: bool
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
    pretrain: Pretrain
    train: Train
    evaluate: Evaluate
    statistics: Statistics
    figures: Figures

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        size = self.align.size
        for level, radius in self.blur.radii().items():
            if radius >= size:
                raise ValueError(
                    f"blur.{level}: must be less than align.size, {size}, not {radius}"
                )
        most = MOST_PIXELS // self.train.input_size**2
        for name, batch in (("train", self.train), ("evaluate", self.evaluate)):
            if batch.batch_size > most:
                raise ValueError(
                    f"{name}.batch_size: at most {most} where train.input_size is "
                    f"{self.train.input_size}, not {batch.batch_size}"
                )
        return self


def mistakes(path: Path, error: ValidationError) -> UserError:
    """One line for each mistake in a file: the key, the value and what is allowed."""
    lines = []
    for mistake in error.errors():
        key = printable(".".join(str(part) for part in mistake["loc"]))
        whole = isinstance(mistake["input"], dict)  # a section, whose message has the value
        known = whole or mistake["type"] == "missing"
        value = "" if known else f" (is {printable(repr(mistake['input']))})"
        allowed = mistake["msg"].removeprefix("Value error, ")
        lines.append(f"{path}: {key + ': ' if key else ''}{allowed}{value}")
    if (more := len(lines) - MOST_MISTAKES) > 0:
        lines[MOST_MISTAKES:] = [f"{path}: {more} more mistakes"]
    return UserError("\n".join(lines))


def load_params(path: Path = PARAMS) -> Params:
    """Read and check a parameter file.

    Raises UserError with one line for each mistake: the key, the value and what is allowed.
    """
    content = json.dumps(read_yaml(path))
    try:
        # strict: '"15"' is not a number and 1 is not true; tuples and integers-as-floats pass
        return Params.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise mistakes(path, error) from error


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
