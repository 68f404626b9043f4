"""Confidence intervals of Table III, and the tests of the differences the paper speaks of."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.core import stage
from ferblur.core.files import read_json, write_csv, write_json
from ferblur.core.params import load_params
from ferblur.core.study import CHANCE, EMOTIONS, LEVELS, MODELS
from ferblur.evidence.intervals import (
    accuracy,
    bounded_differences,
    f1,
    interval,
    mcnemar,
    recall,
    resample,
)

EVALUATE = Path("data/evaluate")
EVALUATE_RESULTS = Path("results/evaluate")
STATISTICS = Path("results/statistics")


def read_predictions(name: str) -> dict[str, pd.DataFrame]:
    """Prediction rows of one model, by task (test and the five levels)."""
    table = pd.read_csv(
        EVALUATE / f"{name}.csv", dtype={"source_id": str, "subject": str}, keep_default_na=False
    )
    return {str(task): rows for task, rows in table.groupby("task", sort=False)}


def main() -> None:
    """Write intervals for each model and task, the differences, McNemar's tests and the curve."""
    params = load_params()
    settings = params.statistics
    shutil.rmtree(STATISTICS, ignore_errors=True)
    predictions = {name: read_predictions(name) for name in MODELS}
    sharp = predictions["baseline"]["none"]
    for tasks in predictions.values():
        for level in LEVELS:
            if not np.array_equal(tasks[level]["sample_id"], sharp["sample_id"]):
                raise RuntimeError(f"{level}: the two models were not shown the same samples")
    resampled, people = resample(predictions, settings.resamples, settings.seed)

    curve = pd.DataFrame({"level": LEVELS, "radius": list(params.blur.radii().values())})
    recalls = {}
    for name, drawn in resampled.items():
        intervals = {}
        for task, confusions in drawn.items():
            scores = read_json(EVALUATE_RESULTS / name / f"{task}.json")
            values = {
                "accuracy": accuracy(confusions),
                "f1": f1(confusions, params.evaluate.f1_average),
            }
            intervals[task] = {
                score: interval(values[score], settings.confidence) | {"value": scores[score]}
                for score in values
            }
        write_json(STATISTICS / f"{name}.json", intervals)
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
    write_csv(STATISTICS / "curve.csv", curve)
    write_json(STATISTICS / "recall.json", recalls)
    write_json(STATISTICS / "differences.json", bounded_differences(resampled, settings.confidence))

    correct = {
        name: {
            level: (tasks[level]["label"] == tasks[level]["predicted"]).to_numpy()
            for level in LEVELS
        }
        for name, tasks in predictions.items()
    }
    unit = "subject" if (sharp["subject"] != "").all() else "image"
    write_json(
        STATISTICS / "comparison.json",
        {
            "chance": CHANCE,
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
    stage.run(main)
