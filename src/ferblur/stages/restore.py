"""Estimate how strongly unseen faces are blurred, undo it, and ask the baseline; beyond the paper.

Estimates are of every blur of the sweep. Undone are the study's levels, by each of
`restore.methods`, with the box of the true radius and with that of the estimated one.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.beyond.blurring import BlurredSamples
from ferblur.beyond.cells import LEARNED, TRUE, Cell, cells, weights
from ferblur.beyond.deblurring import Restoration, restorations, restore
from ferblur.beyond.estimation import fit, radii_to_fit
from ferblur.beyond.named import STUDYS
from ferblur.beyond.params import load_extensions
from ferblur.beyond.processes import kept, side_by_side
from ferblur.beyond.sharpness import features
from ferblur.beyond.training import ask
from ferblur.core import stage
from ferblur.core.files import atomic, sha256, write_csv
from ferblur.core.params import Params, load_params
from ferblur.core.resume import partial_folder
from ferblur.core.study import MODELS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import make_rows, read_manifest

ALIGN = Path("data/align")
BALANCE = Path("data/balance")
MODELS_FOLDER = Path("models")
RESTORE = Path("data/restore")


def measure(pool: str, rows: pd.DataFrame, path: Path) -> np.ndarray:
    """Features of a manifest's samples, N x F float64; kept at `path`."""

    def compute() -> np.ndarray:
        faces = Faces.open(ALIGN, pool)
        samples = BlurredSamples(faces, rows, faces.pixels.shape[1], "rgb")
        return np.stack([features(samples[index][0]) for index in range(len(samples))])

    return kept(path, compute)


def answer(
    done: Restoration, rows: pd.DataFrame, radii: np.ndarray, models: list[Path], params: Params,
    path: Path,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The logits to samples restored with N `radii`; kept at `path`, and read if there.

    Returns each model's, S x N x K float32, and the mean ratios in dB with and without restoring.
    """
    if not path.exists():
        pixels, ratios = restore(done, Faces.open(ALIGN, "deployment"), rows, radii)
        asked = make_rows(rows["sample_id"].astype(str).to_numpy(), rows["label"].to_numpy())
        faces = Faces(pixels, asked.assign(subject=""))
        logits = np.stack([ask(model, asked, faces, params) for model in models])
        with atomic(path) as temporary:
            np.savez(temporary, logits=logits, ratios=ratios.mean(axis=0))
    with np.load(path, allow_pickle=False) as there:
        return there["logits"], there["ratios"]


def main() -> None:
    """Write estimates.csv, curve.csv, cells.csv and the logits: trainings x cells x N x K.

    Cells are in the order of cells.csv.
    """
    params, extensions = load_params(), load_extensions()
    chosen, blurs = extensions.restore, cells(extensions.sweep, params.blur)
    folder, epoch = MODELS_FOLDER / MODELS[0], params.evaluate.epoch
    models = [weights(folder, seed, epoch) for seed in params.train.seeds]
    rows, known = read_manifest(BALANCE / "deployment.csv"), Faces.open(ALIGN, "train").table
    radii = radii_to_fit(len(known), chosen.copies, extensions.sweep.radii[-1], chosen.seed)
    to_fit = make_rows(known["source_id"].to_numpy(), known["label"].to_numpy())
    files = [ALIGN / "train.npy", ALIGN / "deployment.npy", BALANCE / "deployment.csv", *models]
    inputs = {
        "files": [sha256(file) for file in files],
        "batch": params.evaluate.batch_size,
        "restore": chosen.model_dump(),
        "blurs": [*blurs, *params.blur.radii().items()],
    }
    with partial_folder("restore", inputs) as done:
        calls = [
            ("train", to_fit.assign(kernel=STUDYS, blur_radius=copy), done / f"copy-{number}.npy")
            for number, copy in enumerate(radii)
        ]
        calls += [
            ("deployment", rows.assign(kernel=kind, blur_radius=radius), done / f"{number}.npy")
            for number, (kind, radius) in enumerate(blurs)
        ]
        measured = side_by_side(params, measure, calls, "measure blur")
        copies, unseen = measured[: len(radii)], measured[len(radii) :]
        fitted = fit(np.concatenate(copies), radii.ravel(), chosen.trees, chosen.seed)
        tables = {blur: fitted.radii(found) for blur, found in zip(blurs, unseen, strict=True)}
        every = restorations(chosen.methods, params.blur)
        asked = [
            (each, rows, np.full(len(rows), each.radius) if each.kernel_source == TRUE
             else tables[Cell(STUDYS, each.radius)][LEARNED].to_numpy(),
             models, params, done / f"restored-{number}.npz")
            for number, each in enumerate(every)
        ]  # fmt: skip
        answers = side_by_side(params, answer, asked, "restore")
        estimates = pd.concat(tables, names=["kernel", "radius"]).reset_index([0, 1])
        estimates.insert(2, "sample_id", np.tile(rows["sample_id"], len(blurs)))
        write_csv(RESTORE / "estimates.csv", estimates)
        write_csv(RESTORE / "curve.csv", fitted.curve())
        ratios = [found for _, found in answers]
        columns = [*Restoration._fields, "psnr", "psnr_blurred"]
        listed = [(*each, *found.tolist()) for each, found in zip(every, ratios, strict=True)]
        write_csv(RESTORE / "cells.csv", pd.DataFrame(listed, columns=columns))
        shape = (len(models), 0, len(rows), len(params.data.emotions))
        logits = [found[:, None] for found, _ in answers]
        with atomic(RESTORE / "baseline.npy") as temporary:
            np.save(temporary, np.concatenate([np.empty(shape, np.float32), *logits], axis=1))


if __name__ == "__main__":
    stage.run(main)
