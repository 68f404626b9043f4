"""Fit GoogLeNet to many rendered faces: the weights of `train.weights: rendered`.

They stand in for ImageNet's, which cannot be fetched everywhere, and know faces only. The faces are
sharp, as captured: a model that starts from them has seen no blurred one unless it is the second.
Not part of the paper. Always in portable arithmetic, on one core: the same weights everywhere.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ferblur.alignment.detection import make_detector
from ferblur.alignment.shards import align_pool, merge_pool
from ferblur.core import stage
from ferblur.core.arithmetic import PORTABLE
from ferblur.core.files import atomic, sha256, write_json
from ferblur.core.params import Params, Synthesize, Train, load_params
from ferblur.core.ranks import Ranks
from ferblur.core.resume import partial_folder
from ferblur.core.study import EMOTIONS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import make_rows, number_rows
from ferblur.dataset.samples import Samples
from ferblur.model.network import RENDERED
from ferblur.model.training import fit
from ferblur.rendering.clips import SIZE, Frame, plan
from ferblur.rendering.studio import render

POOL = "train"
PRETRAIN_RESULTS = Path("results/pretrain.json")

VALIDATION = 0.05
"""Share of the people whom the network is not fitted to."""


def rendered(params: Params) -> Synthesize:
    """What to render: the built-in dataset's kind of clips, with `pretrain`'s numbers and seed."""
    wanted, drawn = params.pretrain, params.synthesize
    each = dict.fromkeys(EMOTIONS, wanted.clips // len(EMOTIONS))
    numbers = {"subjects": wanted.subjects, "clips": each, "frames": wanted.frames, "duplicates": 0}
    changed = {key: drawn.model_dump()[key] | {POOL: number} for key, number in numbers.items()}
    return Synthesize.model_validate(drawn.model_dump() | changed | {"seed": wanted.seed})


def recipe(params: Params) -> Train:
    """How to fit: the demo's way, for input such as the run's own."""
    wanted = params.pretrain
    changed = {
        "seeds": (wanted.seed,), "weights": "none", "dropout": 0.2, "auxiliary_weight": 0.3,
        "epochs": wanted.epochs, "batch_size": wanted.batch_size, "optimizer": "adamw",
        "learning_rate": wanted.learning_rate, "weight_decay": 0.01, "schedule": "one_cycle",
        "arithmetic": PORTABLE,
    }  # fmt: skip
    return Train.model_validate(params.train.model_dump() | changed)


def listed(frames: list[Frame]) -> pd.DataFrame:
    """The frames as `align` takes images, with what is known of each."""
    rows = [(f.file, f.emotion, EMOTIONS.index(f.emotion), str(f.subject)) for f in frames]
    table = pd.DataFrame(rows, columns=["source_id", "emotion", "label", "subject"])
    sized = table.assign(image_height=SIZE, image_width=SIZE)
    return sized.sort_values("source_id", ignore_index=True)


def manifest(faces: pd.DataFrame, people: int, seed: int) -> pd.DataFrame:
    """A sample of each face, at random mirrored or not; the last people are for validation."""
    mirrored = np.random.default_rng(seed).integers(0, 2, len(faces))
    rows = make_rows(faces["source_id"].to_numpy(), faces["label"].to_numpy(), flip=mirrored)
    kept_back = faces["subject"].astype(int).to_numpy() >= people - max(1, int(VALIDATION * people))
    return number_rows([rows.assign(split=np.where(kept_back, "val", "train"))])


def main() -> None:
    """Render, align, fit; publish the weights, and what they were made from and are worth."""
    params = load_params()
    drawn, way, people = rendered(params), recipe(params), params.pretrain.subjects
    detector = make_detector(params.align.detector)
    inputs = {
        "rendered": drawn.model_dump(),
        "align": params.align.model_dump(),
        "train": way.model_dump(),
    }
    with partial_folder("pretrain", inputs) as folder:
        if not (folder / f"{POOL}.csv").exists():  # written after the pixels
            frames = plan(drawn, POOL)
            render(drawn, frames, folder)
            align_pool(listed(frames), folder, POOL, folder, detector, params.align, Ranks())
            merge_pool(listed(frames), POOL, folder, params.align)
            shutil.rmtree(folder / POOL)
        faces = Faces.open(folder, POOL)
        rows = manifest(faces.table, people, params.pretrain.seed)
        train, val = (
            Samples(faces, rows[rows["split"] == split], way.input_size, way.channel_order)
            for split in ("train", "val")
        )
        history = fit(train, val, way, len(EMOTIONS), folder, Ranks())
        with atomic(RENDERED) as temporary:
            shutil.copyfile(folder / "last.safetensors", temporary)
        found: dict[str, Any] = {
            "sha256": sha256(RENDERED),
            "rendered": drawn.frames.train * params.pretrain.clips,
            "faces": len(faces.table),
            "people": people,
            "train": len(train),
            "val": len(val),
            "epochs": history,
        }
        write_json(PRETRAIN_RESULTS, found)
        print(f"val: {history[-1]['val/accuracy']:.3f} on {len(val)} faces of other people")


if __name__ == "__main__":
    stage.run(main)
