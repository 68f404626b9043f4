"""The bootstrap over people and trainings against one done row by row; McNemar's test.

pytest tests/unit/evidence/test_intervals.py
"""

from collections.abc import Callable, Mapping
from functools import partial
from math import comb

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics

from face_tables import FIVE, SEVEN
from ferblur.core.study import EMOTIONS, MODELS, TASKS
from ferblur.evidence import metrics
from ferblur.evidence.intervals import (
    Bootstrap,
    accuracy,
    bounded_differences,
    f1,
    interval,
    mcnemar,
    recall,
    resample,
    training_weights,
)


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
    return interval(accuracy(draws.confusions(clusters, labels, predicted, 6)), 0.95)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_equals_a_bootstrap_done_row_by_row(average: str) -> None:
    labels, predicted, person = sample(0)
    draws = Bootstrap.draw(person, 3000, np.random.default_rng(1))
    confusions = draws.confusions(person, labels, predicted, 6)
    found = {"accuracy": accuracy(confusions), "f1": f1(confusions, average)}
    generator = np.random.default_rng(2)
    resampled = []
    for _ in range(1500):
        people = generator.integers(0, 40, 40)
        rows = np.concatenate([np.flatnonzero(person == one) for one in people])
        resampled.append(metrics.scores(labels[rows], predicted[rows], EMOTIONS, average))
    expected = metrics.scores(labels, predicted, EMOTIONS, average)
    for name, values in found.items():
        bounds = interval(values, 0.95)
        assert bounds["value"] == pytest.approx(expected[name])
        ends = np.quantile([row[name] for row in resampled], [0.025, 0.975])
        np.testing.assert_allclose([bounds["low"], bounds["high"]], ends, atol=0.015)


def test_recall_is_scikit_learns() -> None:
    labels, predicted, person = sample(0)
    draws = Bootstrap.draw(person, 10, np.random.default_rng(1))
    expected = list(metrics.recall(labels, predicted, EMOTIONS).values())
    np.testing.assert_allclose(recall(draws.confusions(person, labels, predicted, 6))[0], expected)


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
        difference = accuracy(draws.confusions(person, labels, first, 6)) - accuracy(
            shown.confusions(person, labels, second, 6)
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


def test_intervals_over_trainings_cover_the_truth() -> None:
    # people and trainings shift the mean accuracy, 1/2, by a deviation of 0.03 each
    covered = 0
    for seed in range(100):
        generator = np.random.default_rng(seed)
        people = generator.normal(0, 0.03 * 40**0.5, 40)
        trainings = generator.normal(0.5, 0.03 * 3**0.5, 3)
        subject = np.repeat([f"p{n}" for n in range(40)], 5)
        shown = {
            number: table(generator.random(200) < np.repeat(skill + people, 5), subject)
            for number, skill in enumerate(trainings)
        }
        both = {number: {"test": rows, "none": rows} for number, rows in shown.items()}
        resampled, _ = resample({"baseline": both}, 6, 300, seed)
        bounds = interval(resampled["baseline"]["none"].mean(accuracy), 0.95)
        covered += bounds["low"] <= 0.5 <= bounds["high"]
    assert covered >= 86


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
        draws.confusions(person[rows], labels[rows], predicted[rows], 6) for rows in (half, ~half)
    ]
    np.testing.assert_array_equal(sum(parts), draws.confusions(person, labels, predicted, 6))


def table(right: np.ndarray, subject: np.ndarray) -> pd.DataFrame:
    """Rows of one task; an answer that is not right names the next emotion."""
    labels = np.arange(len(right)) % 6
    rows = {"source_id": [f"{n}.jpg" for n in range(len(right))], "subject": subject}
    return pd.DataFrame(
        rows | {"label": labels, "predicted": np.where(right, labels, (labels + 1) % 6)}
    )


def answers(
    trainings: Mapping[int, pd.DataFrame], own: pd.DataFrame | None = None
) -> dict[int, dict[str, pd.DataFrame]]:
    """The same rows for every task, but for the own test set where it is given."""
    return {
        seed: {task: rows if own is None or task != "test" else own for task in TASKS}
        for seed, rows in trainings.items()
    }


