"""What holds of every variant, a new one's file included.

pytest tests/unit/variants
"""

import pandas as pd
import pytest

from ferblur.beyond.named import load, names
from ferblur.beyond.training import Source, Variant
from ferblur.core.params import Params
from ferblur.core.study import SPLITS
from ferblur.dataset.manifest import COLUMNS
from variant_source import source as make

VARIANTS = names("variants")


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_a_manifest(name: str, source: Source) -> None:
    before = source.baseline.copy(), source.second.copy()
    variant = load("variants", name).variant(source)
    assert isinstance(variant, Variant)
    rows = variant.rows
    assert set(COLUMNS) <= set(rows) <= {*COLUMNS, "kernel"}
    assert rows["sample_id"].is_unique
    assert set(rows["split"]) == set(SPLITS)
    assert set(rows["source_id"]) <= set(source.people.index)
    assert rows["blur_radius"].between(0, source.strongest).all()
    assert not rows.isna().any(axis=None)
    if "kernel" in rows:
        assert set(rows["kernel"]) <= set(source.kernels)
    labels = source.baseline.set_index("source_id")["label"].to_dict()
    assert (rows["label"] == rows["source_id"].map(labels)).all()
    assert variant.epochs >= 1
    for now, then in zip((source.baseline, source.second), before, strict=True):
        pd.testing.assert_frame_equal(now, then)  # others are made from it too


@pytest.mark.parametrize("name", VARIANTS)
def test_equal_sources_give_equal_variants(name: str, smoke: Params) -> None:
    one, other = (load("variants", name).variant(make(smoke)) for _ in range(2))
    pd.testing.assert_frame_equal(one.rows, other.rows)
    assert one.epochs == other.epochs


@pytest.mark.parametrize("name", VARIANTS)
def test_samples_are_seen_as_often_as_the_studys(name: str, source: Source) -> None:
    rows, epochs = load("variants", name).variant(source)
    if epochs == 1:  # then they stand there as often as they are seen
        study = source.baseline[source.baseline["split"] == "train"]
        assert (rows["split"] == "train").sum() % (source.params.train.epochs * len(study)) == 0
    else:
        assert epochs == source.params.train.epochs
