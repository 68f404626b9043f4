"""The baseline's samples twice in every epoch: sharp, and blurred anew."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from ferblur.beyond.training import Source
from ferblur.core.params import Params
from ferblur.variants.sharp_and_blurred import variant
from variant_source import STRONGEST
from variant_source import source as make

EPOCHS = 3


@pytest.fixture
def longer(smoke: Params) -> Source:
    train = smoke.train.model_copy(update={"epochs": EPOCHS})
    return make(smoke.model_copy(update={"train": train}))


def test_each_sample_is_seen_sharp_and_blurred_in_every_epoch(longer: Source) -> None:
    rows, epochs = variant(longer)
    assert epochs == 1  # of rows that stand there as often as they are seen
    train = rows[rows["split"] == "train"]
    same = ["source_id", "flip", "brightness"]
    study = longer.baseline[longer.baseline["split"] == "train"].groupby(same).size()
    for half in (train["blur_radius"] == 0, train["blur_radius"] > 0):
        pd.testing.assert_series_equal(train[half].groupby(same).size(), EPOCHS * study)
    assert rows["sample_id"].tolist() == list(range(len(rows)))


def test_any_radius_is_drawn(longer: Source) -> None:
    radii = variant(longer).rows["blur_radius"]
    blurred = radii[radii > 0]
    assert blurred.between(1, STRONGEST).all()
    assert kstest(np.log2(blurred), "uniform", (0, np.log2(STRONGEST))).pvalue > 0.01
    first, *others = np.split(blurred.to_numpy(), EPOCHS)
    assert all(not np.array_equal(first, other) for other in others)


def test_what_it_is_validated_and_tested_on_is_the_baselines(longer: Source) -> None:
    rows = variant(longer).rows
    pd.testing.assert_frame_equal(
        rows[rows["split"] != "train"].drop(columns="sample_id").reset_index(drop=True),
        longer.baseline.query("split != 'train'").drop(columns="sample_id").reset_index(drop=True),
    )
