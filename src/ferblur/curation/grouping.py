"""Train, val and test by groups, such as clips or people: each falls into one of them whole."""

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

from ferblur.core.errors import UserError
from ferblur.core.params import Split
from ferblur.core.study import SPLITS


def regroup(rows: pd.DataFrame, groups: pd.Series, params: Split, what: str) -> pd.DataFrame:
    """Split a manifest anew, in the ratios of `params` of the groups (Table I: 70/20/10).

    `groups` has each face's group by source_id; `what` is what a group is called. Raises UserError
    where the dataset does not say it, or has fewer groups than three.
    """
    group = rows["source_id"].map(groups).fillna("").to_numpy(dtype=str)
    if (group == "").any() or len(np.unique(group)) < len(SPLITS):
        raise UserError(
            f"a split by {what} needs a {what} for every face, and three or more; truth.csv of the "
            f"training pool names {len(set(group) - {''}):,} for {(group != '').sum():,} of "
            f"{len(group):,} samples: leave the variants by {what} out of vary.variants"
        )
    count = len(np.unique(group))
    val, test = (max(1, round(count * ratio)) for ratio in params.ratios[1:])
    val = min(val, count - test - 1)  # of three groups, each split has one
    split = np.full(len(rows), SPLITS[0], dtype=object)
    rest = _drawn(np.arange(len(rows)), group, val + test, params.seed)
    split[rest] = SPLITS[1]
    split[_drawn(rest, group, test, params.seed)] = SPLITS[2]
    return rows.assign(split=split)


def _drawn(places: np.ndarray, group: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Those of the places that are in `count` of their groups, drawn at random."""
    draw = GroupShuffleSplit(n_splits=1, test_size=count, random_state=seed)
    _, chosen = next(draw.split(places, groups=group[places]))
    return np.asarray(places[chosen])
