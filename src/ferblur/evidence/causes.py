"""Why recognition breaks where it does: what an expression changes, what is answered, who is shown.

Ours, not the paper's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ferblur.evidence.intervals import accuracy
from ferblur.evidence.unseen import Unseen

MIDDLE = 0.5
"""Of truth.csv's gender, 0 woman to 1 man, and age, 0 young to 1 old."""

PROPERTIES = ("centroid", "above_8", "amount")
"""Of what an expression changes: mean frequency (cycles per face), share above 8, grey levels."""

SKINS = ("african", "asian", "caucasian")
"""Of a rendered person, the largest of these shares."""


def rank_correlation(cut_offs: np.ndarray, property_: np.ndarray) -> np.ndarray:
    """Spearman's correlation of (1 + B) x K cut-offs with K values: (1 + B). Infinity is a rank."""
    if not len(property_):
        return np.zeros(len(cut_offs))
    first = rankdata(np.where(np.isfinite(cut_offs), cut_offs, 1e9), axis=-1)
    second = rankdata(property_)
    a, b = first - first.mean(axis=-1, keepdims=True), second - second.mean()
    spread = np.sqrt((a**2).sum(axis=-1) * (b**2).sum())
    return np.asarray((a * b).sum(axis=-1) / np.where(spread > 0, spread, np.inf))


def expressions(
    unseen: Unseen,
    cut_offs: Mapping[str, np.ndarray],
    changes: pd.DataFrame,
    emotions: Sequence[str],
) -> dict[str, Any]:
    """Whether emotions whose expression is coarser, or larger, stay recognisable under more blur.

    `cut_offs` are (1 + B) x K radii by model; `changes` has the columns emotion, centroid, above_8
    and amount, with rows for several people. The emotions are those that both have. By property:
    its mean by emotion, and by model Spearman's correlation with the cut-offs.
    """
    means = changes.groupby("emotion")[list(PROPERTIES)].mean()
    known = [place for place, emotion in enumerate(emotions) if emotion in means.index]
    means = means.loc[[emotions[place] for place in known]]
    return {
        name: {
            "by_emotion": {str(emotion): float(value) for emotion, value in means[name].items()},
            "correlation": {
                model: unseen.interval(rank_correlation(radii[:, known], means[name].to_numpy()))
                for model, radii in cut_offs.items()
            },
        }
        for name in PROPERTIES
    }


def attention(table: pd.DataFrame) -> dict[str, dict[str, list[list[float]]]]:
    """The mean share of the evidence for an answer by place, by model and level: rows x columns."""
    found: dict[str, dict[str, list[list[float]]]] = {}
    for (model, level), rows in table.groupby(["model", "level"], sort=False):
        places = rows.groupby(["row", "column"])["share"].mean().unstack()
        found.setdefault(str(model), {})[str(level)] = places.to_numpy().tolist()
    return found


def groups(truth: pd.DataFrame) -> dict[str, dict[str, np.ndarray]]:
    """The groups of N rendered people by sex, age and skin, N booleans each.

    A column that does not hold shares, 0..1, is another dataset's own, and tells nothing here.
    """
    found: dict[str, dict[str, np.ndarray]] = {}
    columns = [name for name in ("gender", "age", *SKINS) if name in truth]
    numbers = truth[columns].apply(pd.to_numeric, errors="coerce")
    known = {name: numbers[name].to_numpy(float) for name in columns if _shares(numbers[name])}
    if "gender" in known:
        woman = known["gender"] < MIDDLE
        found["sex"] = {"women": woman, "men": ~woman}
    if "age" in known:
        young = known["age"] < MIDDLE
        found["age"] = {"younger": young, "older": ~young}
    if set(SKINS) <= set(known):
        most = np.stack([known[name] for name in SKINS]).argmax(axis=0)
        found["skin"] = {name: most == place for place, name in enumerate(SKINS)}
    return found


def _shares(numbers: pd.Series) -> bool:
    return bool(numbers.between(0, 1).all())


def by_group(
    unseen: Unseen, answers: Mapping[str, Mapping[str, np.ndarray]], truth: pd.DataFrame
) -> dict[str, Any]:
    """Accuracy by group of people, model and level; `answers` are S x N by model and level.

    Beside it `apart`: that of the group minus that of all others, with its interval.
    """
    found: dict[str, Any] = {}
    for kind, members in groups(truth).items():
        found[kind] = {}
        for name, chosen in members.items():
            if not chosen.any() or chosen.all():
                continue
            found[kind][name] = {"samples": int(chosen.sum()), "models": {}}
            for model, by_level in answers.items():
                rows = {}
                for level, predicted in by_level.items():
                    inside = unseen.score(model, predicted, accuracy, chosen)
                    outside = unseen.score(model, predicted, accuracy, ~chosen)
                    rows[level] = {
                        "accuracy": unseen.interval(inside),
                        "apart": unseen.interval(inside - outside),
                    }
                found[kind][name]["models"][model] = rows
    return found
