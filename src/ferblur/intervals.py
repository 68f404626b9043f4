"""How sure the scores are: clustered bootstrap and McNemar's test (ours, not the paper's)."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from ferblur.dataset import EMOTIONS

Interval = dict[str, float]
"""A measured `value` with the `low` and `high` end of its confidence interval."""


@dataclass(frozen=True)
class Bootstrap:
    """Resamples that draw whole clusters.

    A cluster is a subject where subjects are known (images of one person are not independent),
    else an image. The same draws serve every model, blur level and set of images with these
    clusters, so that a difference of two scores is resampled in pairs.
    """

    names: np.ndarray
    """The clusters, C distinct names, sorted."""
    draws: np.ndarray
    """How often each cluster counts, (1 + B) x C; the first row is the sample itself."""

    @classmethod
    def draw(
        cls, clusters: np.ndarray, resamples: int, generator: np.random.Generator
    ) -> "Bootstrap":
        """Draw B = `resamples` times as many clusters as there are, with replacement.

        `clusters` names the cluster of each image there is; names may repeat.
        """
        names = np.unique(clusters)
        size = len(names)
        drawn = generator.multinomial(size, np.full(size, 1 / size), size=resamples)
        return cls(names, np.vstack([np.ones(size, dtype=drawn.dtype), drawn]))

    def confusions(
        self, clusters: np.ndarray, labels: np.ndarray, predicted: np.ndarray
    ) -> np.ndarray:
        """Confusion matrices of N images and their resamples, (1 + B) x 6 x 6 counts.

        `clusters` names each image's cluster, one of `names`; `labels` and `predicted` are N
        integers in 0..5. Rows are true, columns predicted.
        """
        size, classes = len(self.names), len(EMOTIONS)
        counts = np.zeros((size, classes, classes), dtype=np.int64)
        np.add.at(counts, (np.searchsorted(self.names, clusters), labels, predicted), 1)
        return np.asarray(self.draws @ counts.reshape(size, -1)).reshape(-1, classes, classes)


def accuracy(confusions: np.ndarray) -> np.ndarray:
    """Accuracy of each of B x K x K confusion matrices."""
    hits = np.trace(confusions, axis1=1, axis2=2)
    return np.asarray(hits / np.maximum(confusions.sum(axis=(1, 2)), 1))


def recall(confusions: np.ndarray) -> np.ndarray:
    """Share of each class that is recognised, B x K; 0 for a class that is absent."""
    hits = np.diagonal(confusions, axis1=1, axis2=2)
    return np.asarray(hits / np.maximum(confusions.sum(axis=2), 1))


def f1(confusions: np.ndarray, average: str) -> np.ndarray:
    """F1 of each of B x K x K confusion matrices; `average` as in scikit-learn."""
    hits = np.diagonal(confusions, axis1=1, axis2=2)
    truth, predicted = confusions.sum(axis=2), confusions.sum(axis=1)
    scores = 2 * hits / np.maximum(truth + predicted, 1)
    if average == "weighted":
        return np.asarray((scores * truth).sum(axis=1) / np.maximum(truth.sum(axis=1), 1))
    return np.asarray(scores.mean(axis=1))


def interval(values: np.ndarray, confidence: float) -> Interval:
    """Percentile interval of a bootstrapped quantity.

    `values` has the sample's own value first and the resamples' behind it; `confidence` is
    two-sided, 0..1.
    """
    low, high = np.quantile(values[1:], [(1 - confidence) / 2, (1 + confidence) / 2])
    return {"value": float(values[0]), "low": float(low), "high": float(high)}


def mcnemar(first_correct: np.ndarray, second_correct: np.ndarray) -> dict[str, float | int]:
    """McNemar's exact test that two classifiers are right equally often on the same N samples.

    Both arguments are N booleans. Only discordant samples count; under the null hypothesis each
    falls to either side with probability 1/2. The test takes samples as independent, which images
    of one person are not: read a p-value near the threshold with that in mind.
    """
    only_first = int(np.sum(first_correct & ~second_correct))
    only_second = int(np.sum(~first_correct & second_correct))
    discordant = only_first + only_second
    p_value = float(binomtest(only_first, discordant).pvalue) if discordant else 1.0
    return {"only_first": only_first, "only_second": only_second, "p_value": p_value}
