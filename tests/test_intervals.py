"""The clustered bootstrap against one done row by row, McNemar's test against its definition."""

from math import comb

import numpy as np
import pytest

from ferblur.intervals import bootstrap, mcnemar
from ferblur.metrics import scores


def sample(seed: int, people: int = 40, images: int = 5) -> tuple[np.ndarray, ...]:
    """Predictions where people differ in how well they are recognised."""
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), images)
    skill = generator.beta(0.5, 0.5, people)[person]
    labels = generator.integers(0, 6, people * images)
    right = generator.random(people * images) < skill
    return labels, np.where(right, labels, (labels + 1) % 6), person


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_equals_a_bootstrap_done_row_by_row(average: str) -> None:
    labels, predicted, person = sample(0)
    found = bootstrap(labels, predicted, person, average, 3000, 0.95, np.random.default_rng(1))
    generator = np.random.default_rng(2)
    resampled = []
    for _ in range(1500):
        people = generator.integers(0, 40, 40)
        rows = np.concatenate([np.flatnonzero(person == one) for one in people])
        resampled.append(scores(labels[rows], predicted[rows], average))
    for name, (low, high) in found.items():
        values = [row[name] for row in resampled]
        np.testing.assert_allclose([low, high], np.quantile(values, [0.025, 0.975]), atol=0.015)


def test_clustering_widens_the_interval() -> None:
    labels, predicted, person = sample(0)
    widths = []
    for clusters in (person, np.arange(len(labels))):
        low, high = bootstrap(
            labels, predicted, clusters, "macro", 2000, 0.95, np.random.default_rng(1)
        )["accuracy"]
        widths.append(high - low)
    assert widths[0] > 1.3 * widths[1]


def test_intervals_cover_the_truth() -> None:
    # every person's accuracy is drawn with mean 1/2
    covered = 0
    for seed in range(100):
        labels, predicted, person = sample(seed)
        low, high = bootstrap(
            labels, predicted, person, "macro", 300, 0.95, np.random.default_rng(seed)
        )["accuracy"]
        covered += low <= 0.5 <= high
    assert covered >= 88


def test_same_generator_same_interval() -> None:
    labels, predicted, person = sample(0)
    results = [
        bootstrap(labels, predicted, person, "macro", 200, 0.9, np.random.default_rng(5))
        for _ in range(2)
    ]
    assert results[0] == results[1]


def test_mcnemar_is_the_exact_binomial_test() -> None:
    first = np.array([True] * 12 + [False] * 3 + [True] * 20 + [False] * 5)
    second = np.array([False] * 12 + [True] * 3 + [True] * 20 + [False] * 5)
    expected = 2 * sum(comb(15, k) for k in range(4)) / 2**15
    result = mcnemar(first, second)
    assert result == {"only_first": 12, "only_second": 3, "p_value": pytest.approx(expected)}


def test_mcnemar_without_disagreement() -> None:
    same = np.array([True, False])
    assert mcnemar(same, same)["p_value"] == 1.0
