"""The baseline's samples, with blur drawn anew in every epoch."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from ferblur.beyond.training import Source
from ferblur.core.params import Params
from ferblur.variants.all_radii import variant
from variant_source import STRONGEST
from variant_source import source as make

EPOCHS = 5


@pytest.fixture
def longer(smoke: Params) -> Source:
    train = smoke.train.model_copy(update={"epochs": EPOCHS})
    return make(smoke.model_copy(update={"train": train}))


def test_every_epoch_has_rows_of_its_own(longer: Source) -> None:
    rows, epochs = variant(longer)
    assert epochs == 1  # of rows that stand there as often as they are seen
    base = longer.baseline
    train = base["split"] == "train"
    assert len(rows) == EPOCHS * train.sum() + (~train).sum()
    seen = rows[rows["split"] == "train"]
    for part in np.split(np.arange(len(seen)), EPOCHS):
        pd.testing.assert_frame_equal(
            seen.iloc[part].drop(columns=["sample_id", "blur_radius"]).reset_index(drop=True),
            base[train].drop(columns=["sample_id", "blur_radius"]).reset_index(drop=True),
        )
    assert rows["sample_id"].tolist() == list(range(len(rows)))


def test_half_are_sharp_and_the_others_blurred_by_any_radius(longer: Source) -> None:
    rows = variant(longer).rows
    radii = rows.loc[rows["split"] == "train", "blur_radius"]
    assert len(radii) > 500
    assert (radii == 0).mean() == pytest.approx(0.5, abs=0.06)
    blurred = radii[radii > 0]
    assert blurred.between(1, STRONGEST).all()
    assert kstest(np.log2(blurred), "uniform", (0, np.log2(STRONGEST))).pvalue > 0.01
    epochs = np.split(radii.to_numpy(), EPOCHS)
    assert all(not np.array_equal(epochs[0], other) for other in epochs[1:])


def test_what_it_is_validated_and_tested_on_is_sharp(longer: Source) -> None:
    rows = variant(longer).rows
    rest = rows["split"] != "train"
    assert (rows.loc[rest, "blur_radius"] == 0).all()
    expected = longer.baseline.loc[longer.baseline["split"] != "train", "source_id"]
    assert rows.loc[rest, "source_id"].tolist() == expected.tolist()
