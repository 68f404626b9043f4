"""The clustered bootstrap against one done row by row, McNemar's test against its definition."""

from math import comb

import numpy as np
import pytest

from ferblur.evidence import metrics
from ferblur.evidence.intervals import Bootstrap, accuracy, f1, interval, mcnemar, recall


def sample(
    seed: int, people: int = 40, images: int = 5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictions where people differ in how well they are recognised."""
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), images)
    skill = generator.beta(0.5, 0.5, people)[person]
    labels = generator.integers(0, 6, people * images)
    right = generator.random(people * images) < skill
    return labels, np.where(right, labels, (labels + 1) % 6), person


def accuracy_interval(
    labels: np.ndarray, predicted: np.ndarray, clusters: np.ndarray, resamples: int, seed: int
) -> dict[str, float]:
    draws = Bootstrap.draw(clusters, resamples, np.random.default_rng(seed))
    return interval(accuracy(draws.confusions(clusters, labels, predicted)), 0.95)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_equals_a_bootstrap_done_row_by_row(average: str) -> None:
    labels, predicted, person = sample(0)
    draws = Bootstrap.draw(person, 3000, np.random.default_rng(1))
    confusions = draws.confusions(person, labels, predicted)
    found = {"accuracy": accuracy(confusions), "f1": f1(confusions, average)}
    generator = np.random.default_rng(2)
    resampled = []
    for _ in range(1500):
        people = generator.integers(0, 40, 40)
        rows = np.concatenate([np.flatnonzero(person == one) for one in people])
        resampled.append(metrics.scores(labels[rows], predicted[rows], average))
    expected = metrics.scores(labels, predicted, average)
    for name, values in found.items():
        bounds = interval(values, 0.95)
        assert bounds["value"] == pytest.approx(expected[name])
        ends = np.quantile([row[name] for row in resampled], [0.025, 0.975])
        np.testing.assert_allclose([bounds["low"], bounds["high"]], ends, atol=0.015)


def test_recall_is_scikit_learns() -> None:
    labels, predicted, person = sample(0)
    draws = Bootstrap.draw(person, 10, np.random.default_rng(1))
    expected = list(metrics.recall(labels, predicted).values())
    np.testing.assert_allclose(recall(draws.confusions(person, labels, predicted))[0], expected)


def test_clustering_widens_the_interval() -> None:
    labels, predicted, person = sample(0)
    widths = []
    for clusters in (person, np.arange(len(labels))):
        bounds = accuracy_interval(labels, predicted, clusters, 2000, 1)
        widths.append(bounds["high"] - bounds["low"])
    assert widths[0] > 1.3 * widths[1]


def test_pairing_narrows_the_interval_of_a_difference() -> None:
    labels, first, person = sample(0)
    wrong = np.random.default_rng(9).random(len(labels)) < 0.05
    second = np.where(wrong, (labels + 1) % 6, first)
    draws = Bootstrap.draw(person, 2000, np.random.default_rng(1))
    other = Bootstrap.draw(person, 2000, np.random.default_rng(2))
    widths = []
    for shown in (draws, other):
        difference = accuracy(draws.confusions(person, labels, first)) - accuracy(
            shown.confusions(person, labels, second)
        )
        bounds = interval(difference, 0.95)
        widths.append(bounds["high"] - bounds["low"])
    assert widths[0] < 0.5 * widths[1]


def test_intervals_cover_the_truth() -> None:
    # every person's accuracy is drawn with mean 1/2
    covered = 0
    for seed in range(100):
        bounds = accuracy_interval(*sample(seed), 300, seed)
        covered += bounds["low"] <= 0.5 <= bounds["high"]
    assert covered >= 88


def test_same_generator_same_interval() -> None:
    assert accuracy_interval(*sample(0), 200, 5) == accuracy_interval(*sample(0), 200, 5)


def test_mcnemar_is_the_exact_binomial_test() -> None:
    first = np.array([True] * 12 + [False] * 3 + [True] * 20 + [False] * 5)
    second = np.array([False] * 12 + [True] * 3 + [True] * 20 + [False] * 5)
    expected = 2 * sum(comb(15, k) for k in range(4)) / 2**15
    result = mcnemar(first, second)
    assert result == {"only_first": 12, "only_second": 3, "p_value": pytest.approx(expected)}


def test_mcnemar_without_disagreement() -> None:
    same = np.array([True, False])
    assert mcnemar(same, same)["p_value"] == 1.0


def test_one_draw_serves_two_sets_of_the_same_people() -> None:
    labels, predicted, person = sample(0)
    draws = Bootstrap.draw(person, 50, np.random.default_rng(1))
    half = person < 20
    parts = [
        draws.confusions(person[rows], labels[rows], predicted[rows]) for rows in (half, ~half)
    ]
    np.testing.assert_array_equal(sum(parts), draws.confusions(person, labels, predicted))
