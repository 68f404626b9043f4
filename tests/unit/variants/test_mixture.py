"""Of each emotion and level, as many samples of each kind of blur."""

from dataclasses import replace

import pandas as pd

from ferblur.beyond.training import Source
from ferblur.variants.mixture import variant


def test_kinds_are_dealt_evenly_within_class_and_level(source: Source) -> None:
    rows = variant(source).rows
    pd.testing.assert_frame_equal(rows.drop(columns="kernel"), source.second)
    blurred = rows["blur_radius"] > 0
    by = ["label", "blur_radius", "kernel"]
    counts = rows[blurred].groupby(by).size().unstack(fill_value=0)
    assert list(counts) == sorted(source.kernels)
    assert (counts == 2).all(axis=None)
    assert (rows.loc[~blurred, "kernel"] == source.kernels[0]).all()


def test_where_they_do_not_go_up_evenly(source: Source) -> None:
    rows = variant(replace(source, kernels=("box", "gaussian", "motion"))).rows
    counts = rows[rows["blur_radius"] > 0].groupby(["label", "blur_radius"])["kernel"]
    for _, number in counts.value_counts().groupby(level=[0, 1]):
        assert sorted(number) == [2, 3, 3]


def test_chance_deals(source: Source) -> None:
    again = variant(source).rows  # the generator goes on
    assert not again["kernel"].equals(variant(source).rows["kernel"])
