"""The baseline's samples twice in each epoch: sharp, and blurred anew by any radius.

So a model sees as many sharp samples as the baseline, and takes twice its steps.
"""

import numpy as np
import pandas as pd

from ferblur.beyond.training import Source, Variant


def variant(source: Source) -> Variant:
    """Each epoch's samples are rows of their own."""
    train = source.baseline[source.baseline["split"] == "train"]
    seen = pd.concat([train] * source.params.train.epochs, ignore_index=True)
    blurred = seen.assign(blur_radius=source.any_radius(len(seen)))
    rest = source.baseline[source.baseline["split"] != "train"]
    rows = pd.concat([seen, blurred, rest], ignore_index=True)
    return Variant(rows.assign(sample_id=np.arange(len(rows))), 1)
