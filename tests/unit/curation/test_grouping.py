"""Whole clips or people fall into train, val and test."""

import re

import numpy as np
import pandas as pd
import pytest

from face_tables import faces, raised
from ferblur.core.errors import UserError
from ferblur.core.params import Params
from ferblur.core.study import EMOTIONS, SPLITS
from ferblur.curation.grouping import regroup

ROWS = raised(faces(dict.fromkeys(EMOTIONS, 100) | {"happiness": 150}))


def groups(number: int, seed: int = 0) -> pd.Series:
    """As many groups, of several sizes, shared out to the faces at random."""
    files = ROWS["source_id"].unique()
    drawn = np.random.default_rng(seed).integers(0, number, len(files))
    return pd.Series([f"g{each}" for each in drawn], index=files)


@pytest.mark.parametrize("number", [3, 4, 10, 60])
def test_no_group_is_in_two_splits(number: int, smoke: Params) -> None:
    known = groups(number)
    found = regroup(ROWS, known, smoke.split, "clip")
    pd.testing.assert_frame_equal(found.drop(columns="split"), ROWS.drop(columns="split"))
    of = found.groupby(found["source_id"].map(known))["split"]
    assert (of.nunique() == 1).all()
    assert set(of.first()) == set(SPLITS)


@pytest.mark.parametrize("seed", range(4))
def test_sizes_are_near_the_ratios(seed: int, smoke: Params) -> None:
    split = smoke.split.model_copy(update={"seed": seed})
    known = groups(60, seed)
    found = regroup(ROWS, known, split, "person")
    of = found.groupby(found["source_id"].map(known))["split"].first().value_counts()
    assert [of[name] for name in SPLITS] == [42, 12, 6]
    shares = found["split"].value_counts(normalize=True)
    assert [shares[name] for name in SPLITS] == pytest.approx([0.7, 0.2, 0.1], abs=0.06)


def test_the_seed_draws(smoke: Params) -> None:
    known = groups(60)
    first = regroup(ROWS, known, smoke.split, "clip")
    pd.testing.assert_frame_equal(first, regroup(ROWS, known, smoke.split, "clip"))
    other = smoke.split.model_copy(update={"seed": smoke.split.seed + 1})
    assert not first.equals(regroup(ROWS, known, other, "clip"))


@pytest.mark.parametrize(
    ("known", "says"),
    [
        (groups(2).mask(groups(2) != "", ""), "names 0 for 0 of 900 samples"),
        (groups(2), "names 2 for 900 of 900 samples"),
        (groups(60).mask(groups(60).index == "fear/0.jpg", ""), "names 60 for 89[0-9] of 900"),
        (groups(60).drop("fear/0.jpg"), "names 60 for 89[0-9] of 900"),
    ],
    ids=["none", "two", "an empty one", "a missing one"],
)  # fmt: skip
def test_what_is_not_known_is_said(known: pd.Series, says: str, smoke: Params) -> None:
    why = "a split by clip needs a clip for every face, and three or more; truth.csv of the "
    end = ": leave the variants by clip out of vary.variants"
    with pytest.raises(UserError, match=f"^{re.escape(why)}training pool {says}.*{end}$"):
        regroup(ROWS, known, smoke.split, "clip")
