"""The blurs of the sweep, in the one order in which its tables and arrays have them."""

from pathlib import Path
from typing import NamedTuple

from ferblur.beyond.named import STUDYS
from ferblur.beyond.params import Sweep, Vary
from ferblur.core.params import Blur, Train
from ferblur.core.study import MODELS

SOURCES = TRUE, ESTIMATED = "true", "estimated"
"""Where the radius comes from that a face is restored or a model adapted by, in tables' order."""

ESTIMATES = LAPLACIAN, LEARNED = "laplacian", "learned"
"""The estimators of a radius, and the columns of data/restore/estimates.csv."""


class Cell(NamedTuple):
    """A kind of blur, and how strong it is."""

    kernel: str
    radius: float
    """px of the box of equal standard deviation, on the aligned face."""


def radii(sweep: Sweep, blur: Blur) -> list[float]:
    """The sweep's radii and those of the study's levels, growing, the first 0."""
    return sorted({*sweep.radii, *blur.radii().values()})


def cells(sweep: Sweep, blur: Blur) -> list[Cell]:
    """Sharp faces, as the study's kernel of radius 0, then each kernel at each radius above 0."""
    strengths = radii(sweep, blur)
    blurred = [Cell(kernel, radius) for kernel in sweep.kernels for radius in strengths[1:]]
    return [Cell(STUDYS, strengths[0]), *blurred]


def weights(folder: Path, seed: int, epoch: str) -> Path:
    """The file of a training's weights in a folder of `sweep.models`."""
    inside = folder / str(seed)
    return inside / f"{epoch}.safetensors" if inside.is_dir() else folder / f"{seed}.safetensors"


def trainings(model: str, vary: Vary, train: Train) -> tuple[int, ...]:
    """The seeds that a model was trained from: all for the study's, the first for a variant."""
    return train.seeds if model in MODELS else train.seeds[: vary.trainings]
