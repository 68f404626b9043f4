"""Tables of faces with chosen counts, and the balanced manifests made of them."""

import numpy as np
import pandas as pd

from ferblur.core.study import EMOTIONS
from ferblur.curation.balancing import raise_minorities

FIVE = tuple(emotion for emotion in EMOTIONS if emotion != "fear")
SEVEN = ("surprise", "neutral", "anger", "fear", "disgust", "sadness", "happiness")
"""Classes other than the study's: without fear; with neutral, and in another order."""

# happiness has the paper's majority count, disgust the fewest, as in Fig. 2; the others are ours
COUNTS = {
    "anger": 5_200, "disgust": 1_900, "fear": 3_100, "happiness": 13_040, "sadness": 7_700,
    "surprise": 6_400,
}  # fmt: skip


def faces(counts: dict[str, int], emotions: tuple[str, ...] = EMOTIONS) -> pd.DataFrame:
    rows = [
        (f"{emotion}/{number}.jpg", emotions.index(emotion))
        for emotion, count in counts.items()
        for number in range(count)
    ]
    return pd.DataFrame(rows, columns=["source_id", "label"])


def few(**counts: int) -> pd.DataFrame:
    return faces(dict.fromkeys(EMOTIONS, 4) | counts)


def raised(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    return raise_minorities(table, (1.1, 1.3), EMOTIONS, np.random.default_rng(seed))
