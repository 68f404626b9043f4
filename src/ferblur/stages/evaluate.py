"""Score one model: `python -m ferblur.stages.evaluate baseline`.

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
from ferblur.core.study import EMOTIONS, LEVELS, POOLS, model_named
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


def evaluate(name: str, ranks: Ranks) -> None:
    """Predict every task once; write prediction rows, scores, recalls and confusion matrices."""
    params = load_params()
    arithmetic = params.train.arithmetic
    device = choose_device(arithmetic)
    model = network.load(MODELS_FOLDER / name / f"{params.evaluate.epoch}.safetensors").to(device)
    faces = {pool: Faces.open(ALIGN, pool) for pool in POOLS}
    radii = params.blur.radii()

    if ranks.first:
        shutil.rmtree(EVALUATE_RESULTS / name, ignore_errors=True)
    predictions, recalls, confusions = [], {}, {}
    for task, (pool, rows) in tqdm(
        tasks(name, radii).items(), desc="evaluate", disable=None if ranks.first else True
    ):
        samples = Samples(faces[pool], rows, model.params.input_size, model.params.channel_order)
        with deterministic(device, arithmetic):
            logits, labels = predict(model, samples, params.evaluate.batch_size, device, ranks)
        if not ranks.first:
            continue
        predicted = logits.argmax(axis=1)
        subjects = faces[pool].table["subject"].to_numpy()[samples.row]
        table = rows[["sample_id", "source_id"]].assign(
            task=task, subject=subjects, label=labels, predicted=predicted
        )
        table[list(EMOTIONS)] = logits
        predictions.append(table)
        score = metrics.scores(labels, predicted, params.evaluate.f1_average)
        write_json(EVALUATE_RESULTS / name / f"{task}.json", score)
        recalls[task] = metrics.recall(labels, predicted)
        confusions[task] = metrics.confusion(labels, predicted).tolist()
    if not ranks.first:
        return
    write_json(EVALUATE_RESULTS / name / "recall.json", recalls)
    write_json(EVALUATE_RESULTS / name / "confusion.json", confusions)
    columns = ["task", "sample_id", "source_id", "subject", "label", "predicted", *EMOTIONS]
    write_csv(EVALUATE / f"{name}.csv", pd.concat(predictions)[columns])
    sharp = predictions[list(radii).index("none") + 1]
    names = np.array(EMOTIONS)
    write_csv(
        EVALUATE / f"{name}-sharp.csv",
        pd.DataFrame({"actual": names[sharp["label"]], "predicted": names[sharp["predicted"]]}),
    )


def main() -> None:
    """Score the model named on the command line; under torchrun, each rank predicts its share."""
    with joined() as ranks:
        evaluate(model_named(sys.argv[1:]), ranks)


if __name__ == "__main__":
    stage.run(main)
