"""The second model's blurred samples, and both models' train, val and test (III.D, Table I)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from ferblur.core.errors import UserError
from ferblur.core.study import SPLITS
from ferblur.dataset.manifest import number_rows


def add_blurred(
    balanced: pd.DataFrame,
    radii: Mapping[str, float],
    per_class: int,
    reuse: bool,
    emotions: Sequence[str],
    generator: np.random.Generator,
) -> pd.DataFrame:
    """Append `per_class` blurred samples for each class and level (section III.D: 1,000).

    The samples are drawn at random from the balanced manifest, so they keep its flips and
    brightness. `radii` maps each level to its box radius in px. `reuse` says whether one sample
    may serve more than one level. Raises UserError naming a class with too few samples.
    """
    needed = per_class if reuse else per_class * len(radii)
    parts = [balanced.drop(columns="sample_id")]
    for label, emotion in enumerate(emotions):
        group = balanced[balanced["label"] == label]
        if len(group) < needed:
            raise UserError(
                f"split.blurred_per_class: {per_class} needs {needed} samples of {emotion}, "
                f"the balanced dataset has {len(group)}; at most "
                f"{len(group) * per_class // needed} can be drawn"
            )
        positions = np.arange(len(group))
        if reuse:
            draws = [generator.choice(positions, per_class, replace=False) for _ in radii]
        else:
            draws = np.split(generator.choice(positions, needed, replace=False), len(radii))
        for radius, draw in zip(radii.values(), draws, strict=True):
            picked = group.iloc[np.sort(draw)].drop(columns="sample_id")
            parts.append(picked.assign(blur_radius=float(radius)))
    return number_rows(parts)


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
