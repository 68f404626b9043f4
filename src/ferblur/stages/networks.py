"""Other people's networks on the unseen people, at every blur level, beside ours (not the paper's).

Reads the predictions of both models' trainings, which stage `evaluate` made.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from ferblur.core import stage
from ferblur.core.arithmetic import PORTABLE
from ferblur.core.files import sha256, write_csv, write_json
from ferblur.core.params import Params, load_params
from ferblur.core.study import LEVELS, MODELS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.dataset.samples import Samples
from ferblur.evidence.intervals import accuracy, f1, interval, read_predictions, resample
from ferblur.foreign.networks import KNOWN, Published, proportions, there
from ferblur.model.training import deterministic

ALIGN = Path("data/align")
BALANCE = Path("data/balance")
NETWORKS = Path("data/networks")
NETWORKS_RESULTS = Path("results/networks.json")


def predict(network: Published, faces: Faces, params: Params) -> dict[str, pd.DataFrame]:
    """Prediction rows of a network by blur level, as stage `evaluate` makes them."""
    rows = read_manifest(BALANCE / "deployment.csv")
    emotions, size = params.data.emotions, faces.pixels.shape[1]
    tables = {}
    for level, radius in params.blur.radii().items():
        samples = Samples(faces, rows.assign(blur_radius=radius), size, "rgb")
        boxes = proportions(faces.table)[samples.row]
        with deterministic(torch.device("cpu"), PORTABLE):
            logits = network.predict(samples, boxes, emotions, params.evaluate.batch_size)
        table = rows[["sample_id", "source_id"]].copy()
        table.insert(0, "task", level)
        table["subject"] = faces.table["subject"].to_numpy()[samples.row]
        table["label"], table["predicted"] = samples.labels, logits.argmax(axis=1)
        table[list(emotions)] = logits
        tables[level] = table
    return tables


def compared(predictions: dict[str, Any], names: list[str], params: Params) -> dict[str, Any]:
    """Scores of the networks `names`, and both models' accuracies minus theirs, with intervals.

    `predictions` are rows by model or network, training and level. One draw of people serves all.
    """
    settings, emotions = params.statistics, params.data.emotions
    resampled, people = resample(predictions, len(emotions), settings.resamples, settings.seed)
    scores: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "accuracy": accuracy, "f1": partial(f1, average=params.evaluate.f1_average),
    }  # fmt: skip
    right = {
        name: {level: resampled[name][level].mean(accuracy) for level in LEVELS}
        for name in resampled
    }
    found: dict[str, Any] = {"clusters": people["unseen"], "networks": {}}
    for name in names:
        found["networks"][name] = {
            "scores": {
                level: {
                    score: interval(resampled[name][level].mean(function), settings.confidence)
                    for score, function in scores.items()
                }
                for level in LEVELS
            },
            **{
                f"{model}_minus": {
                    level: interval(right[model][level] - right[name][level], settings.confidence)
                    for level in LEVELS
                }
                for model in MODELS
            },
        }
    return found


def main() -> None:
    """Predict, write prediction rows, scores and differences."""
    params = load_params()
    seeds, faces = params.train.seeds, Faces.open(ALIGN, "deployment")
    predictions: dict[str, dict[int, dict[str, pd.DataFrame]]] = {
        model: {seed: read_predictions(model, seed) for seed in seeds} for model in MODELS
    }
    networks = {network.name: network for network in there()}
    for name, network in networks.items():
        predictions[name] = {0: predict(network, faces, params)}
        write_csv(NETWORKS / f"{name}.csv", pd.concat(predictions[name][0].values()))
    found = compared(predictions, list(networks), params)
    for name, network in networks.items():
        left_out = [emotion for emotion in KNOWN if emotion not in params.data.emotions]
        known = {"sha256": sha256(network.file), "left_out": left_out}
        found["networks"][name] = known | found["networks"][name]
    sharp = predictions["baseline"][seeds[0]]["none"]
    people = "subject" if (sharp["subject"] != "").all() else "image"
    over = [people, *["training"] * (len(seeds) > 1)]
    write_json(
        NETWORKS_RESULTS,
        {
            "confidence": params.statistics.confidence,
            "samples": len(sharp),
            "trainings": len(seeds),
            "intervals_over": {"scores": [people], "differences": over},
            **found,
        },
    )


if __name__ == "__main__":
    stage.run(main)
