"""The one loader of extensions/params.yaml: a section for each stage beyond the paper, checked."""

import json
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from ferblur.beyond.named import STUDYS, names
from ferblur.core.errors import UserError
from ferblur.core.files import read_yaml
from ferblur.core.params import Count, Section, Seed, mistakes
from ferblur.core.study import MODELS

EXTENSIONS = Path("extensions/params.yaml")

Radius = Annotated[float, Field(ge=0, le=512)]


class _Known:
    """Checks that every name is that of a file in a room, and stands once."""

    def __init__(self, room: str) -> None:
        self.room = room

    def __call__(self, given: tuple[str, ...]) -> tuple[str, ...]:
        known = names(self.room)
        if unknown := [name for name in given if name not in known]:
            raise ValueError(
                f"'{unknown[0]}' is no file of src/ferblur/{self.room}, which has "
                f"{', '.join(known)}"
            )
        if len(set(given)) < len(given):
            raise ValueError("must not name anything twice")
        return given


def _studys_first(kernels: tuple[str, ...]) -> tuple[str, ...]:
    if kernels[:1] != (STUDYS,):
        raise ValueError(f"must begin with {STUDYS}, the study's own")
    return kernels


Kernels = Annotated[
    tuple[str, ...], AfterValidator(_Known("kernels")), AfterValidator(_studys_first)
]


def _growing(radii: tuple[float, ...]) -> tuple[float, ...]:
    if not radii or radii[0] != 0 or list(radii) != sorted(set(radii)):
        raise ValueError(f"must grow from 0, not {list(radii)}")
    return radii


class Vary(Section):
    """Variants of the study's models, each trained from the first of train.seeds."""

    seed: Seed
    trainings: Annotated[int, Field(ge=1, le=100)]
    kernels: Kernels
    strongest: Annotated[float, Field(gt=1, le=512)]
    variants: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_Known("variants"))]


class Sweep(Section):
    """Blur of every kind and strength: radii in px of the box of equal standard deviation."""

    kernels: Kernels
    radii: Annotated[tuple[Radius, ...], AfterValidator(_growing)]
    models: dict[str, str]
    """The folder that holds each model's weights, by its name."""


class Restore(Section):
    """Estimating a face's blur from its pixels, and undoing it."""

    seed: Seed
    trees: Annotated[int, Field(ge=1, le=10_000)]
    copies: Annotated[int, Field(ge=1, le=1000)]
    methods: Annotated[tuple[str, ...], AfterValidator(_Known("restoration"))]


class Route(Section):
    """Which of two models is asked, by the estimated blur of a face."""

    sharp: str
    blurred: str
    threshold: Annotated[float, Field(gt=0, le=512)]


class Explain(Section):
    """Where the models look, and what an expression changes in a face."""

    seed: Seed
    people: Count


class Extensions(Section):
    """All of extensions/params.yaml."""

    vary: Vary
    sweep: Sweep
    restore: Restore
    route: Route
    explain: Explain

    @model_validator(mode="after")
    def _named(self) -> Self:
        if tuple(self.sweep.models)[: len(MODELS)] != MODELS:
            raise ValueError(f"sweep.models: must begin with {' and '.join(MODELS)}")
        weights = {name: f"models/{name}" for name in MODELS}
        weights |= {name: f"data/vary/{name}" for name in self.vary.variants}
        for name, folder in self.sweep.models.items():
            if weights.get(name) != folder:
                allowed = ", ".join(f"{known}: {where}" for known, where in weights.items())
                raise ValueError(f"sweep.models: '{name}: {folder}' is not one of {allowed}")
        for key in ("sharp", "blurred"):
            if (name := getattr(self.route, key)) not in self.sweep.models:
                swept = ", ".join(self.sweep.models)
                raise ValueError(f"route.{key}: '{name}' is not one of sweep.models, {swept}")
        return self


def load_extensions(path: Path = EXTENSIONS) -> Extensions:
    """Read and check the parameters beyond the paper.

    Raises UserError with one line for each mistake: the key, the value and what is allowed.
    """
    content = json.dumps(read_yaml(path))
    try:
        return Extensions.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise mistakes(path, error) from error


def chosen(arguments: list[str], known: tuple[str, ...], what: str) -> str:
    """The name that a stage's command line gives. Raises UserError where it is not a known one."""
    named = " ".join(arguments)
    if named not in known:
        listed = ", ".join(known) or "which is empty"
        raise UserError(f"name one of {what}, {listed}; not '{named}'")
    return named
