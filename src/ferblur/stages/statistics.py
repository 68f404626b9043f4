"""Confidence intervals of Table III, and the tests of the differences the paper speaks of."""

import shutil
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ferblur import stages
from ferblur.blur import LEVELS
from ferblur.dataset import EMOTIONS
from ferblur.files import read_json, write_csv, write_json
from ferblur.intervals import Bootstrap, Interval, accuracy, f1, interval, mcnemar, recall
from ferblur.params import load

SOURCE = Path("data/evaluate")
SCORES = Path("results/evaluate")
OUT = Path("results/statistics")
MODELS = ("baseline", "second")
CHANCE = 1 / len(EMOTIONS)


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
    """What the paper says of its scores in words, each with an interval.

    `resampled` holds (1 + B) x 6 x 6 confusion matrices by model and task. Returns

    - `gain`: accuracy of the second model minus the baseline's, by task; the deployment images are
      resampled in pairs, the two test sets (which differ) independently
    - `drop`: accuracy lost from the next sharper level to this one, by model and level
    - `kept`: share of the sharp accuracy above chance that is left, by model and level; None for
      a model that is no better than chance on sharp faces
    - `above_chance`: accuracy minus 1/6, by model and level
    - `unseen`: accuracy on the own test set minus that on unseen people, sharp, by model
    - `recall`: the baseline's recall of one emotion minus another's on sharp faces, by both
    """

    def bounds(values: np.ndarray) -> Interval:
        return interval(values, confidence)

    right = {
        model: {task: accuracy(confusions) for task, confusions in tasks.items()}
        for model, tasks in resampled.items()
    }
    baseline, second = (right[name] for name in MODELS)
    recalls = recall(resampled["baseline"]["none"])
    found: dict[str, dict[str, Any]] = {
        "gain": {task: bounds(second[task] - baseline[task]) for task in baseline},
        "drop": {},
        "kept": {},
        "above_chance": {},
        "unseen": {},
        "recall": {one: {} for one in EMOTIONS},
    }
    for model, scored in right.items():
        found["drop"][model] = {
            level: bounds(scored[sharper] - scored[level]) for sharper, level in pairwise(LEVELS)
        }
        sharp = scored["none"] - CHANCE
        found["kept"][model] = {
            # a resample, unlike the sample, may be no better than chance
            level: bounds((scored[level] - CHANCE) / np.maximum(sharp, 1e-9))
            if sharp[0] > 0
            else None
            for level in LEVELS[1:]
        }
        found["above_chance"][model] = {level: bounds(scored[level] - CHANCE) for level in LEVELS}
        found["unseen"][model] = bounds(scored["test"] - scored["none"])
    for one, other in permutations(range(len(EMOTIONS)), 2):
        difference = bounds(recalls[:, one] - recalls[:, other])
        found["recall"][EMOTIONS[one]][EMOTIONS[other]] = difference
    return found


def main() -> None:
    """Write intervals for each model and task, the differences, McNemar's tests and the curve."""
    params = load()
    settings = params.statistics
    shutil.rmtree(OUT, ignore_errors=True)
    predictions = {name: read_predictions(name) for name in MODELS}
    sharp = predictions["baseline"]["none"]
    ids = sharp["sample_id"].to_numpy()
    deployment, *own = np.random.default_rng(settings.seed).spawn(1 + len(MODELS))
    shown = Bootstrap.draw(clusters(sharp), settings.resamples, deployment)
    curve = pd.DataFrame(
        {"level": LEVELS, "radius": [params.blur.radius(level) for level in LEVELS]}
    )
    resampled: dict[str, dict[str, np.ndarray]] = {}
    recalls = {}
    for (name, tasks), generator in zip(predictions.items(), own, strict=True):
        resampled[name], intervals = {}, {}
        for task in ("test", *LEVELS):
            rows = tasks[task]
            draws = shown
            if task == "test":
                draws = Bootstrap.draw(clusters(rows), settings.resamples, generator)
            elif not np.array_equal(rows["sample_id"].to_numpy(), ids):
                raise RuntimeError(f"{task}: the two models were not shown the same samples")
            confusions = draws.confusions(rows["label"].to_numpy(), rows["predicted"].to_numpy())
            resampled[name][task] = confusions
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
                emotion: interval(recall(resampled[name][level])[:, label], settings.confidence)
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
            "chance": CHANCE,
            "confidence": settings.confidence,
            "samples": len(sharp),
            "resampled": unit,
            "clusters": len(np.unique(clusters(sharp))),
            "mcnemar": {
                level: mcnemar(correct["baseline"][level], correct["second"][level])
                for level in LEVELS
            },
        },
    )


if __name__ == "__main__":
    stages.run(main)
