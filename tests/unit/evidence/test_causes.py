"""Correlations are SciPy's, groups are those that the truth names, scores are scikit-learn's.

pytest tests/unit/evidence/test_causes.py
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import accuracy_score

from ferblur.core.params import Statistics
from ferblur.evidence.causes import attention, by_group, expressions, groups, rank_correlation
from ferblur.evidence.unseen import Unseen

SETTINGS = Statistics(seed=1, resamples=200, confidence=0.95)
COUNT = 240
LABELS = np.arange(COUNT) % 3
PEOPLE = np.arange(COUNT) // 6


@pytest.fixture
def unseen() -> Unseen:
    return Unseen.draw(LABELS, PEOPLE.astype(str), 3, SETTINGS)


@pytest.mark.parametrize("seed", range(10))
def test_rank_correlation_is_spearmans(seed: int) -> None:
    draw = np.random.default_rng(seed)
    cut_offs = draw.integers(0, 5, (20, 6)).astype(float)  # with ties
    property_ = draw.normal(size=6)
    found = rank_correlation(cut_offs, property_)
    for row, value in zip(cut_offs, found, strict=True):
        if len({*row}) > 1:
            assert value == pytest.approx(spearmanr(row, property_).statistic)


def test_cut_offs_beyond_the_sweep_are_the_last_rank() -> None:
    found = rank_correlation(np.array([[3, np.inf, 5, np.inf]]), np.array([1, 4, 2, 3]))
    assert found[0] == pytest.approx(spearmanr([3, 9, 5, 9], [1, 4, 2, 3]).statistic)


def test_nothing_correlates_with_what_does_not_differ() -> None:
    assert rank_correlation(np.full((3, 4), np.inf), np.arange(4)).tolist() == [0, 0, 0]
    assert rank_correlation(np.array([[1, 2, 3.0]]), np.ones(3)).tolist() == [0]


def changes(**centroids: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"emotion": emotion, "person": person, "centroid": centroid + person - 1,
         "above_8": 1 / centroid, "amount": 5.0}
        for emotion, centroid in centroids.items()
        for person in range(3)
    )  # fmt: skip


def test_properties_are_means_over_people_in_the_order_of_classes(unseen: Unseen) -> None:
    cut_offs = {
        "baseline": np.tile([9.0, 1, 5], (201, 1)),
        "second": np.tile([1.0, 5, 9], (201, 1)),
    }
    found = expressions(unseen, cut_offs, changes(b=12, a=4, c=8), ["a", "b", "c"])
    assert list(found) == ["centroid", "above_8", "amount"]
    fine = found["centroid"]
    assert list(fine["by_emotion"].items()) == [("a", 4), ("b", 12), ("c", 8)]
    assert fine["correlation"]["baseline"] == pytest.approx({"value": -1, "low": -1, "high": -1})
    assert fine["correlation"]["second"]["value"] == pytest.approx(0.5)
    assert found["above_8"]["correlation"]["baseline"]["value"] == pytest.approx(1)
    assert found["amount"]["correlation"]["baseline"] == {"value": 0, "low": 0, "high": 0}


def test_a_class_without_a_known_expression_is_left_out(unseen: Unseen) -> None:
    cut_offs = {"baseline": np.tile([9.0, 100, 1], (201, 1))}
    known = changes(a=4, c=8)
    fine = expressions(unseen, cut_offs, known, ["a", "contempt", "c"])["centroid"]
    assert fine["by_emotion"] == {"a": 4, "c": 8}
    assert fine["correlation"]["baseline"]["value"] == pytest.approx(-1)
    none = expressions(unseen, cut_offs, known[:0], ["neutral", "contempt", "pain"])["centroid"]
    assert none["by_emotion"] == {}
    assert none["correlation"]["baseline"]["value"] == 0


def test_attention_is_the_mean_by_model_and_level_place_by_place() -> None:
    draw = np.random.default_rng(0)
    shares = {
        (model, seed, level, emotion): draw.dirichlet(np.ones(6)).reshape(2, 3)
        for model in ("second", "baseline")
        for seed in (1, 2)
        for level in ("none", "high")
        for emotion in "ab"
    }
    table = pd.DataFrame(
        [(*key, row, column, share) for key, places in shares.items()
         for (row, column), share in np.ndenumerate(places)],
        columns=["model", "seed", "level", "emotion", "row", "column", "share"],
    )  # fmt: skip
    found = attention(table)
    assert list(found) == ["second", "baseline"]
    assert list(found["second"]) == ["none", "high"]
    for model, levels in found.items():
        for level, places in levels.items():
            expected = [each for key, each in shares.items() if (key[0], key[2]) == (model, level)]
            np.testing.assert_allclose(places, np.mean(expected, axis=0))
            assert np.sum(places) == pytest.approx(1)


def who(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"file": [f"{n}.jpg" for n in range(4)], "subject": [*"abcd"]} | columns)


def test_groups_are_those_of_rendered_people() -> None:
    truth = who(gender=[0.1, 0.9, 0.4, 0.5], age=[0, 0.49, 0.5, 1], african=[0.8, 0.1, 0.2, 0.3],
                asian=[0.1, 0.8, 0.3, 0.3], caucasian=[0.1, 0.1, 0.5, 0.4])  # fmt: skip
    found = groups(truth)
    assert found["sex"]["women"].tolist() == [True, False, True, False]
    assert found["sex"]["men"].tolist() == [False, True, False, True]
    assert found["age"]["younger"].tolist() == [True, True, False, False]
    assert list(found["skin"]) == ["african", "asian", "caucasian"]
    assert np.stack([*found["skin"].values()]).argmax(axis=0).tolist() == [0, 1, 2, 2]


@pytest.mark.parametrize(
    "columns",
    [{}, {"clip": ["x"] * 4}, {"age": [51, 20, 33, 47]}, {"gender": ["f", "m", "f", "f"]},
     {"gender": [0.1, np.nan, 0.9, 0.2]}, {"asian": [0.1, 0.2, 0.3, 0.4]}],
    ids=["people alone", "clips", "years", "words", "unknown", "one skin"],
)  # fmt: skip
def test_what_is_not_known_makes_no_group(columns: dict[str, list[object]]) -> None:
    assert groups(who(**columns)) == {}


def test_scores_of_a_group_beside_all_others(unseen: Unseen) -> None:
    woman = PEOPLE % 2 == 0
    truth = pd.DataFrame({"gender": np.where(woman, 0.2, 0.8), "age": np.full(COUNT, 0.9)})
    draw = np.random.default_rng(3)
    # by mistake most women are taken for another class under blur
    harmed = np.where(woman & (draw.random((2, COUNT)) < 0.8), (LABELS + 1) % 3, LABELS)
    answers = {"baseline": {"none": np.stack([LABELS, LABELS]), "high": harmed}}
    found = by_group(unseen, answers, truth)
    assert list(found) == ["sex", "age"]
    assert found["age"] == {}  # all are old: there is nobody to compare with
    assert found["sex"]["women"]["samples"] == woman.sum()
    sharp, blurred = (
        found["sex"]["women"]["models"]["baseline"][each] for each in ("none", "high")
    )
    assert sharp["accuracy"] == {"value": 1, "low": 1, "high": 1}
    assert sharp["apart"] == {"value": 0, "low": 0, "high": 0}
    expected = np.mean([accuracy_score(LABELS[woman], each[woman]) for each in harmed])
    assert blurred["accuracy"]["value"] == pytest.approx(expected)
    assert blurred["apart"]["value"] == pytest.approx(expected - 1)
    assert blurred["apart"]["high"] < -0.5
    men = found["sex"]["men"]["models"]["baseline"]["high"]["apart"]
    assert men["value"] == pytest.approx(1 - expected)
    assert men["low"] == pytest.approx(-blurred["apart"]["high"])
