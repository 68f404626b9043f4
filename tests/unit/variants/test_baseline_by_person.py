"""The baseline's samples, and no person in two splits."""

from dataclasses import replace

import pandas as pd
import pytest

from ferblur.beyond.training import Source
from ferblur.core.errors import UserError
from ferblur.variants.baseline_by_person import variant


def test_no_person_is_in_two_splits(source: Source) -> None:
    rows = variant(source).rows
    study = source.baseline
    pd.testing.assert_frame_equal(rows.drop(columns="split"), study.drop(columns="split"))
    of = rows["source_id"].map(source.people)
    assert (rows.groupby(of)["split"].nunique() == 1).all()
    assert (study.groupby(of)["split"].nunique() > 1).any()  # as the paper's are


def test_without_a_person_there_is_no_such_split(source: Source) -> None:
    unknown = replace(source, people=pd.Series("", index=source.people.index))
    with pytest.raises(UserError, match=r"^a split by person needs a person for every face"):
        variant(unknown)
