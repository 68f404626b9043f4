"""What an expression changes in a face, how fine it is, and where the models look.

Beyond the paper. What expressions change is that of rendered people, whatever the dataset is.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.beyond import attention
from ferblur.beyond.changes import ACTIONS, Change, changes, person, prototype
from ferblur.beyond.params import load_extensions
from ferblur.beyond.processes import kept, side_by_side
from ferblur.core import stage
from ferblur.core.files import sha256, write_csv
from ferblur.core.params import Params, load_params
from ferblur.core.resume import partial_folder
from ferblur.core.study import EMOTIONS, MODELS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.dataset.samples import Samples
from ferblur.model import network
from ferblur.model.device import choose_device
from ferblur.model.training import deterministic
from ferblur.rendering.renderer import compile_kernel

ALIGN = Path("data/align")
BALANCE = Path("data/balance")
EXPLAIN = Path("data/explain")
MODELS_FOLDER = Path("models")


def changed(number: int, seed: int, emotions: tuple[str, ...], path: Path) -> np.ndarray:
    """What each emotion, then each facial action alone, changes in a person: rows of a Change."""
    shown = [prototype(emotion, number) for emotion in emotions]
    shown += [{action: 1.0} for action in ACTIONS]
    return kept(path, lambda: np.array(changes(person(seed, number), shown)))


def looked(weights: Path, radius: float, params: Params, path: Path) -> np.ndarray:
    """Mean share of the evidence at each place, by actual class: K x h x w float64."""

    def compute() -> np.ndarray:
        device = choose_device(params.train.arithmetic)
        model = network.load(weights).to(device)
        faces, rows = Faces.open(ALIGN, "deployment"), read_manifest(BALANCE / "deployment.csv")
        size, order = model.params.input_size, model.params.channel_order
        samples = Samples(faces, rows.assign(blur_radius=radius), size, order)
        with deterministic(device, params.train.arithmetic):
            found = attention.evidence(model, samples, params.evaluate.batch_size, device)
        shares = attention.shares(*found)
        return attention.mean_by_class(shares, samples.labels, model.classes)

    return kept(path, compute)


def table(found: np.ndarray, what: str, names: tuple[str, ...]) -> pd.DataFrame:
    """A row for each name and person of names x people x 3."""
    index = pd.MultiIndex.from_product([names, range(found.shape[1])], names=[what, "person"])
    rows = found.reshape(-1, len(Change._fields))
    return pd.DataFrame(rows, index, columns=list(Change._fields)).reset_index()


def main() -> None:
    """Write expressions.csv and actions.csv of rendered people, attention.csv of both models."""
    params, wanted = load_params(), load_extensions().explain
    classes, radii = params.data.emotions, params.blur.radii()
    emotions = tuple(emotion for emotion in classes if emotion in EMOTIONS)
    trainings = [(model, seed) for model in MODELS for seed in params.train.seeds]
    weights = [
        MODELS_FOLDER / model / str(seed) / f"{params.evaluate.epoch}.safetensors"
        for model, seed in trainings
    ]
    inputs = {
        "explain": wanted.model_dump(),
        "emotions": classes,
        "models": [sha256(path) for path in weights],
        "faces": [sha256(ALIGN / f"deployment.{kind}") for kind in ("csv", "npy")],
        "rows": sha256(BALANCE / "deployment.csv"),
        "asked": [radii, params.evaluate.batch_size, params.train.arithmetic],
    }
    with partial_folder("explain", inputs) as done:
        compile_kernel()
        people = [
            (number, wanted.seed, emotions, done / f"person-{number}.npy")
            for number in range(wanted.people)
        ]
        found = np.stack(side_by_side(params, changed, people, "explain expressions"), axis=1)
        write_csv(EXPLAIN / "expressions.csv", table(found[: len(emotions)], "emotion", emotions))
        write_csv(EXPLAIN / "actions.csv", table(found[len(emotions) :], "action", ACTIONS))
        asked = [(*training, level) for training in trainings for level in radii]
        calls = [
            (path, radius, params, done / f"{model}-{seed}-{level}.npy")
            for (model, seed), path in zip(trainings, weights, strict=True)
            for level, radius in radii.items()
        ]
        maps = side_by_side(params, looked, calls, "explain attention")
        rows = [
            (*what, classes[label], row, column, share)
            for what, of_class in zip(asked, maps, strict=True)
            for (label, row, column), share in np.ndenumerate(of_class)
        ]
        columns = ["model", "seed", "level", "emotion", "row", "column", "share"]
        write_csv(EXPLAIN / "attention.csv", pd.DataFrame(rows, columns=columns))


if __name__ == "__main__":
    stage.run(main)
