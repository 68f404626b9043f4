"""Balancing: minority classes are raised in train, all classes lowered in deployment (III.B-C)."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from ferblur.core.errors import UserError
from ferblur.dataset.manifest import make_rows, number_rows


def raise_minorities(
    faces: pd.DataFrame, brightness: tuple[float, float], emotions: Sequence[str],
    generator: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Raise every class to the majority's count with flips and slightly higher brightness.

    `faces` has the columns `source_id` and `label`, a place in `emotions`. The study (section
    III.B) names the two operations but not how they are combined; here a class that needs more
    samples gets copies of its faces in rounds, each in the same random order: in the first,
    mirrored and brighter copies in turn; in the second, of each face the other one; then brighter
    copies with new factors, mirrored and plain in turn. `brightness` is the range the factor is
    drawn from. Returns a manifest with empty `split`. Raises UserError naming a class that has no
    face.
    """
    majority = int(faces["label"].value_counts().max())
    for number, emotion in enumerate(emotions):
        if not (faces["label"] == number).any():
            raise UserError(f"train/{emotion}: no face was found in any of its images")
    parts = []
    for label, sources in faces.groupby("label", sort=True)["source_id"]:
        originals = np.sort(sources.to_numpy(dtype=object))
        parts.append(make_rows(originals, int(str(label))))
        order = generator.permutation(originals)
        for turn, made in enumerate(range(0, majority - len(order), len(order))):
            picked = order[: majority - len(order) - made]
            mirrored = (np.arange(len(picked)) + turn) % 2 == 0
            factors = generator.uniform(*brightness, size=len(picked))
            factors[mirrored & (turn < 2)] = 1.0
            flip = mirrored.astype(int)
            parts.append(make_rows(picked, int(str(label)), flip=flip, brightness=factors))
    return number_rows(parts)


def lower_majorities(
    faces: pd.DataFrame, per_class: int | Literal["smallest"], emotions: Sequence[str],
    generator: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Draw `per_class` faces of each class without replacement (section III.C: 750).

    `faces` has the columns `source_id` and `label`, a place in `emotions`; `smallest` draws as
    many as the smallest class has. Returns a manifest with split `deployment`. Raises UserError
    naming the class that has too few faces, or none.
    """
    counts = [int((faces["label"] == label).sum()) for label in range(len(emotions))]
    wanted = min(counts) if per_class == "smallest" else per_class
    parts = []
    for label, emotion in enumerate(emotions):
        sources = np.sort(faces.loc[faces["label"] == label, "source_id"].to_numpy(dtype=object))
        if not counts[label]:
            raise UserError(f"deployment/{emotion}: no face was found in any of its images")
        if counts[label] < wanted:
            raise UserError(
                f"balance.deployment_per_class: {wanted} is more than the {counts[label]} "
                f"deployment faces of {emotion}; at most that many can be drawn"
            )
        picked = np.sort(generator.choice(sources, wanted, replace=False))
        parts.append(make_rows(picked, label, split="deployment"))
    return number_rows(parts)
