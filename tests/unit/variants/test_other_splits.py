"""The study's samples in other splits: no clip, or no person, is in two.

pytest tests/unit/variants/test_other_splits.py
"""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from ferblur.beyond.named import load
from ferblur.beyond.training import Source
from ferblur.core.errors import UserError
from ferblur.core.study import MODELS

GROUPS = {"clip": "clips", "person": "people"}
"""What a group is called, and the groups of a source."""

SPLITS = [(model, what) for model in MODELS for what in GROUPS]


@pytest.mark.parametrize(("model", "what"), SPLITS)
def test_no_group_is_in_two_splits(model: str, what: str, source: Source) -> None:
    rows = load("variants", f"{model}_by_{what}").variant(source).rows
    study = getattr(source, model)
    pd.testing.assert_frame_equal(rows.drop(columns="split"), study.drop(columns="split"))
    of = rows["source_id"].map(getattr(source, GROUPS[what]))
    assert (rows.groupby(of)["split"].nunique() == 1).all()
    assert (study.groupby(of)["split"].nunique() > 1).any()  # as the paper's are


@pytest.mark.parametrize(("model", "what"), SPLITS)
def test_without_groups_there_is_no_such_split(model: str, what: str, source: Source) -> None:
    known = getattr(source, GROUPS[what])
    nobody: Any = {GROUPS[what]: pd.Series("", index=known.index)}
    unknown = replace(source, **nobody)
    with pytest.raises(UserError, match=rf"^a split by {what} needs a {what} for every face"):
        load("variants", f"{model}_by_{what}").variant(unknown)
