"""Table II's and III's scores over all trainings, their intervals, and tests of the differences."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.core import stage
from ferblur.core.files import read_json, write_csv, write_json
from ferblur.core.params import load_params
from ferblur.core.study import LEVELS, MODELS, TASKS
from ferblur.evidence.intervals import (
    accuracy,
    bounded_differences,
    f1,
    interval,
    mcnemar,
    read_predictions,
    recall,
    resample,
)

EVALUATE_RESULTS = Path("results/evaluate")
METRICS = Path("results/metrics")
STATISTICS = Path("results/statistics")


def right(rows: pd.DataFrame) -> np.ndarray:
    """Which rows' predictions are right, N booleans."""
    return (rows["label"] == rows["predicted"]).to_numpy()


def main() -> None:
    """Write mean scores and intervals by model and task, differences, tests and the curve."""
    params = load_params()
    settings, seeds, emotions = params.statistics, params.train.seeds, params.data.emotions
    for folder in (METRICS, STATISTICS):
        shutil.rmtree(folder, ignore_errors=True)
    predictions = {name: {seed: read_predictions(name, seed) for seed in seeds} for name in MODELS}
    sharp = predictions["baseline"][seeds[0]]["none"]
    resampled, people = resample(predictions, len(emotions), settings.resamples, settings.seed)

    scored: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "accuracy": accuracy, "f1": partial(f1, average=params.evaluate.f1_average),
    }  # fmt: skip
    evaluated = {
        name: {
            str(seed): read_json(EVALUATE_RESULTS / name / f"{seed}/scores.json") for seed in seeds
        }
        for name in MODELS
    }
    curve = pd.DataFrame({"level": LEVELS, "radius": list(params.blur.radii().values())})
    recalls, confusions = {}, {}
    for name, answered in resampled.items():
        intervals = {}
        for task in TASKS:
            intervals[task] = {
                score: interval(answered[task].mean(function), settings.confidence)
                for score, function in scored.items()
            }
            for score, bounds in intervals[task].items():  # scikit-learn's
                bounds["value"] = float(np.mean([s[task][score] for s in evaluated[name].values()]))
            means = {score: bounds["value"] for score, bounds in intervals[task].items()}
            write_json(METRICS / name / f"{task}.json", means)
        write_json(STATISTICS / f"{name}.json", intervals)
        for end in ("value", "low", "high"):
            column = name if end == "value" else f"{name}_{end}"
            curve[column] = [intervals[level]["accuracy"][end] for level in LEVELS]
        recalls[name] = {
            level: {
                emotion: interval(answered[level].mean(recall)[:, label], settings.confidence)
                for label, emotion in enumerate(emotions)
            }
            for level in LEVELS
        }
        confusions[name] = {
            task: answers.confusions[0].sum(axis=0).tolist() for task, answers in answered.items()
        }
    write_json(STATISTICS / "trainings.json", evaluated)
    write_csv(STATISTICS / "curve.csv", curve)
    write_json(STATISTICS / "recall.json", recalls)
    write_json(STATISTICS / "confusion.json", confusions)
    found = bounded_differences(resampled, emotions, settings.confidence)
    write_json(STATISTICS / "differences.json", found)
    unit = "subject" if (sharp["subject"] != "").all() else "image"
    write_json(
        STATISTICS / "comparison.json",
        {
            "chance": params.data.chance,
            "confidence": settings.confidence,
            "samples": len(sharp),
            "trainings": len(seeds),
            "resampled": unit,
            "clusters": people["unseen"],
            "clusters_own": people["own"],
            "mcnemar": {
                level: {
                    str(seed): mcnemar(*(right(predictions[name][seed][level]) for name in MODELS))
                    for seed in seeds
                }
                for level in LEVELS
            },
        },
    )


if __name__ == "__main__":
    stage.run(main)