def only_trainings_differ(hits: list[int]) -> dict[int, pd.DataFrame]:
    """120 images of one person, of which each training knows some."""
    person = np.full(120, "one")
    return {seed: table(np.arange(120) < hit, person) for seed, hit in enumerate(hits)}


def only_people_differ(people: int, trainings: int = 1) -> dict[int, pd.DataFrame]:
    """12 images of each person, of whom some are known better, by all trainings alike."""
    known = np.random.default_rng(3).integers(2, 11, people)
    right = (np.arange(12) < known[:, None]).ravel()
    rows = table(right, np.repeat([f"p{n:03d}" for n in range(people)], 12))
    return dict.fromkeys(range(trainings), rows)


def deviation(values: np.ndarray) -> float:
    """Of the resamples."""
    return float(np.std(values[1:]))


@pytest.mark.parametrize("trainings", [1, 2, 3, 7])
def test_weights_of_trainings_are_shares(trainings: int) -> None:
    weights = training_weights(trainings, 4000, np.random.default_rng(1))
    assert weights.shape == (4001, trainings)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights[0], 1 / trainings)
    np.testing.assert_allclose(weights[1:].mean(axis=0), 1 / trainings, atol=0.02)
    assert weights.min() >= 0


@pytest.mark.parametrize("hits", [[60, 80], [60, 66, 81], [40, 50, 55, 70, 71]])
def test_trainings_alone_give_the_unbiased_deviation_of_their_mean(hits: list[int]) -> None:
    trainings = answers(only_trainings_differ(hits))
    resampled, people = resample(dict.fromkeys(MODELS, trainings), 6, 20_000, seed=1)
    assert people == {"own": 1, "unseen": 1}
    accuracies = np.array(hits) / 120
    expected = np.std(accuracies, ddof=1) / np.sqrt(len(hits))
    for task in ("test", "medium"):
        values = resampled["second"][task].mean(accuracy)
        assert values[0] == pytest.approx(accuracies.mean())
        assert values[1:].mean() == pytest.approx(accuracies.mean(), abs=0.002)
        assert deviation(values) == pytest.approx(expected, rel=0.02)


def test_one_person_and_one_training_cannot_be_resampled() -> None:
    trainings = answers(only_trainings_differ([60]))
    resampled, _ = resample(dict.fromkeys(MODELS, trainings), 6, 200, seed=1)
    bounds = interval(resampled["baseline"]["none"].mean(accuracy), 0.95)
    assert bounds == {"value": 0.5, "low": 0.5, "high": 0.5}


@pytest.mark.parametrize("trainings", [1, 3])
def test_people_alone_give_the_deviation_of_their_mean(trainings: int) -> None:
    rows = only_people_differ(30, trainings)
    resampled, people = resample(dict.fromkeys(MODELS, answers(rows)), 6, 20_000, seed=1)
    assert people == {"own": 30, "unseen": 30}
    right = (rows[0]["label"] == rows[0]["predicted"]).groupby(rows[0]["subject"]).mean()
    found = resampled["second"]["low"]
    # images of a person belong together; a training as good as the others adds nothing
    assert deviation(found.mean(accuracy)) == pytest.approx(right.std(ddof=0) / 30**0.5, rel=0.02)
    alone = accuracy(found.confusions[:, 0])
    np.testing.assert_allclose(found.mean(accuracy), alone)
    assert interval(found.mean(accuracy), 0.9) == pytest.approx(interval(alone, 0.9))


