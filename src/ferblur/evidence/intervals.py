"""How sure the scores are: a bootstrap over people and trainings, and McNemar's test.

Ours, not the paper's, which trains each model once and gives point values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from ferblur.evidence.differences import differences

EVALUATE = Path("data/evaluate")

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
        self, clusters: np.ndarray, labels: np.ndarray, predicted: np.ndarray, classes: int
    ) -> np.ndarray:
        """Confusion matrices of N images and their resamples, (1 + B) x K x K counts.

        `clusters` names each image's cluster, one of `names`; `labels` and `predicted` are N
        integers below K = `classes`. Rows are true, columns predicted.
        """
        size = len(self.names)
        counts = np.zeros((size, classes, classes), dtype=np.int64)
        np.add.at(counts, (np.searchsorted(self.names, clusters), labels, predicted), 1)
        return np.asarray(self.draws @ counts.reshape(size, -1)).reshape(-1, classes, classes)


@dataclass(frozen=True)
class Resampled:
    """What the R trainings of one model answered to one task, with B resamples of it."""

    confusions: np.ndarray
    """(1 + B) x R x K x K counts; the first row is the sample itself."""
    weights: np.ndarray
    """(1 + B) x R: how much each training counts; a row adds up to 1."""

    def mean(self, score: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """The mean over trainings of what `score` gives for a confusion matrix: (1 + B) x …."""
        values = score(self.confusions)
        weights = self.weights.reshape(*self.weights.shape, *(1,) * (values.ndim - 2))
        return np.asarray((weights * values).sum(axis=1))


def training_weights(trainings: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Draw how much each of R trainings counts in each resample, (1 + B) x R.

    R - 1 of the R are drawn with replacement, which gives the mean's variance between trainings
    without bias (Rao and Wu 1988); R of R would give (R - 1) / R of it, two thirds for three. A
    single training cannot be resampled.
    """
    drawn = np.ones((resamples, 1))
    if trainings > 1:
        shares = np.full(trainings, 1 / trainings)
        drawn = generator.multinomial(trainings - 1, shares, size=resamples) / (trainings - 1)
    return np.vstack([np.full((1, trainings), 1 / trainings), drawn])


def read_predictions(name: str, seed: int) -> dict[str, pd.DataFrame]:
    """Prediction rows of one training, by task (test and the five levels)."""
    types = {"source_id": str, "subject": str}
    table = pd.read_csv(EVALUATE / name / f"{seed}.csv", dtype=types, keep_default_na=False)
    return {str(task): rows for task, rows in table.groupby("task", sort=False)}


def clusters(rows: pd.DataFrame) -> np.ndarray:
    """The resampling unit of each row: its subject where known, else the image itself."""
    return np.where(rows["subject"] != "", rows["subject"], rows["source_id"])


def resample(
    predictions: Mapping[str, Mapping[int, Mapping[str, pd.DataFrame]]],
    classes: int,
    resamples: int,
    seed: int,
) -> tuple[dict[str, dict[str, Resampled]], dict[str, int]]:
    """Resample the predictions, by model, training and task, over people and trainings.

    Two sets of people are drawn from: those of the training pool, whom both test sets show, and
    the unseen ones, whom every level shows. The same people serve all trainings of both models;
    the trainings of each model are drawn for themselves, the same for every task. A model that
    comes later may have no own test set, and changes nothing for those before it. Returns also
    how many clusters each set of people has, by `own` and `unseen`. Raises RuntimeError where the
    trainings of a model, or all models on unseen people, were not shown the same samples.
    """
    generators = np.random.default_rng(seed).spawn(2 + len(predictions))
    first = {model: next(iter(trainings.values())) for model, trainings in predictions.items()}
    shown = {
        "own": pd.concat([tasks["test"] for tasks in first.values() if "test" in tasks]),
        "unseen": first["baseline"]["none"],
    }
    for model, trainings in predictions.items():
        for tasks in trainings.values():
            for task, rows in tasks.items():
                known = first[model]["test"] if task == "test" else shown["unseen"]
                if not np.array_equal(rows["source_id"], known["source_id"]):
                    raise RuntimeError(f"{task}: the trainings were not shown the same samples")
    draws = {
        people: Bootstrap.draw(clusters(rows), resamples, generator)
        for (people, rows), generator in zip(shown.items(), generators[:2], strict=True)
    }
    resampled = {}
    for (model, trainings), generator in zip(predictions.items(), generators[2:], strict=True):
        weights = training_weights(len(trainings), resamples, generator)
        resampled[model] = {
            task: Resampled(
                np.stack(
                    [
                        draws["own" if task == "test" else "unseen"].confusions(
                            clusters(tasks[task]),
                            tasks[task]["label"].to_numpy(),
                            tasks[task]["predicted"].to_numpy(),
                            classes,
                        )
                        for tasks in trainings.values()
                    ],
                    axis=1,
                ),
                weights,
            )
            for task in first[model]
        }
    return resampled, {people: len(drawn.names) for people, drawn in draws.items()}


def accuracy(confusions: np.ndarray) -> np.ndarray:
    """Accuracy of each of … x K x K confusion matrices."""
    hits = np.trace(confusions, axis1=-2, axis2=-1)
    return np.asarray(hits / np.maximum(confusions.sum(axis=(-2, -1)), 1))


def recall(confusions: np.ndarray) -> np.ndarray:
    """Share of each class that is recognised, … x K; 0 for a class that is absent."""
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    return np.asarray(hits / np.maximum(confusions.sum(axis=-1), 1))


def f1(confusions: np.ndarray, average: str) -> np.ndarray:
    """F1 of each of … x K x K confusion matrices; `average` as in scikit-learn."""
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    truth, predicted = confusions.sum(axis=-1), confusions.sum(axis=-2)
    scores = 2 * hits / np.maximum(truth + predicted, 1)
    if average == "weighted":
        return np.asarray((scores * truth).sum(axis=-1) / np.maximum(truth.sum(axis=-1), 1))
    return np.asarray(scores.mean(axis=-1))


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


def bounded_differences(
    resampled: Mapping[str, Mapping[str, Resampled]], emotions: Sequence[str], confidence: float
) -> dict[str, dict[str, Any]]:
    """`differences` of the means over trainings with an interval each, and `recall`.

    `resampled` holds the resampled answers by model and task. `recall` is the recall
    of one emotion minus another's on sharp faces, by model and both emotions. `kept` and
    `kept_gain` are None where a model is not surely better than chance on sharp faces, for then
    there is nothing to keep. The own test sets and the unseen people are resampled independently.
    """

    def bounds(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: bounds(value) for key, value in tree.items()}
        return interval(tree, confidence)

    right = {
        model: {task: answers.mean(accuracy) for task, answers in tasks.items()}
        for model, tasks in resampled.items()
    }
    found: dict[str, dict[str, Any]] = bounds(differences(right, 1 / len(emotions)))
    for model, left in found["kept"].items():
        if found["above_chance"][model]["none"]["low"] <= 0:
            found["kept"][model] = dict.fromkeys(left)
            found["kept_gain"] = dict.fromkeys(left)
    recalls = {model: tasks["none"].mean(recall) for model, tasks in resampled.items()}
    found["recall"] = {
        model: {
            one: {
                other: bounds(shares[:, row] - shares[:, column])
                for column, other in enumerate(emotions)
                if other != one
            }
            for row, one in enumerate(emotions)
        }
        for model, shares in recalls.items()
    }
    return found
