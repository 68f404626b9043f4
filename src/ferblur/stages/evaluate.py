"""Score one training of a model: `python -m ferblur.stages.evaluate baseline 1`.

On its own test set (Table II), and on unseen people at every blur level (Table III).
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ferblur.core import stage
from ferblur.core.files import write_csv, write_json
from ferblur.core.params import load_params
from ferblur.core.ranks import Ranks, joined
from ferblur.core.study import LEVELS, POOLS, training_named
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.dataset.samples import Samples
from ferblur.evidence import metrics
from ferblur.model import network
from ferblur.model.device import choose_device
from ferblur.model.training import deterministic, predict

ALIGN = Path("data/align")
BALANCE = Path("data/balance")
SPLIT = Path("data/split")
MODELS_FOLDER = Path("models")
EVALUATE = Path("data/evaluate")
EVALUATE_RESULTS = Path("results/evaluate")


def tasks(name: str, radii: dict[str, float]) -> dict[str, tuple[str, pd.DataFrame]]:
    """What to predict: the model's test split, then deployment at each level -> (pool, rows)."""
    own = read_manifest(SPLIT / f"{name}.csv")
    deployment = read_manifest(BALANCE / "deployment.csv")
    levels = {
        level: ("deployment", deployment.assign(blur_radius=radii[level])) for level in LEVELS
    }
    return {"test": ("train", own[own["split"] == "test"]), **levels}


def evaluate(name: str, seed: int, ranks: Ranks) -> None:
    """Predict every task once; write prediction rows, scores, recalls and confusion matrices."""
    params = load_params()
    arithmetic, emotions = params.train.arithmetic, params.data.emotions
    device = choose_device(arithmetic)
    weights = MODELS_FOLDER / name / str(seed) / f"{params.evaluate.epoch}.safetensors"
    model = network.load(weights).to(device)
    faces = {pool: Faces.open(ALIGN, pool) for pool in POOLS}

    predictions, scores, recalls, confusions = [], {}, {}, {}
    for task, (pool, rows) in tqdm(
        tasks(name, params.blur.radii()).items(),
        desc=f"evaluate {name} {seed}",
        disable=None if ranks.first else True,
    ):
        samples = Samples(faces[pool], rows, model.params.input_size, model.params.channel_order)
        with deterministic(device, arithmetic):
            logits, labels = predict(model, samples, params.evaluate.batch_size, device, ranks)
        predicted = logits.argmax(axis=1)
        subjects = faces[pool].table["subject"].to_numpy()[samples.row]
        table = rows[["sample_id", "source_id"]].assign(
            task=task, subject=subjects, label=labels, predicted=predicted
        )
        table[list(emotions)] = logits
        predictions.append(table)
        scores[task] = metrics.scores(labels, predicted, emotions, params.evaluate.f1_average)
        recalls[task] = metrics.recall(labels, predicted, emotions)
        confusions[task] = metrics.confusion(labels, predicted, emotions).tolist()
    if not ranks.first:
        return
    folder = EVALUATE_RESULTS / name / str(seed)
    shutil.rmtree(folder, ignore_errors=True)
    write_json(folder / "scores.json", scores)
    write_json(folder / "recall.json", recalls)
    write_json(folder / "confusion.json", confusions)
    columns = ["task", "sample_id", "source_id", "subject", "label", "predicted", *emotions]
    write_csv(EVALUATE / name / f"{seed}.csv", pd.concat(predictions)[columns])
    sharp = predictions[list(scores).index("none")]
    names = np.array(emotions)
    write_csv(
        EVALUATE / name / f"{seed}-sharp.csv",
        pd.DataFrame({"actual": names[sharp["label"]], "predicted": names[sharp["predicted"]]}),
    )


def main() -> None:
    """Score the training named on the command line; under torchrun, each rank does its share."""
    with joined() as ranks:
        evaluate(*training_named(sys.argv[1:], load_params().train.seeds), ranks)


if __name__ == "__main__":
    stage.run(main)
