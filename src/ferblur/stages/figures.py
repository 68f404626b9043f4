"""The study's figures, each under its number in the paper, and accuracy against blur."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.core import stage
from ferblur.core.files import read_json
from ferblur.core.params import load_params
from ferblur.core.study import POOLS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.evidence.verdicts import read_claims
from ferblur.figures import images, network, scores

PREPARE = Path("data/prepare")
ALIGN = Path("data/align")
BALANCE = Path("data/balance")
ARCHITECTURE = Path("results/architecture.json")
TRAIN_RESULTS = Path("results/train")
STATISTICS = Path("results/statistics")
FIGURES = Path("paper/figures")


def main() -> None:
    """Draw every figure."""
    params = load_params()
    root = Path(params.data.root)
    colours, emotions = params.figures, params.data.emotions
    generator = np.random.default_rng(colours.seed)
    shutil.rmtree(FIGURES, ignore_errors=True)
    tables = {pool: pd.read_csv(PREPARE / f"{pool}.csv", keep_default_na=False) for pool in POOLS}
    images.samples(FIGURES / "fig01-samples.svg", root, tables["train"], emotions, generator)
    for number, pool in (("02", "train"), ("03", "deployment")):
        path = FIGURES / f"fig{number}-{pool}-classes.svg"
        images.distribution(path, tables[pool], emotions, colours.neutral)

    train = Faces.open(ALIGN, "train")
    found = np.flatnonzero(train.table["status"] == "aligned")
    row = int(generator.choice(found)) if len(found) else 0
    face = train.table.iloc[row]
    images.detected(FIGURES / "fig04-detected.svg", root, face, colours)
    title = "aligned" if face["status"] == "aligned" else "whole"
    images.aligned(FIGURES / "fig05-aligned.svg", train.pixels[row], title)

    deployment = Faces.open(ALIGN, "deployment")
    drawn = read_manifest(BALANCE / "deployment.csv")["source_id"]
    picked = deployment.rows(drawn.sample(1, random_state=generator))[0]
    images.levels(FIGURES / "fig06-blur-levels.svg", deployment.pixels[picked], params)

    described = read_json(ARCHITECTURE)
    network.inception(FIGURES / "fig07-inception.svg", described)
    network.graph(FIGURES / "fig08-googlenet.svg", described)
    for number, model in (("10", "baseline"), ("11", "second")):
        path = FIGURES / f"fig{number}-{model}-curves.svg"
        trainings = [TRAIN_RESULTS / model / str(seed) for seed in params.train.seeds]
        scores.curves(path, trainings, getattr(colours, model))
    confusion = read_json(STATISTICS / "confusion.json")["baseline"]["none"]
    scores.confusion(FIGURES / "fig12-baseline-confusion.svg", np.array(confusion), emotions)
    scores.accuracy_against_blur(
        FIGURES / "accuracy-against-blur.svg",
        pd.read_csv(STATISTICS / "curve.csv"),
        read_json(STATISTICS / "trainings.json"),
        emotions,
        scores.paper_curve(read_claims()),
        params.align.size,
        colours,
    )


if __name__ == "__main__":
    stage.run(main)
