"""The second model's samples, and no clip in two splits."""

from dataclasses import replace

import pandas as pd
import pytest

from ferblur.beyond.training import Source
from ferblur.core.errors import UserError
from ferblur.variants.second_by_clip import variant


def test_no_clip_is_in_two_splits(source: Source) -> None:
    rows = variant(source).rows
    study = source.second
    pd.testing.assert_frame_equal(rows.drop(columns="split"), study.drop(columns="split"))
    of = rows["source_id"].map(source.clips)
    assert (rows.groupby(of)["split"].nunique() == 1).all()
    assert (study.groupby(of)["split"].nunique() > 1).any()  # as the paper's are


def test_without_a_clip_there_is_no_such_split(source: Source) -> None:
    unknown = replace(source, clips=pd.Series("", index=source.clips.index))
    with pytest.raises(UserError, match=r"^a split by clip needs a clip for every face"):
        variant(unknown)
