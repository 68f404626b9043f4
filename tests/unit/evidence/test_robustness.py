"""Calibration and the cut-off against slow, independent ways of computing them.

pytest tests/unit/evidence/test_robustness.py
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from ferblur.core.params import Statistics
from ferblur.core.study import EMOTIONS
from ferblur.evidence.robustness import (
    calibration_error,
    cut_off,
    cut_off_interval,
    sweep,
)

SETTINGS = Statistics(seed=1, resamples=200, confidence=0.95)


def answers(seed: int, count: int, classes: int, sharpness: float = 2) -> np.ndarray:
    logits = sharpness * np.random.default_rng(seed).normal(size=(count, classes))
    grown = np.exp(logits)
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("seed", range(5))
def test_calibration_error_is_the_mean_gap_of_pandas_bins(seed: int) -> None:
    probabilities = answers(seed, 500, 6)
    labels = np.random.default_rng(seed).integers(0, 6, 500)
    table = pd.DataFrame({"sure": probabilities.max(axis=1)})
    table["right"] = (probabilities.argmax(axis=1) == labels).astype(float)
    bins = pd.cut(table["sure"], [end / 10 for end in range(11)])
    gaps = [
        len(part) * abs(part["sure"].mean() - part["right"].mean())
        for _, part in table.groupby(bins, observed=True)
    ]
    assert calibration_error(probabilities, labels) == pytest.approx(sum(gaps) / 500)


def test_calibration_error_of_known_answers() -> None:
    sure = np.eye(2)[[0, 0, 1, 1]]
    assert calibration_error(sure, np.array([0, 0, 1, 1])) == 0
    assert calibration_error(sure, np.array([0, 1, 1, 0])) == pytest.approx(0.5)
    even = np.full((4, 2), 0.5)  # half of them right, and as sure as that
    assert calibration_error(even, np.array([0, 0, 1, 1])) == 0


@pytest.mark.parametrize("seed", range(20))
def test_cut_off_is_where_a_fine_grid_first_reaches_the_half(seed: int) -> None:
    draw = np.random.default_rng(seed)
    radii = np.array([0, 1, 2, 3.5, 6, 8, 14, 20])
    curve = np.linspace(0.6, 0.2, len(radii)) + draw.normal(0, 0.05, len(radii))
    half = 1 / 6 + (curve[0] - 1 / 6) / 2
    grid = np.linspace(0, 20, 200_001)
    reached = grid[np.interp(grid, radii, curve) <= half]
    expected = reached[0] if len(reached) else np.inf
    assert cut_off(radii.tolist(), curve, 1 / 6) == pytest.approx(expected, abs=2e-4)


def test_cut_off_of_many_curves_at_once() -> None:
    curves = np.array([
        [0.5, 0.3, 0.1],  # half of the margin of 0.3 over 0.2 is gone at 0.35, three quarters of 2
        [0.5, 0.5, 0.4],  # it stays
        [0.2, 0.5, 0.5],  # there is none
    ])  # fmt: skip
    found = cut_off([0, 2, 4], curves, 0.2)
    assert found.tolist() == pytest.approx([1.5, np.inf, 0])
    assert found.tolist() == [*(float(cut_off([0, 2, 4], curve, 0.2)) for curve in curves)]


def test_an_end_beyond_the_sweep_is_none() -> None:
    draws = np.r_[5.0, np.linspace(4, 6, 90), np.full(10, np.inf)]
    found = cut_off_interval(draws, 0.95)
    assert found["value"] == 5
    assert 4 <= (found["low"] or 0) <= 4.1
    assert found["high"] is None
    assert cut_off_interval(np.full(101, np.inf), 0.95) == dict.fromkeys(("value", "low", "high"))


@pytest.fixture
def fading() -> tuple[dict[float, np.ndarray], np.ndarray]:
    """A classifier that is right 9 times in 10 when sharp, and less with each px of blur."""
    draw = np.random.default_rng(3)
    labels = np.tile(np.arange(6), 100)
    found = {}
    for radius in range(0, 21, 2):
        right = draw.random(600) < 0.9 - 0.04 * radius
        answer = np.where(right, labels, draw.integers(0, 6, 600))
        found[float(radius)] = 0.4 * np.eye(6)[answer] + 0.1
    return found, labels


def test_scores_of_a_sweep_are_scikit_learns(
    fading: tuple[dict[float, np.ndarray], np.ndarray],
) -> None:
    found, labels = fading
    people = np.repeat([f"p{number}" for number in range(60)], 10)
    table, reached = sweep(found, labels, people, EMOTIONS, SETTINGS)
    assert table["radius"].tolist() == list(found)
    for row, probabilities in zip(table.to_dict("records"), found.values(), strict=True):
        predicted = probabilities.argmax(axis=1)
        assert row["accuracy"] == pytest.approx(accuracy_score(labels, predicted))
        assert row["f1"] == pytest.approx(f1_score(labels, predicted, average="macro"))
        assert row["ece"] == pytest.approx(abs(0.5 - row["accuracy"]))
        counts = pd.Series(predicted).value_counts(normalize=True)
        assert row["commonest_share"] == counts.max()
        assert EMOTIONS.index(row["commonest"]) in counts.index[counts == counts.max()]
        assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
    assert reached is not None
    assert reached["value"] == float(cut_off(list(found), table["accuracy"].to_numpy(), 1 / 6))
    assert 0 < (reached["low"] or 0) < (reached["value"] or 0) < (reached["high"] or 0) < 20


def test_without_a_margin_there_is_no_cut_off() -> None:
    labels = np.tile(np.arange(6), 20)
    found = {float(radius): answers(radius, 120, 6) for radius in range(3)}
    images = np.array([str(number) for number in range(120)])
    assert sweep(found, labels, images, EMOTIONS, SETTINGS)[1] is None
