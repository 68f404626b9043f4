"""What helps under blur: controls for the second model, undoing blur, and choosing by its estimate.

Ours, not the paper's, which leaves blur detection and deblurring to others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ferblur.evidence.intervals import accuracy
from ferblur.evidence.unseen import Unseen

Answers = Mapping[str, np.ndarray]
"""The answers at each of the study's levels, S trainings x N places among the classes."""

SHARP = "none"
"""The level without blur."""

CLOSE = 0.01
"""How much less accurate than the baseline a remedy may be on sharp faces: one point."""


def compared(
    unseen: Unseen, answers: Mapping[str, Answers], reference: str, published: str,
    asks: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """Every remedy beside the study's models, the `reference` (baseline) and the `published`.

    By name: `levels` (accuracy), their `mean`, what it is `over_baseline` and `over_second`, and
    `sharp_over_baseline`; `over_trainings` are the differences to the published model of each
    training, of the same seed. A remedy `beats` the published model where all of the interval of
    the difference of means, and each training's, is above 0, and it is not less accurate on sharp
    faces than the reference by more than `CLOSE`. `asks` names the model whose trainings answer, of
    remedies that train none: these are drawn as that model's are.
    """
    scores = {
        name: {
            level: unseen.score(asks.get(name, name), predicted, accuracy)
            for level, predicted in by_level.items()
        }
        for name, by_level in answers.items()
    }
    means = {
        name: np.asarray(np.mean(list(by_level.values()), axis=0))
        for name, by_level in scores.items()
    }
    trainings = {
        name: np.mean(
            [(predicted == unseen.labels).mean(axis=-1) for predicted in by_level.values()], axis=0
        )
        for name, by_level in answers.items()
    }
    found = {}
    for name, by_level in scores.items():
        over = unseen.interval(means[name] - means[published])
        sharp = unseen.interval(by_level[SHARP] - scores[reference][SHARP])
        pairs = zip(trainings[name], trainings[published], strict=False)  # a variant may have fewer
        each = [float(one - other) for one, other in pairs]
        found[name] = {
            "levels": {level: unseen.interval(values) for level, values in by_level.items()},
            "mean": unseen.interval(means[name]),
            "over_baseline": unseen.interval(means[name] - means[reference]),
            "over_second": over,
            "over_trainings": each,
            "sharp_over_baseline": sharp,
            "beats": over["low"] > 0 and min(each) > 0 and sharp["value"] >= -CLOSE,
        }
    return found


def routed(
    sharp: Answers, blurred: Answers, estimates: Mapping[str, np.ndarray], threshold: float
) -> dict[str, np.ndarray]:
    """The answers of two models, of which the estimated radius chooses one for each face.

    `estimates` are N radii in px by level; from `threshold` px on, the `blurred` model is asked.
    Trainings are taken in pairs, in the order of their seeds.
    """
    pairs = min(len(next(iter(answers.values()))) for answers in (sharp, blurred))
    return {
        level: np.where(estimates[level] < threshold, sharp[level][:pairs], blurred[level][:pairs])
        for level in sharp
    }


def estimates(
    unseen: Unseen, table: pd.DataFrame, methods: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """How far estimated radii are from the true ones, by method: a row for each blur.

    `table` has the columns kernel, radius, and one of estimates for each method, N rows a blur. The
    `error` is the mean absolute error and the `bias` the mean error, in px.
    """
    found: dict[str, list[dict[str, Any]]] = {method: [] for method in methods}
    for (kernel, _), rows in table.groupby(["kernel", "radius"], sort=False):
        true = rows["radius"].to_numpy(float)
        for method in methods:
            error = rows[method].to_numpy(float) - true
            found[method].append(
                {
                    "kernel": str(kernel),
                    "radius": float(true[0]),
                    "error": unseen.interval(unseen.share(abs(error))),
                    "bias": unseen.interval(unseen.share(error)),
                }
            )
    return found
