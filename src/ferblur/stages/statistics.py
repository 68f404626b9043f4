"""Confidence intervals of Table III, and the tests of the differences the paper speaks of."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ferblur import metrics, stages
from ferblur.blur import LEVELS
from ferblur.dataset import EMOTIONS
from ferblur.files import read_json, write_csv, write_json
from ferblur.intervals import Bootstrap, accuracy, f1, interval, mcnemar, recall
from ferblur.manifest import MODELS
from ferblur.params import load

SOURCE = Path("data/evaluate")
SCORES = Path("results/evaluate")
OUT = Path("results/statistics")


def read_predictions(name: str) -> dict[str, pd.DataFrame]:
    """Prediction rows of one model, by task (test and the five levels)."""
    table = pd.read_csv(
        SOURCE / f"{name}.csv", dtype={"source_id": str, "subject": str}, keep_default_na=False
    )
    return {str(task): rows for task, rows in table.groupby("task", sort=False)}


def clusters(rows: pd.DataFrame) -> np.ndarray:
    """The resampling unit of each row: its subject where known, else the image itself."""
    return np.where(rows["subject"] != "", rows["subject"], rows["source_id"])


def differences(
    resampled: dict[str, dict[str, np.ndarray]], confidence: float
) -> dict[str, dict[str, Any]]:
    """`metrics.differences` with an interval each, and `recall`.

    `resampled` holds (1 + B) x 6 x 6 confusion matrices by model and task. `recall` is the recall
    of one emotion minus another's on sharp faces, by model and both emotions. `kept` and
    `kept_gain` are None where a model is not surely better than chance on sharp faces, for then
    there is nothing to keep. The own test sets and the unseen people are resampled independently.
    """

    def bounds(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: bounds(value) for key, value in tree.items()}
        return interval(tree, confidence)

    right = {
        model: {task: accuracy(confusions) for task, confusions in tasks.items()}
        for model, tasks in resampled.items()
    }
    found: dict[str, dict[str, Any]] = bounds(metrics.differences(right))
    for model, left in found["kept"].items():
        if found["above_chance"][model]["none"]["low"] <= 0:
            found["kept"][model] = dict.fromkeys(left)
            found["kept_gain"] = dict.fromkeys(left)
    recalls = {model: recall(tasks["none"]) for model, tasks in resampled.items()}
    found["recall"] = {
        model: {
            one: {
                other: bounds(shares[:, row] - shares[:, column])
                for column, other in enumerate(EMOTIONS)
                if other != one
            }
            for row, one in enumerate(EMOTIONS)
        }
        for model, shares in recalls.items()
    }
    return found


def resample(
    predictions: dict[str, dict[str, pd.DataFrame]], resamples: int, seed: int
) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, int]]:
    """Confusion matrices of every model and task with their resamples, (1 + B) x 6 x 6.

    Two sets of people are drawn from: those of the training pool, whom both test sets show, and
    the unseen ones, whom every level shows. Returns also how many clusters each set has, by `own`
    and `unseen`.
    """
    generators = np.random.default_rng(seed).spawn(2)
    shown = {
        "own": pd.concat([tasks["test"] for tasks in predictions.values()]),
        "unseen": predictions["baseline"]["none"],
    }
    draws = {
        people: Bootstrap.draw(clusters(rows), resamples, generator)
        for (people, rows), generator in zip(shown.items(), generators, strict=True)
    }
    resampled = {
        model: {
            task: draws["own" if task == "test" else "unseen"].confusions(
                clusters(rows), rows["label"].to_numpy(), rows["predicted"].to_numpy()
            )
            for task, rows in tasks.items()
        }
        for model, tasks in predictions.items()
    }
    return resampled, {people: len(drawn.names) for people, drawn in draws.items()}


def main() -> None:
    """Write intervals for each model and task, the differences, McNemar's tests and the curve."""
    params = load()
    settings = params.statistics
    shutil.rmtree(OUT, ignore_errors=True)
    predictions = {name: read_predictions(name) for name in MODELS}
    sharp = predictions["baseline"]["none"]
    for tasks in predictions.values():
        for level in LEVELS:
            if not np.array_equal(tasks[level]["sample_id"], sharp["sample_id"]):
                raise RuntimeError(f"{level}: the two models were not shown the same samples")
    resampled, people = resample(predictions, settings.resamples, settings.seed)

    curve = pd.DataFrame(
        {"level": LEVELS, "radius": [params.blur.radius(level) for level in LEVELS]}
    )
    recalls = {}
    for name, drawn in resampled.items():
        intervals = {}
        for task, confusions in drawn.items():
            scores = read_json(SCORES / name / f"{task}.json")
            values = {
                "accuracy": accuracy(confusions),
                "f1": f1(confusions, params.evaluate.f1_average),
            }
            intervals[task] = {
                score: interval(values[score], settings.confidence) | {"value": scores[score]}
                for score in values
            }
        write_json(OUT / f"{name}.json", intervals)
        for end in ("value", "low", "high"):
            column = name if end == "value" else f"{name}_{end}"
            curve[column] = [intervals[level]["accuracy"][end] for level in LEVELS]
        recalls[name] = {
            level: {
                emotion: interval(recall(drawn[level])[:, label], settings.confidence)
                for label, emotion in enumerate(EMOTIONS)
            }
            for level in LEVELS
        }
    write_csv(OUT / "curve.csv", curve)
    write_json(OUT / "recall.json", recalls)
    write_json(OUT / "differences.json", differences(resampled, settings.confidence))

    correct = {
        name: {
            level: (tasks[level]["label"] == tasks[level]["predicted"]).to_numpy()
            for level in LEVELS
        }
        for name, tasks in predictions.items()
    }
    unit = "subject" if (sharp["subject"] != "").all() else "image"
    write_json(
        OUT / "comparison.json",
        {
            "chance": metrics.CHANCE,
            "confidence": settings.confidence,
            "samples": len(sharp),
            "resampled": unit,
            "clusters": people["unseen"],
            "clusters_own": people["own"],
            "mcnemar": {
                level: mcnemar(correct["baseline"][level], correct["second"][level])
                for level in LEVELS
            },
        },
    )


if __name__ == "__main__":
    stages.run(main)
