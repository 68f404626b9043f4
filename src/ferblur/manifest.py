"""Manifests: a dataset as rows, not copies.

A manifest is a table with the columns of `COLUMNS`. Each row is one sample: which aligned face it
comes from and what is done to that face when the sample is read. The draws below make the
datasets of sections III.B to III.D from a table of faces; no pixel is touched.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from ferblur.dataset import EMOTIONS
from ferblur.errors import UserError
from ferblur.files import write_csv

COLUMNS = {
    "sample_id": "int64",  # position in the manifest
    "source_id": "str",  # the face's file, relative to its pool
    "label": "int64",  # 0..5, index into dataset.EMOTIONS
    "flip": "int64",  # 1: mirrored left to right
    "brightness": "float64",  # factor, 1 is unchanged
    "blur_radius": "float64",  # box radius in px on the aligned face, 0 is sharp
    "split": "str",  # train, val or test; deployment; empty before the split
}

MODELS = ("baseline", "second")
"""The study's two models, each with a manifest of its own: trained on sharp faces, and on blurred
ones too."""

SPLITS = ("train", "val", "test")


def model(arguments: Sequence[str]) -> str:
    """The model that a stage's command line names.

    Raises UserError where that is not exactly one of the study's two.
    """
    if len(arguments) != 1 or arguments[0] not in MODELS:
        raise UserError(f"name one model, {' or '.join(MODELS)}, not '{' '.join(arguments)}'")
    return arguments[0]


def write(path: Path, manifest: pd.DataFrame) -> None:
    """Write a manifest as CSV, atomically."""
    write_csv(path, manifest[list(COLUMNS)])


def read(path: Path) -> pd.DataFrame:
    """Read a manifest written by `write`."""
    return pd.read_csv(path, dtype=COLUMNS, keep_default_na=False)


def _rows(
    source_id: Sequence[str] | np.ndarray,
    label: int | np.ndarray,
    *,
    flip: int | np.ndarray = 0,
    brightness: float | np.ndarray = 1.0,
    blur_radius: float | np.ndarray = 0.0,
    split: str = "",
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source_id": np.asarray(source_id, dtype=object),
            "label": label,
            "flip": flip,
            "brightness": brightness,
            "blur_radius": blur_radius,
            "split": split,
        }
    )


def _numbered(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    manifest = pd.concat(parts, ignore_index=True)
    manifest.insert(0, "sample_id", np.arange(len(manifest)))
    return manifest


def raise_minorities(
    faces: pd.DataFrame, brightness: tuple[float, float], generator: np.random.Generator
) -> pd.DataFrame:
    """Raise every class to the majority's count with flips and slightly higher brightness.

    `faces` has the columns `source_id` and `label`. The study (section III.B) names the two
    operations but not how they are combined; here a class that needs more samples gets, in this
    order and each in random order over its faces: every face mirrored, every face brighter, every
    face mirrored and brighter, then brighter ones (plain and mirrored in turn) with new factors.
    `brightness` is the range the factor is drawn from. Returns a manifest with empty `split`.
    Raises UserError naming a class that has no face.
    """
    majority = int(faces["label"].value_counts().max())
    for number, emotion in enumerate(EMOTIONS):
        if not (faces["label"] == number).any():
            raise UserError(f"train/{emotion}: no face was found in any of its images")
    parts = []
    for label, sources in faces.groupby("label", sort=True)["source_id"]:
        originals = np.sort(sources.to_numpy(dtype=object))
        parts.append(_rows(originals, int(str(label))))
        missing, turn = majority - len(originals), 0
        while missing > 0:
            picked = generator.permutation(originals)[:missing]
            factor: float | np.ndarray = 1.0
            if turn > 0:
                factor = generator.uniform(*brightness, size=len(picked))
            flip = 1 if turn == 0 else (turn + 1) % 2
            parts.append(_rows(picked, int(str(label)), flip=flip, brightness=factor))
            missing, turn = missing - len(picked), turn + 1
    return _numbered(parts)


def lower_majorities(
    faces: pd.DataFrame, per_class: int, emotions: Sequence[str], generator: np.random.Generator
) -> pd.DataFrame:
    """Draw `per_class` faces of each class without replacement (section III.C: 750).

    `faces` has the columns `source_id` and `label`. Returns a manifest with split `deployment`.
    Raises UserError naming the class that has too few faces.
    """
    parts = []
    for label, emotion in enumerate(emotions):
        sources = np.sort(faces.loc[faces["label"] == label, "source_id"].to_numpy(dtype=object))
        if len(sources) < per_class:
            raise UserError(
                f"balance.deployment_per_class: {per_class} is more than the {len(sources)} "
                f"deployment faces of {emotion}; at most that many can be drawn"
            )
        picked = np.sort(generator.choice(sources, per_class, replace=False))
        parts.append(_rows(picked, label, split="deployment"))
    return _numbered(parts)


def add_blurred(
    balanced: pd.DataFrame,
    radii: Mapping[str, float],
    per_class: int,
    reuse: bool,
    generator: np.random.Generator,
) -> pd.DataFrame:
    """Append `per_class` blurred samples for each class and level (section III.D: 1,000).

    The samples are drawn at random from the balanced manifest, so they keep its flips and
    brightness. `radii` maps each level to its box radius in px. `reuse` says whether one sample
    may serve more than one level. Raises UserError where a class has too few samples.
    """
    needed = per_class if reuse else per_class * len(radii)
    parts = [balanced.drop(columns="sample_id")]
    for label, group in balanced.groupby("label", sort=True):
        if len(group) < needed:
            raise UserError(
                f"split.blurred_per_class: {per_class} needs {needed} samples of class {label}, "
                f"the balanced dataset has {len(group)}"
            )
        positions = np.arange(len(group))
        if reuse:
            draws = [generator.choice(positions, per_class, replace=False) for _ in radii]
        else:
            draws = np.split(generator.choice(positions, needed, replace=False), len(radii))
        for radius, draw in zip(radii.values(), draws, strict=True):
            picked = group.iloc[np.sort(draw)].drop(columns="sample_id")
            parts.append(picked.assign(blur_radius=float(radius)))
    return _numbered(parts)


def assign_splits(
    manifest: pd.DataFrame, ratios: tuple[float, float, float], stratify: bool, seed: int
) -> pd.DataFrame:
    """Put every sample into train, val or test at random (Table I: 70/20/10).

    The draw is over samples, after augmentation, as in the study: copies of one face can fall
    into different splits, which is why the test scores of Table II say nothing about new people.
    `stratify` keeps the class shares equal. Returns the manifest with `split` filled.
    """
    total = len(manifest)
    sizes = [round(total * ratios[0]), round(total * ratios[1])]
    sizes.append(total - sum(sizes))
    if min(sizes) < 1:
        raise UserError(f"split.ratios: {list(ratios)} of {total} samples leaves a split empty")
    labels = manifest["label"].to_numpy()
    try:
        train, rest = train_test_split(
            np.arange(total),
            train_size=sizes[0],
            test_size=sizes[1] + sizes[2],
            stratify=labels if stratify else None,
            random_state=seed,
        )
        val, test = train_test_split(
            rest,
            train_size=sizes[1],
            test_size=sizes[2],
            stratify=labels[rest] if stratify else None,
            random_state=seed,
        )
    except ValueError as error:  # too few of a class to stratify
        raise UserError(f"split.stratify: {error}") from error
    split = np.empty(total, dtype=object)
    for name, members in zip(SPLITS, (train, val, test), strict=True):
        split[members] = name
    return manifest.assign(split=split)
