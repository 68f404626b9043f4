"""Adapt a model's batch normalisation to a face's blur, known or estimated.

`python -m ferblur.stages.adapt baseline`; beyond the paper.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.beyond.adaptation import measure, nearest, statistics, use
from ferblur.beyond.cells import LEARNED, SOURCES, radii, trainings, weights
from ferblur.beyond.named import STUDYS
from ferblur.beyond.params import chosen, load_extensions
from ferblur.beyond.processes import kept, side_by_side
from ferblur.beyond.training import samples
from ferblur.core import stage
from ferblur.core.files import atomic, sha256
from ferblur.core.params import Params, load_params
from ferblur.core.resume import partial_folder
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.model import network
from ferblur.model.device import choose_device
from ferblur.model.training import deterministic, predict

ADAPT = Path("data/adapt")
ALIGN = Path("data/align")
BALANCE = Path("data/balance")
SPLIT = Path("data/split")
RESTORE = Path("data/restore")

FACES = 768
"""Training samples that statistics are taken from, evenly spaced: 24 batches of the study's 32."""

Nearest = dict[float, list[np.ndarray]]
"""By radius of a blur, the places of N faces' statistics, for that radius and the estimated."""


def answer(
    path: Path, blurs: Nearest, known: list[float], params: Params, done: Path
) -> np.ndarray:
    """What one training answers: sources of the radius x levels x N x K logits; kept at `done`."""

    def compute() -> np.ndarray:
        device = choose_device(params.train.arithmetic)
        model = network.load(path).to(device)
        rows = read_manifest(SPLIT / "baseline.csv")
        shown = rows[rows["split"] == "train"]
        shown = shown.iloc[np.linspace(0, len(shown) - 1, min(FACES, len(shown))).astype(int)]
        train, unseen = (Faces.open(ALIGN, pool) for pool in ("train", "deployment"))
        asked = read_manifest(BALANCE / "deployment.csv")
        logits = np.empty((len(SOURCES), len(blurs), len(asked), model.classes), np.float32)
        with deterministic(device, params.train.arithmetic):
            adapted = [statistics(model)]  # sharp faces are normalised as ever
            for radius in known[1:]:
                blurred = samples(train, shown.assign(blur_radius=radius), params)
                adapted.append(measure(model, blurred, params.train.batch_size, device))
            for level, (radius, sources) in enumerate(blurs.items()):
                for source, places in enumerate(sources):
                    for place in np.unique(places):
                        use(model, adapted[place])
                        at = places == place
                        part = samples(unseen, asked[at].assign(blur_radius=radius), params)
                        logits[source, level, at], _ = predict(
                            model, part, params.evaluate.batch_size, device
                        )
        return logits

    return kept(done, compute)


def main() -> None:
    """Write a model's logits: trainings x 2 sources of the radius x levels x N x K float32.

    The sources are those of `beyond.cells`.
    """
    params, extensions = load_params(), load_extensions()
    name = chosen(sys.argv[1:], tuple(extensions.sweep.models), "sweep.models")
    known = radii(extensions.sweep, params.blur)
    table = pd.read_csv(RESTORE / "estimates.csv")
    table = table[table["kernel"] == STUDYS]
    blurs: Nearest = {}
    for radius in params.blur.radii().values():
        estimated = table.loc[table["radius"] == radius, LEARNED].to_numpy()
        true = np.full(len(estimated), radius)
        blurs[radius] = [nearest(each, np.array(known)) for each in (true, estimated)]
    folder = Path(extensions.sweep.models[name])
    seeds = trainings(name, extensions.vary, params.train)
    models = [weights(folder, seed, params.evaluate.epoch) for seed in seeds]
    inputs = {
        "models": [sha256(path) for path in models],
        "files": [sha256(ALIGN / f"{pool}.npy") for pool in ("train", "deployment")],
        "rows": [sha256(SPLIT / "baseline.csv"), sha256(BALANCE / "deployment.csv")],
        "estimates": sha256(RESTORE / "estimates.csv"),
        "radii": [known, list(blurs)],
        "batches": [params.train.batch_size, params.evaluate.batch_size],
    }
    with partial_folder(f"adapt@{name}", inputs) as done:
        calls = [
            (model, blurs, known, params, done / f"{seed}.npy")
            for model, seed in zip(models, seeds, strict=True)
        ]
        found = side_by_side(params, answer, calls, f"adapt {name}")
        with atomic(ADAPT / f"{name}.npy") as temporary:
            np.save(temporary, np.stack(found), allow_pickle=False)


if __name__ == "__main__":
    stage.run(main)
