"""Ask a model's trainings about unseen people at every kind and strength of blur.

`python -m ferblur.stages.sweep baseline`; beyond the paper.
"""

import sys
from pathlib import Path

import numpy as np

from ferblur.beyond.cells import Cell, cells, trainings, weights
from ferblur.beyond.params import chosen, load_extensions
from ferblur.beyond.processes import kept, side_by_side
from ferblur.beyond.training import ask
from ferblur.core import stage
from ferblur.core.files import atomic, sha256
from ferblur.core.params import Params, load_params
from ferblur.core.resume import partial_folder
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest

ALIGN = Path("data/align")
BALANCE = Path("data/balance")
SWEEP = Path("data/sweep")


def answer(model: Path, cell: Cell, params: Params, path: Path) -> np.ndarray:
    """The logits to all unseen samples, N x K float32; kept at `path`."""

    def compute() -> np.ndarray:
        rows = read_manifest(BALANCE / "deployment.csv")
        blurred = rows.assign(kernel=cell.kernel, blur_radius=cell.radius)
        return ask(model, blurred, Faces.open(ALIGN, "deployment"), params)

    return kept(path, compute)


def main() -> None:
    """Write the logits of the model named on the command line: trainings x blurs x N x K float32.

    Blurs are in the order of `beyond.cells`, samples in that of data/balance/deployment.csv.
    """
    params, extensions = load_params(), load_extensions()
    name = chosen(sys.argv[1:], tuple(extensions.sweep.models), "sweep.models")
    folder, blurs = Path(extensions.sweep.models[name]), cells(extensions.sweep, params.blur)
    seeds = trainings(name, extensions.vary, params.train)
    models = [weights(folder, seed, params.evaluate.epoch) for seed in seeds]
    inputs = {
        "models": [sha256(model) for model in models],
        "faces": sha256(ALIGN / "deployment.npy"),
        "rows": sha256(BALANCE / "deployment.csv"),
        "batch": params.evaluate.batch_size,
        "blurs": blurs,
    }
    with partial_folder(f"sweep@{name}", inputs) as done:
        calls = [
            (model, cell, params, done / f"{training}-{number}.npy")
            for training, model in enumerate(models)
            for number, cell in enumerate(blurs)
        ]
        logits = np.stack(side_by_side(params, answer, calls, f"sweep {name}"))
        with atomic(SWEEP / f"{name}.npy") as temporary:
            np.save(temporary, logits.reshape(len(models), len(blurs), *logits.shape[1:]))


if __name__ == "__main__":
    stage.run(main)