def test_people_and_trainings_add_up() -> None:
    rows = only_people_differ(30)[0]
    generator = np.random.default_rng(5)
    trainings = {}
    for seed, lost in enumerate((0, 0.15, 0.3)):  # whoever is shown
        wrong = generator.random(len(rows)) < lost
        predicted = rows["predicted"].where(~wrong, (rows["label"] + 1) % 6)
        trainings[seed] = rows.assign(predicted=predicted)
    resampled, _ = resample(dict.fromkeys(MODELS, answers(trainings)), 6, 20_000, seed=1)
    right = pd.DataFrame(
        {
            seed: (each["label"] == each["predicted"]).groupby(each["subject"]).mean()
            for seed, each in trainings.items()
        }
    )
    by_people = right.mean(axis=1).var(ddof=0) / 30
    by_trainings = right.mean(axis=0).var(ddof=1) / 3
    assert by_trainings > 0.3 * by_people
    found = deviation(resampled["second"]["none"].mean(accuracy)) ** 2
    assert found == pytest.approx(by_people + by_trainings, rel=0.1)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_the_mean_over_trainings_equals_a_bootstrap_done_row_by_row(average: str) -> None:
    trainings = {}
    for seed in range(3):
        labels, predicted, person = sample(seed, people=25)
        names = np.char.add("p", person.astype(str))
        ids = [f"{n}.jpg" for n in range(len(labels))]
        trainings[seed] = pd.DataFrame(
            {"source_id": ids, "subject": names, "label": labels, "predicted": predicted}
        )
    resampled, _ = resample(dict.fromkeys(MODELS, answers(trainings)), 6, 4000, seed=1)
    found = resampled["baseline"]["high"]
    generator = np.random.default_rng(2)
    tables = [each.to_numpy() for each in trainings.values()]
    rows_of = [np.flatnonzero(tables[0][:, 1] == name) for name in np.unique(tables[0][:, 1])]
    drawn = []
    for _ in range(1200):
        rows = np.concatenate([rows_of[one] for one in generator.integers(0, 25, 25)])
        scored = [
            metrics.scores(
                tables[one][rows, 2].astype(int),
                tables[one][rows, 3].astype(int),
                EMOTIONS,
                average,
            )
            for one in generator.integers(0, 3, 2)
        ]  # two of three
        drawn.append([np.mean([each[name] for each in scored]) for name in ("accuracy", "f1")])
    functions: list[Callable[[np.ndarray], np.ndarray]] = [accuracy, partial(f1, average=average)]
    for score, column in zip(functions, np.array(drawn).T, strict=True):
        bounds = interval(found.mean(score), 0.95)
        np.testing.assert_allclose(
            [bounds["low"], bounds["high"]], np.quantile(column, [0.025, 0.975]), atol=0.02
        )


def test_a_network_without_an_own_test_set_changes_nothing_for_the_others() -> None:
    trainings = answers(only_people_differ(20, 3))
    models = dict.fromkeys(MODELS, trainings)
    alone, people = resample(models, 6, 200, seed=1)
    one = {task: rows for task, rows in trainings[0].items() if task != "test"}
    both, people_too = resample({**models, "third": {0: one}}, 6, 200, seed=1)
    assert people_too == people
    for model in MODELS:
        for task in TASKS:
            np.testing.assert_array_equal(
                both[model][task].confusions, alone[model][task].confusions
            )
            np.testing.assert_array_equal(both[model][task].weights, alone[model][task].weights)
    assert list(both["third"]) == list(one)
    # the same people are drawn for it: answers alike differ in nothing
    difference = both["second"]["low"].mean(accuracy) - both["third"]["low"].mean(accuracy)
    np.testing.assert_allclose(difference, 0, atol=1e-12)


def test_all_trainings_are_shown_the_same_people() -> None:
    alike = answers(only_people_differ(20, trainings=3))
    resampled, _ = resample(dict.fromkeys(MODELS, alike), 6, 500, seed=1)
    for tasks in resampled.values():
        for each in tasks.values():
            np.testing.assert_array_equal(each.confusions[:, 0], each.confusions[:, 2])
    found = bounded_differences(resampled, EMOTIONS, 0.95)
    assert found["gain"]["low"] == pytest.approx({"value": 0, "low": 0, "high": 0})
    assert found["drop"]["second"]["high"] == pytest.approx({"value": 0, "low": 0, "high": 0})
    # the own test sets show other people
    assert found["unseen"]["baseline"]["low"] < -0.01 < 0.01 < found["unseen"]["baseline"]["high"]


