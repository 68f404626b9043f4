"""As many steps as the second model's, and no blur."""

import pandas as pd

from ferblur.beyond.training import Source
from ferblur.variants.equal_steps import variant


def test_the_second_models_samples_all_sharp(source: Source) -> None:
    rows = variant(source).rows
    pd.testing.assert_frame_equal(
        rows.drop(columns="blur_radius"), source.second.drop(columns="blur_radius")
    )
    assert (rows["blur_radius"] == 0).all()
    assert (source.second["blur_radius"] > 0).any()
