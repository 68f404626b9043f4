"""How much of a score on the own test set is owed to frames and people that training shows too.

Ours, not the paper's, whose split is over samples after augmentation (Table II, section III.D).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ferblur.core.params import Statistics
from ferblur.evidence.intervals import accuracy, clusters, f1, interval
from ferblur.evidence.unseen import Unseen


def splits(
    tests: Mapping[str, Mapping[str, Sequence[pd.DataFrame]]],
    classes: int,
    settings: Statistics,
    f1_average: str,
) -> dict[str, Any]:
    """Table II under each split, and what the study's exceeds each other by.

    `tests` are the prediction rows on the own test set, by model, split and training; the first
    split is the study's. Test sets differ, so each draws its own people. By model and split:
    `accuracy`, `f1`, `samples`, `people`; and `leak`, the study's accuracy minus it, with
    `leak_share`, that as a share of the study's accuracy above chance; None where that accuracy is
    not surely above chance, for then nothing can leak.
    """
    found: dict[str, Any] = {}
    for number, (model, by_split) in enumerate(tests.items()):
        right: dict[str, np.ndarray] = {}
        found[model] = {}
        for place, (name, tables) in enumerate(by_split.items()):
            drawn = settings.model_copy(update={"seed": settings.seed + 100 * number + place})
            rows = tables[0]
            unseen = Unseen.draw(rows["label"].to_numpy(), clusters(rows), classes, drawn)
            predicted = np.stack([table["predicted"].to_numpy() for table in tables])
            answered = unseen.answered(f"{model} {name}", predicted)
            right[name] = answered.mean(accuracy)
            scores = answered.mean(lambda confusions: f1(confusions, f1_average))
            studys = right[next(iter(by_split))]
            leak, margin = studys - right[name], studys - 1 / classes
            above = interval(margin, settings.confidence)["low"] > 0
            share = leak / np.where(margin != 0, margin, np.inf)
            found[model][name] = {
                "samples": len(rows),
                "people": len(unseen.draws.names),
                "accuracy": interval(right[name], settings.confidence),
                "f1": interval(scores, settings.confidence),
                "leak": interval(leak, settings.confidence),
                "leak_share": interval(share, settings.confidence) if above else None,
            }
    return found
