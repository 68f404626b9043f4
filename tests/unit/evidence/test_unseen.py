"""Scores are scikit-learn's, intervals those of the study's own statistics, draws are shared.

pytest tests/unit/evidence/test_unseen.py
"""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from ferblur.core.params import Statistics
from ferblur.evidence.intervals import accuracy, f1, interval, resample
from ferblur.evidence.unseen import Unseen

SETTINGS = Statistics(seed=1, resamples=200, confidence=0.95)
CLASSES, PEOPLE = 4, 25


def answers(seed: int, trainings: int = 2, right: float = 0.6) -> np.ndarray:
    draw = np.random.default_rng(seed)
    wrong = draw.integers(0, CLASSES, (trainings, len(LABELS)))
    return np.where(draw.random(wrong.shape) < right, LABELS, wrong)


LABELS = np.random.default_rng(0).integers(0, CLASSES, 150)
SUBJECTS = np.array([f"s{n % PEOPLE}" for n in range(len(LABELS))])


@pytest.fixture
def unseen() -> Unseen:
    return Unseen.draw(LABELS, SUBJECTS, CLASSES, SETTINGS)


@pytest.mark.parametrize("trainings", [1, 2, 3])
def test_scores_are_the_means_of_scikit_learns(unseen: Unseen, trainings: int) -> None:
    predicted = answers(trainings, trainings)
    right = np.mean([accuracy_score(LABELS, each) for each in predicted])
    assert unseen.score("a", predicted, accuracy)[0] == pytest.approx(right)
    for average in ("macro", "weighted"):
        found = unseen.score("a", predicted, partial(f1, average=average))
        expected = np.mean([f1_score(LABELS, each, average=average) for each in predicted])
        assert found[0] == pytest.approx(expected)


def test_intervals_are_as_wide_as_those_of_the_study() -> None:
    settings = SETTINGS.model_copy(update={"resamples": 4000})
    unseen = Unseen.draw(LABELS, SUBJECTS, CLASSES, settings)
    by_model = {"baseline": answers(5, 3, 0.5), "second": answers(6, 3, 0.6)}
    predictions = {
        model: {
            seed: {
                "none": pd.DataFrame(
                    {"source_id": [f"{n}.jpg" for n in range(len(LABELS))], "subject": SUBJECTS,
                     "label": LABELS, "predicted": each}
                )
            }
            for seed, each in enumerate(predicted)
        }
        for model, predicted in by_model.items()
    }  # fmt: skip
    for tasks in predictions["baseline"].values():
        tasks["test"] = tasks["none"]  # whose people are drawn too
    expected, counted = resample(predictions, CLASSES, settings.resamples, settings.seed)
    assert counted["unseen"] == len(unseen.draws.names) == PEOPLE
    for model, predicted in by_model.items():
        ours = unseen.interval(unseen.score(model, predicted, accuracy))
        theirs = interval(expected[model]["none"].mean(accuracy), settings.confidence)
        assert ours["value"] == theirs["value"]
        assert ours["low"] == pytest.approx(theirs["low"], abs=0.01)
        assert ours["high"] == pytest.approx(theirs["high"], abs=0.01)


def test_one_draw_serves_all_that_a_model_answers(unseen: Unseen) -> None:
    predicted = answers(1)
    first, second = (unseen.score("a", predicted, accuracy) for _ in range(2))
    assert unseen.interval(first - second) == {"value": 0, "low": 0, "high": 0}


def test_another_models_trainings_are_drawn_for_themselves(unseen: Unseen) -> None:
    apart = np.stack([LABELS, (LABELS + 1) % CLASSES])  # one training is right, one never
    first, second = (unseen.score(name, apart, accuracy) for name in ("a", "b"))
    assert first[0] == second[0] == 0.5
    assert (first != second).any()
    assert {*first[1:], *second[1:]} == {0.0, 1.0}  # one of two is drawn


def test_a_model_more_changes_nothing_for_the_others() -> None:
    predicted = answers(1)
    alone = Unseen.draw(LABELS, SUBJECTS, CLASSES, SETTINGS).score("a", predicted, accuracy)
    unseen = Unseen.draw(LABELS, SUBJECTS, CLASSES, SETTINGS)
    unseen.score("b", answers(2), accuracy)
    np.testing.assert_array_equal(alone, unseen.score("a", predicted, accuracy))


def test_people_are_drawn_and_not_images() -> None:
    """Where everybody is recognised equally well, it does not matter who is drawn."""
    labels, people = np.tile([0, 1], 20), np.repeat([*"abcdefghij"], 4)
    unseen = Unseen.draw(labels, people, 2, SETTINGS)
    predicted = np.tile([0, 1, 1, 0], 10)[None]  # half of each person's
    assert unseen.interval(unseen.score("a", predicted, accuracy)) == {
        "value": 0.5, "low": 0.5, "high": 0.5
    }  # fmt: skip
    known = np.repeat(np.arange(10) % 2, 4)  # half of the people
    apart = np.where(known, labels, 1 - labels)[None]
    spread = unseen.interval(unseen.score("a", apart, accuracy))
    assert spread["value"] == 0.5
    assert spread["high"] - spread["low"] > 0.4


def test_a_missing_answer_is_wrong(unseen: Unseen) -> None:
    predicted = np.stack([LABELS, LABELS])
    predicted[0, :30] = CLASSES
    found = unseen.score("a", predicted, accuracy)
    assert found[0] == pytest.approx(np.mean([120 / 150, 1]))
    nothing = np.full((2, len(LABELS)), CLASSES)
    assert (unseen.score("a", nothing, accuracy) == 0).all()


def test_a_part_of_the_samples_is_scored_in_the_same_draws(unseen: Unseen) -> None:
    among = np.arange(len(LABELS)) % 3 == 0
    predicted = answers(3, 1)
    found = unseen.score("a", predicted, accuracy, among)
    assert found[0] == pytest.approx(accuracy_score(LABELS[among], predicted[0, among]))
    place = np.searchsorted(unseen.draws.names, SUBJECTS[among])
    for draw in (1, 17, 200):
        weights = unseen.draws.draws[draw][place]
        expected = accuracy_score(LABELS[among], predicted[0, among], sample_weight=weights)
        assert found[draw] == pytest.approx(expected)


def test_a_share_is_the_weighted_mean_of_each_draw(unseen: Unseen) -> None:
    numbers = np.random.default_rng(4).random(len(LABELS))
    found = unseen.share(numbers)
    assert found[0] == pytest.approx(numbers.mean())
    place = np.searchsorted(unseen.draws.names, SUBJECTS)
    for draw in (1, 5, 200):
        expected = np.average(numbers, weights=unseen.draws.draws[draw][place])
        assert found[draw] == pytest.approx(expected)


def test_intervals_have_the_names_of_columns(unseen: Unseen) -> None:
    values = np.stack([np.arange(201.0), np.full(201, 7.0)], axis=1)
    found = unseen.intervals(values, ["x", "y"])
    assert found["y"] == {"value": 7, "low": 7, "high": 7}
    assert found["x"]["value"] == 0
    assert found["x"]["low"] == pytest.approx(np.quantile(np.arange(1, 201), 0.025))
