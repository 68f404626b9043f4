"""The baseline's samples, blurred anew whenever they are seen: half of the times, by any radius.

The author lacked the memory for more blurred samples; made when they are read, they cost none.
"""

import numpy as np
import pandas as pd

from ferblur.beyond.training import Source, Variant

SHARP = 0.5
"""Share of the times that a sample is left sharp."""


def variant(source: Source) -> Variant:
    """As many steps as the baseline takes; each epoch's samples are rows of their own."""
    train = source.baseline[source.baseline["split"] == "train"]
    seen = pd.concat([train] * source.params.train.epochs, ignore_index=True)
    radii = source.any_radius(len(seen))
    radii[source.generator.random(len(seen)) < SHARP] = 0
    rest = source.baseline[source.baseline["split"] != "train"]
    rows = pd.concat([seen.assign(blur_radius=radii), rest], ignore_index=True)
    return Variant(rows.assign(sample_id=np.arange(len(rows))), 1)
