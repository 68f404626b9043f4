"""The study's figures, each under its number in the paper, and those that are ours."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.core import stage
from ferblur.core.files import read_json
from ferblur.core.params import Params, load_params
from ferblur.core.study import POOLS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.evidence.verdicts import read_claims
from ferblur.figures import beyond, images, network, scores

PREPARE = Path("data/prepare")
ALIGN = Path("data/align")
BALANCE = Path("data/balance")
ARCHITECTURE = Path("results/architecture.json")
TRAIN_RESULTS = Path("results/train")
STATISTICS = Path("results/statistics")
BESIDE = Path("results/beside.json")
FIGURES = Path("paper/figures")


def draw_faces(params: Params, raw: pd.DataFrame) -> None:
    """Figs. 1, 4, 5 and 6; `raw` are the training pool's images."""
    root, seen = Path(params.data.root), params.figures.show_faces
    emotions, generator = params.data.emotions, np.random.default_rng(params.figures.seed)
    samples, box, crop, blurred = (
        FIGURES / f"fig{name}.svg"
        for name in ("01-samples", "04-detected", "05-aligned", "06-blur-levels")
    )
    if seen:
        images.samples(samples, root, raw, emotions, generator)
    else:
        images.samples_unseen(samples, raw, emotions)

    train = Faces.open(ALIGN, "train")
    found = np.flatnonzero(train.table["status"] == "aligned")
    row = int(generator.choice(found)) if len(found) else 0
    face = train.table.iloc[row]
    images.detected(box, root, face, params.figures, seen)
    title = "aligned" if face["status"] == "aligned" else "whole"
    if not seen:
        images.aligned_unseen(crop, title)
        images.levels_unseen(blurred, params)
        return
    images.aligned(crop, train.pixels[row], title)
    deployment = Faces.open(ALIGN, "deployment")
    drawn = read_manifest(BALANCE / "deployment.csv")["source_id"]
    picked = deployment.rows(drawn.sample(1, random_state=generator))[0]
    images.levels(blurred, deployment.pixels[picked], params)


def main() -> None:
    """Draw every figure."""
    params = load_params()
    colours, emotions = params.figures, params.data.emotions
    shutil.rmtree(FIGURES, ignore_errors=True)
    tables = {pool: pd.read_csv(PREPARE / f"{pool}.csv", keep_default_na=False) for pool in POOLS}
    for number, pool in (("02", "train"), ("03", "deployment")):
        path = FIGURES / f"fig{number}-{pool}-classes.svg"
        images.distribution(path, tables[pool], emotions, colours.neutral)
    draw_faces(params, tables["train"])

    described = read_json(ARCHITECTURE)
    network.inception(FIGURES / "fig07-inception.svg", described)
    network.graph(FIGURES / "fig08-googlenet.svg", described)
    for number, model in (("10", "baseline"), ("11", "second")):
        path = FIGURES / f"fig{number}-{model}-curves.svg"
        trainings = [TRAIN_RESULTS / model / str(seed) for seed in params.train.seeds]
        scores.curves(path, trainings, getattr(colours, model))
    confusion = read_json(STATISTICS / "confusion.json")["baseline"]["none"]
    path = FIGURES / "fig12-baseline-confusion.svg"
    scores.confusion(path, np.array(confusion), emotions, raster=colours.show_faces)
    published = scores.paper_curve(read_claims())
    scores.accuracy_against_blur(
        FIGURES / "accuracy-against-blur.svg",
        pd.read_csv(STATISTICS / "curve.csv"),
        read_json(STATISTICS / "trainings.json"),
        emotions,
        published,
        params.align.size,
        colours,
    )
    shown_beside = read_json(BESIDE)
    if others := shown_beside["others"]:
        scores.accuracy_beside(FIGURES / "accuracy-beside.svg", others, published, colours)
    if answered := shown_beside["beyond"]:
        drawn = answered[0]["drawn"]
        beyond.sweep(FIGURES / "beyond-sweep.svg", drawn["swept"], colours)
        beyond.remedies(FIGURES / "beyond-remedies.svg", drawn["remedied"], colours)
        beyond.capture(FIGURES / "beyond-capture.svg", drawn["captured"], colours)
        beyond.causes(FIGURES / "beyond-causes.svg", drawn["causes"], colours)


if __name__ == "__main__":
    stage.run(main)
