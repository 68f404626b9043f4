"""Confidence intervals of Table III, and the test of baseline against second model."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from ferblur import stages
from ferblur.blur import LEVELS
from ferblur.dataset import EMOTIONS
from ferblur.files import read_json, write_csv, write_json
from ferblur.intervals import bootstrap, mcnemar
from ferblur.params import load

SOURCE = Path("data/evaluate")
SCORES = Path("results/evaluate")
OUT = Path("results/statistics")
MODELS = ("baseline", "second")


def read_predictions(name: str) -> dict[str, pd.DataFrame]:
    """Prediction rows of one model, by task (test and the five levels)."""
    table = pd.read_csv(
        SOURCE / f"{name}.csv", dtype={"source_id": str, "subject": str}, keep_default_na=False
    )
    return {str(task): rows for task, rows in table.groupby("task", sort=False)}


def clusters(rows: pd.DataFrame) -> np.ndarray:
    """The resampling unit of each row: its subject where known, else the image itself."""
    return np.where(rows["subject"] != "", rows["subject"], rows["source_id"])


def main() -> None:
    """Write intervals for each model and task, McNemar's test for each level, and the curve."""
    params = load()
    settings = params.statistics
    shutil.rmtree(OUT, ignore_errors=True)
    predictions = {name: read_predictions(name) for name in MODELS}
    generators = iter(np.random.default_rng(settings.seed).spawn(2 * (1 + len(LEVELS))))
    curve = pd.DataFrame(
        {"level": LEVELS, "radius": [params.blur.radius(level) for level in LEVELS]}
    )
    for name, tasks in predictions.items():
        intervals = {}
        for task in ("test", *LEVELS):
            rows = tasks[task]
            low_high = bootstrap(
                rows["label"].to_numpy(),
                rows["predicted"].to_numpy(),
                clusters(rows),
                params.evaluate.f1_average,
                settings.resamples,
                settings.confidence,
                next(generators),
            )
            scores = read_json(SCORES / name / f"{task}.json")
            intervals[task] = {
                score: {"value": scores[score], "low": low, "high": high}
                for score, (low, high) in low_high.items()
            }
        write_json(OUT / f"{name}.json", intervals)
        for end in ("value", "low", "high"):
            column = name if end == "value" else f"{name}_{end}"
            curve[column] = [intervals[level]["accuracy"][end] for level in LEVELS]
    write_csv(OUT / "curve.csv", curve)

    tests = {}
    for level in LEVELS:
        baseline, second = (predictions[name][level] for name in MODELS)
        if not (baseline["sample_id"].to_numpy() == second["sample_id"].to_numpy()).all():
            raise RuntimeError(f"{level}: the two models were not shown the same samples")
        tests[level] = mcnemar(
            (baseline["label"] == baseline["predicted"]).to_numpy(),
            (second["label"] == second["predicted"]).to_numpy(),
        )
    sharp = predictions["baseline"]["none"]
    unit = "subject" if (sharp["subject"] != "").all() else "image"
    write_json(
        OUT / "comparison.json",
        {
            "chance": 1 / len(EMOTIONS),
            "samples": len(sharp),
            "resampled": unit,
            "clusters": len(np.unique(clusters(sharp))),
            "mcnemar": tests,
        },
    )


if __name__ == "__main__":
    stages.run(main)
