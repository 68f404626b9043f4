"""Training a variant of the study's models, and asking it what the study asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ferblur.beyond.blurring import BlurredSamples
from ferblur.beyond.named import STUDYS
from ferblur.core.params import Params
from ferblur.core.ranks import Ranks
from ferblur.core.study import LEVELS
from ferblur.dataset.faces import Faces
from ferblur.model import network
from ferblur.model.device import choose_device
from ferblur.model.training import deterministic, fit, predict


@dataclass(frozen=True)
class Source:
    """What a variant is made from."""

    baseline: pd.DataFrame
    """The baseline's manifest, with its splits."""
    second: pd.DataFrame
    """The second model's."""
    people: pd.Series
    """Who is shown, by source_id; empty where unknown."""
    clips: pd.Series
    """Which clip a face was taken from, by source_id; empty where unknown."""
    params: Params
    kernels: tuple[str, ...]
    """The kinds of blur, the study's first."""
    strongest: float
    """The largest box radius that is drawn, in px."""
    generator: np.random.Generator

    def any_radius(self, count: int) -> np.ndarray:
        """Radii of a box from 1 px to the strongest, even over their logarithm, in px: `count`."""
        exponents = self.generator.uniform(0, np.log2(self.strongest), count)
        return np.asarray(np.exp2(exponents).round(2))


class Variant(NamedTuple):
    """What a variant is trained on."""

    rows: pd.DataFrame
    """A manifest with the splits train, val and test; a column `kernel` may name kinds of blur."""
    epochs: int
    """How often each row of train is seen."""


def samples(faces: Faces, rows: pd.DataFrame, params: Params) -> BlurredSamples:
    """A manifest's samples as the networks take them."""
    if "kernel" not in rows:
        rows = rows.assign(kernel=STUDYS)
    return BlurredSamples(faces, rows, params.train.input_size, params.train.channel_order)


def train(variant: Variant, params: Params, align: Path, seed: int, folder: Path) -> Path:
    """Fit a variant from a seed, going on from what `folder` holds; returns the weights' file."""
    recipe = params.train.once(seed).model_copy(update={"epochs": variant.epochs})
    faces = Faces.open(align, "train")
    fitted, val = (
        samples(faces, variant.rows[variant.rows["split"] == split], params)
        for split in ("train", "val")
    )
    fit(fitted, val, recipe, len(params.data.emotions), folder, Ranks())
    return folder / f"{params.evaluate.epoch}.safetensors"


def ask(weights: Path, rows: pd.DataFrame, faces: Faces, params: Params) -> np.ndarray:
    """The logits that a model gives to a manifest's samples, N x K float32."""
    device = choose_device(params.train.arithmetic)
    model = network.load(weights).to(device)
    with deterministic(device, params.train.arithmetic):
        logits, _ = predict(model, samples(faces, rows, params), params.evaluate.batch_size, device)
    return logits


def predictions(
    weights: Path, test: pd.DataFrame, deployment: pd.DataFrame, align: Path, params: Params
) -> pd.DataFrame:
    """Prediction rows as stage `evaluate` makes them: the own test set, then the five levels."""
    pools = {pool: Faces.open(align, pool) for pool in ("train", "deployment")}
    asked: Mapping[str, tuple[str, pd.DataFrame]] = {"test": ("train", test)} | {
        level: ("deployment", deployment.assign(blur_radius=params.blur.radius(level)))
        for level in LEVELS
    }
    tables = []
    for task, (pool, rows) in asked.items():
        faces = pools[pool]
        logits = ask(weights, rows, faces, params)
        subjects = faces.table["subject"].to_numpy()[faces.rows(rows["source_id"])]
        table = rows[["sample_id", "source_id"]].assign(
            task=task, subject=subjects, label=rows["label"], predicted=logits.argmax(axis=1)
        )
        table[list(params.data.emotions)] = logits
        tables.append(table)
    return pd.concat(tables)
