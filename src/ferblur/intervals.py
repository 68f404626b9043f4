"""How sure the scores are: clustered bootstrap and McNemar's test (ours, not the paper's)."""

import numpy as np
from scipy.stats import binomtest

from ferblur.dataset import EMOTIONS


def _scores(confusions: np.ndarray, f1_average: str) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy and F1 of B x K x K confusion matrices; two arrays of B floats."""
    hits = np.diagonal(confusions, axis1=1, axis2=2).astype(float)
    truth, predicted = confusions.sum(axis=2), confusions.sum(axis=1)
    total = confusions.sum(axis=(1, 2))
    f1 = 2 * hits / np.maximum(truth + predicted, 1)
    weights = truth / total[:, None] if f1_average == "weighted" else 1 / truth.shape[1]
    return hits.sum(axis=1) / total, (f1 * weights).sum(axis=1)


def bootstrap(
    labels: np.ndarray,
    predicted: np.ndarray,
    clusters: np.ndarray,
    f1_average: str,
    resamples: int,
    confidence: float,
    generator: np.random.Generator,
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of accuracy and F1 from a bootstrap that resamples whole clusters.

    `labels`, `predicted` and `clusters` have N entries. A cluster is a subject where subjects are
    known (images of one person are not independent), else an image. Each of the `resamples` draws
    as many clusters as there are, with replacement. Returns {"accuracy": (low, high), "f1": ...}
    for the two-sided `confidence` level (0..1).
    """
    _, cluster = np.unique(clusters, return_inverse=True)
    size, classes = int(cluster.max()) + 1, len(EMOTIONS)
    counts = np.zeros((size, classes, classes))
    np.add.at(counts, (cluster, labels, predicted), 1)
    draws = generator.multinomial(size, np.full(size, 1 / size), size=resamples)
    resampled = (draws @ counts.reshape(size, -1)).reshape(resamples, classes, classes)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    accuracy, f1 = _scores(resampled, f1_average)
    return {
        name: (float(low), float(high))
        for name, (low, high) in {
            "accuracy": np.quantile(accuracy, tails),
            "f1": np.quantile(f1, tails),
        }.items()
    }


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