def test_the_trainings_of_each_model_are_drawn_once_for_all_tasks() -> None:
    trainings = answers(only_trainings_differ([30, 60, 90]))
    resampled, _ = resample(dict.fromkeys(MODELS, trainings), 6, 500, seed=1)
    baseline, second = (resampled[name] for name in MODELS)
    for task in TASKS:
        np.testing.assert_array_equal(baseline[task].weights, baseline["none"].weights)
    # so a drop between levels is paired, and a gain between models is not
    found = bounded_differences(resampled, EMOTIONS, 0.95)
    assert found["drop"]["baseline"]["low"] == pytest.approx({"value": 0, "low": 0, "high": 0})
    assert found["unseen"]["baseline"] == pytest.approx({"value": 0, "low": 0, "high": 0})
    gain = second["none"].mean(accuracy) - baseline["none"].mean(accuracy)
    assert gain[0] == 0
    expected = np.sqrt(2 * np.var([0.25, 0.5, 0.75], ddof=1) / 3)
    assert deviation(gain) == pytest.approx(expected, rel=0.1)


def test_each_set_of_people_has_its_own_clusters() -> None:
    unseen = only_people_differ(15)
    predictions = {}
    for name, first in zip(MODELS, (0, 5), strict=True):  # the two test sets show others
        subject = np.repeat([f"t{n}" for n in range(first, first + 10)], 3)
        predictions[name] = answers(unseen, own=table(np.arange(30) % 2 == 0, subject))
    resampled, people = resample(predictions, 6, 300, seed=1)
    assert people == {"own": 15, "unseen": 15}
    assert resampled["second"]["test"].confusions[0].sum() == 30
    assert resampled["second"]["low"].confusions[0].sum() == 15 * 12
    nobody = {
        name: {
            seed: {task: rows.assign(subject="") for task, rows in tasks.items()}
            for seed, tasks in trainings.items()
        }
        for name, trainings in predictions.items()
    }
    _, images = resample(nobody, 6, 100, seed=1)
    assert images == {"own": 30, "unseen": 15 * 12}


def test_same_seed_same_resamples() -> None:
    trainings = answers(only_people_differ(10, trainings=2))
    first, again, other = (
        resample(dict.fromkeys(MODELS, trainings), 6, 50, seed)[0]["second"]["none"]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.confusions, again.confusions)
    np.testing.assert_array_equal(first.weights, again.weights)
    assert not np.array_equal(first.confusions, other.confusions)
    assert not np.array_equal(first.weights, other.weights)


@pytest.mark.parametrize("emotions", [FIVE, SEVEN, ("no", "yes")])
def test_any_number_of_classes(emotions: tuple[str, ...]) -> None:
    generator = np.random.default_rng(7)
    labels = np.arange(210) % len(emotions)
    rows = pd.DataFrame(
        {
            "source_id": [f"{n}.jpg" for n in range(210)],
            "subject": [f"p{n % 30}" for n in range(210)],
            "label": labels,
            "predicted": generator.integers(0, len(emotions), 210),
        }
    )
    trainings = answers({1: rows})
    resampled, _ = resample(dict.fromkeys(MODELS, trainings), len(emotions), 100, seed=1)
    answered = resampled["second"]["low"]
    answer = (labels, rows["predicted"].to_numpy())
    np.testing.assert_array_equal(
        answered.confusions[0, 0], sklearn.metrics.confusion_matrix(*answer)
    )
    for average in ("macro", "weighted"):
        expected = sklearn.metrics.f1_score(*answer, average=average)
        assert answered.mean(partial(f1, average=average))[0] == pytest.approx(expected)
    shares = sklearn.metrics.recall_score(*answer, average=None)
    np.testing.assert_allclose(answered.mean(recall)[0], shares)
    found = bounded_differences(resampled, emotions, 0.95)
    above = sklearn.metrics.accuracy_score(*answer) - 1 / len(emotions)
    assert found["above_chance"]["second"]["low"]["value"] == pytest.approx(above)
    assert list(found["recall"]["second"]) == list(emotions)
    first, last = emotions[0], emotions[-1]
    assert set(found["recall"]["second"][first]) == set(emotions) - {first}
    difference = found["recall"]["second"][last][first]["value"]
    assert difference == pytest.approx(shares[-1] - shares[0])
