"""Scores against their definitions."""

from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.metrics import classification_report

from face_tables import FIVE, SEVEN
from ferblur.core.study import EMOTIONS
from ferblur.evidence.metrics import confusion, recall, scores


@pytest.fixture
def predictions() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(6), [30, 10, 20, 50, 20, 20])
    predicted = np.where(generator.random(150) < 0.6, labels, generator.integers(0, 5, 150))
    return labels, predicted


def by_hand(labels: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f1 = []
    for label in range(6):
        hit = np.sum((labels == label) & (predicted == label))
        precision = hit / max(np.sum(predicted == label), 1)
        found = hit / max(np.sum(labels == label), 1)
        f1.append(2 * precision * found / (precision + found) if hit else 0)
    return np.array(f1), np.bincount(labels, minlength=6) / len(labels)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_accuracy_and_f1(predictions: tuple[np.ndarray, np.ndarray], average: str) -> None:
    f1, shares = by_hand(*predictions)
    expected = np.mean(f1) if average == "macro" else f1 @ shares
    found = scores(*predictions, EMOTIONS, average)
    assert found["f1"] == pytest.approx(expected)
    assert found["accuracy"] == pytest.approx(np.mean(predictions[0] == predictions[1]))


def test_a_class_never_predicted_counts_as_zero() -> None:
    labels = np.arange(6)
    predicted = np.array([0, 1, 2, 3, 4, 4])
    assert scores(labels, predicted, EMOTIONS, "macro")["f1"] == pytest.approx((4 + 2 / 3) / 6)
    assert recall(labels, predicted, EMOTIONS)["surprise"] == 0


def test_confusion_has_true_classes_as_rows(predictions: tuple[np.ndarray, np.ndarray]) -> None:
    counts = confusion(*predictions, EMOTIONS)
    expected = np.zeros((6, 6), dtype=int)
    np.add.at(expected, predictions, 1)
    np.testing.assert_array_equal(counts, expected)
    recalls = recall(*predictions, EMOTIONS)
    assert list(recalls) == list(EMOTIONS)
    np.testing.assert_allclose(list(recalls.values()), np.diag(counts) / counts.sum(axis=1))


def shown(emotions: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    labels = np.repeat(np.arange(len(emotions)), 20)
    # the last class is never predicted
    return labels, generator.integers(0, len(emotions) - 1, len(labels))


@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("emotions", [FIVE, SEVEN, ("no", "yes"), tuple("abcdefghij")])
def test_any_classes_are_scored_by_their_names(emotions: tuple[str, ...], average: str) -> None:
    labels, predicted = shown(emotions)
    report = classification_report(
        [emotions[label] for label in labels], [emotions[label] for label in predicted],
        labels=list(emotions), output_dict=True, zero_division=0,
    )  # fmt: skip
    found = scores(labels, predicted, emotions, average)
    assert found["accuracy"] == pytest.approx(np.mean(labels == predicted))
    assert found["f1"] == pytest.approx(report[f"{average} avg"]["f1-score"])
    recalls = recall(labels, predicted, emotions)
    assert list(recalls) == list(emotions)
    assert recalls == {name: pytest.approx(report[name]["recall"]) for name in emotions}
    counts = confusion(labels, predicted, emotions)
    assert counts.shape == (len(emotions), len(emotions))
    assert counts[0, 1] == np.sum((labels == 0) & (predicted == 1))
