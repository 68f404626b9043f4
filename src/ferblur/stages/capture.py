"""Blur the frame as a camera does, then find, align and classify the face in it.

Beyond the paper, which blurs faces that are aligned already.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.alignment.detection import make_detector
from ferblur.beyond.cells import radii, weights
from ferblur.beyond.frames import align_blurred, found, frame_radii, sources, table
from ferblur.beyond.params import load_extensions
from ferblur.beyond.processes import kept, side_by_side
from ferblur.beyond.training import ask
from ferblur.core import stage
from ferblur.core.files import atomic, read_json, sha256, write_csv, write_json
from ferblur.core.params import Params, load_params
from ferblur.core.resume import partial_folder
from ferblur.core.study import MODELS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest

ALIGN = Path("data/align")
BALANCE = Path("data/balance")
CAPTURE = Path("data/capture")
MODELS_FOLDER = Path("models")


def drawn() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The samples of unseen people, and the table of the faces that they show, sharp."""
    rows = read_manifest(BALANCE / "deployment.csv")
    faces = Faces.open(ALIGN, "deployment").table
    return rows, faces[faces["source_id"].isin(rows["source_id"])].reset_index(drop=True)


def look(radius: float, params: Params, path: Path) -> pd.DataFrame:
    """What becomes of each drawn image when its frame is blurred, as px of the aligned face.

    Faces are kept at `path`, what became of them beside it; where that is there, it is read.
    """
    samples, faces = drawn()
    in_frame = frame_radii(faces, radius, params.align.size)
    done = path.with_suffix(".json")  # written last, so it vouches for the faces
    if not done.exists():
        files = sources(faces, Path(params.data.root) / "deployment")
        detector = make_detector(params.align.detector)
        pixels, seen = align_blurred(files, in_frame, detector, params.align)
        with atomic(path) as temporary:
            np.save(temporary, pixels, allow_pickle=False)
        write_json(done, {"rows": seen})
    known = pd.DataFrame(
        {"radius": radius, "frame_radius": in_frame, "source_id": faces["source_id"]}
    )
    rows = samples[["sample_id", "source_id"]].merge(
        known.join(table(read_json(done)["rows"])), how="left"
    )
    first = ["radius", "frame_radius", "sample_id", "source_id"]
    return rows[[*first, *rows.columns.drop(first)]]


def answer(model: Path, params: Params, folder: Path, number: int, training: str) -> np.ndarray:
    """The logits to all samples in frames blurred by radius `number`, N x K float32.

    NaN where there is no face. Kept in `folder`.
    """

    def compute() -> np.ndarray:
        samples, faces = drawn()
        pixels = np.load(folder / f"{number}.npy", mmap_mode="r", allow_pickle=False)
        there = found(table(read_json(folder / f"{number}.json")["rows"]))
        asked = samples["source_id"].isin(faces.loc[there, "source_id"]).to_numpy()
        rows = samples[asked].assign(blur_radius=0.0)
        logits = np.full((len(samples), len(params.data.emotions)), np.nan, np.float32)
        if asked.any():
            logits[asked] = ask(model, rows, Faces(pixels, faces), params)
        return logits

    return kept(folder / f"{training}-{number}.npy", compute)


def main() -> None:
    """Write the faces found, radius by radius, and each model's logits: S x radii x N x K."""
    params = load_params()
    strengths = radii(load_extensions().sweep, params.blur)
    make_detector(params.align.detector)  # before the work is named after the code
    models = {
        (name, seed): weights(MODELS_FOLDER / name, seed, params.evaluate.epoch)
        for name in MODELS
        for seed in params.train.seeds
    }
    inputs = {
        "models": [sha256(model) for model in models.values()],
        "faces": sha256(ALIGN / "deployment.csv"),  # with the hash of each raw image
        "rows": sha256(BALANCE / "deployment.csv"),
        "params": params.align.model_dump(exclude={"max_rejected"}),
        "batch": params.evaluate.batch_size,
        "radii": strengths,
    }
    with partial_folder("capture", inputs) as folder:
        calls = [(radius, params, folder / f"{n}.npy") for n, radius in enumerate(strengths)]
        seen = side_by_side(params, look, calls, "find blurred faces")
        write_csv(CAPTURE / "faces.csv", pd.concat(seen))
        asked = [
            (model, params, folder, number, f"{name}-{seed}")
            for (name, seed), model in models.items()
            for number in range(len(strengths))
        ]
        logits = np.stack(side_by_side(params, answer, asked, "ask about them"))
        shape = (len(MODELS), len(params.train.seeds), len(strengths), *logits.shape[1:])
        for name, each in zip(MODELS, logits.reshape(shape), strict=True):
            with atomic(CAPTURE / f"{name}.npy") as temporary:
                np.save(temporary, each, allow_pickle=False)


if __name__ == "__main__":
    stage.run(main)
