"""As many samples as the baseline's, of which as many are blurred as the second model's."""

import pandas as pd

from ferblur.beyond.training import Source
from ferblur.core.params import Params
from ferblur.variants.equal_samples import variant
from variant_source import source as make

SAME = ["source_id", "flip", "brightness"]


def blurred(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["blur_radius"] > 0]


def test_only_blur_is_added_to_the_baselines(source: Source) -> None:
    rows = variant(source).rows
    pd.testing.assert_frame_equal(
        rows.drop(columns="blur_radius"), source.baseline.drop(columns="blur_radius")
    )


def test_as_many_are_blurred_by_class_and_level(source: Source) -> None:
    by = ["label", "blur_radius"]
    found = blurred(variant(source).rows).groupby(by).size()
    assert found.to_dict() == blurred(source.second).groupby(by).size().to_dict()
    assert set(found) == {8}


def test_the_same_ones_are_blurred(source: Source) -> None:
    columns = [*SAME, "label", "blur_radius"]
    found = blurred(variant(source).rows)[columns].sort_values(columns, ignore_index=True)
    drawn = blurred(source.second)[columns].sort_values(columns, ignore_index=True)
    pd.testing.assert_frame_equal(found, drawn)


def test_a_sample_of_several_levels_has_one(smoke: Params) -> None:
    source = make(smoke, largest=20, others=10, reuse=True)
    drawn = blurred(source.second)
    assert drawn.duplicated(SAME).any()
    rows = variant(source).rows
    assert len(rows) == len(source.baseline)
    found = blurred(rows).set_index(SAME)["blur_radius"].sort_index()
    pd.testing.assert_series_equal(
        found, drawn.drop_duplicates(SAME).set_index(SAME)["blur_radius"].sort_index()
    )
