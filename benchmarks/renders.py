"""How accuracy on photographs grows with the rendered faces that training starts from.

    make photographs
    make renders         # portable arithmetic: hours on two cores

On a GPU it takes minutes, after `source .venv/bin/activate`:

    python benchmarks/renders.py --arithmetic float32

Fits networks to the demo's training pool and to a growing number of the rendered faces of the stage
`pretrain`, then both models to the photographs, from each of these and from random weights, once
from each of `train.seeds`. Faces and samples are those of profiles/photographs.yaml.
`prepare FOLDER` writes the samples as the networks take them and `measure FOLDER` trains on them,
so that the second may run on another machine of yours. FOLDER then holds pixels of the photographs
and weights fitted to them: delete it afterwards, on both. Writes `benchmarks/renders.json`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from ferblur.core import arithmetic
from ferblur.core.errors import UserError, one_line
from ferblur.core.files import read_json, write_csv, write_json, write_text
from ferblur.core.params import PARAMS, Params, Train, load_params
from ferblur.core.ranks import Ranks, cores
from ferblur.core.study import EMOTIONS, MODELS, TASKS

RENDERS = Path("benchmarks/renders.json")
PROFILE = Path("profiles/photographs.yaml")
DATASET = Path("datasets/photographs")
STAGES = ("prepare", "align", "balance", "split")

STARTS = {"demo": (1.0, 30), "1/5": (0.2, 16), "all": (1.0, 8)}
"""Shares of the people rendered that a network is fitted to, and epochs: fewer faces, more of them.

`demo` is the demo's training pool, the others are of the faces of the stage `pretrain`.
"""


class Stored:
    """Samples as they were written: what `fit` and `predict` read of `Samples`."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray) -> None:
        self.pixels, self.labels = pixels, labels

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Several samples: N x S x S x 3 uint8, and N int64 labels."""
        return self.pixels[indices], self.labels[indices]


def store(folder: Path, name: str, faces: Any, rows: pd.DataFrame, params: Train) -> None:
    """Write a manifest's samples as the network takes them, N x S x S x 3 uint8, and their rows.

    The rows do not say which file a sample is of: the photographs' names are those of people.
    """
    from ferblur.dataset.samples import Samples

    samples = Samples(faces, rows, params.input_size, params.channel_order)
    batches = [samples.batch(range(i, min(i + 64, len(rows))))[0] for i in range(0, len(rows), 64)]
    np.save(folder / f"{name}.npy", np.concatenate(batches))
    write_csv(folder / f"{name}.csv", rows.filter(["label", "split", "subject"]))


def stored(folder: Path, name: str, rows: Any = slice(None)) -> Stored:
    """Samples that `store` wrote, or some of their rows."""
    table = pd.read_csv(folder / f"{name}.csv", keep_default_na=False)
    places = np.arange(len(table))[rows]
    pixels = np.load(folder / f"{name}.npy")
    return Stored(pixels[places], table["label"].to_numpy(np.int64)[places])


def prepare(folder: Path, params: Params) -> None:
    """Render, align, balance, split; write the samples of everything that `measure` needs."""
    from ferblur.alignment.detection import make_detector
    from ferblur.alignment.shards import align_pool, merge_pool
    from ferblur.dataset.faces import Faces
    from ferblur.dataset.manifest import read_manifest
    from ferblur.rendering.clips import plan
    from ferblur.rendering.studio import render
    from ferblur.stages import pretrain

    detector = make_detector(params.align.detector)
    demo = params.synthesize.model_copy(
        update={"duplicates": params.synthesize.duplicates.model_copy(update={"train": 0})}
    )
    for name, drawn in {"frames": pretrain.rendered(params), "demo": demo}.items():
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            here, frames = Path(temporary), plan(drawn, "train")
            render(drawn, frames, here)
            listed = pretrain.listed(frames)
            align_pool(listed, here, "train", here, detector, params.align, Ranks())
            merge_pool(listed, "train", here, params.align)
            faces = Faces.open(here, "train")
            rows = pretrain.manifest(faces.table, drawn.subjects.train, params.pretrain.seed)
            rows["subject"] = faces.table["subject"].to_numpy()
            store(folder, name, faces, rows, params.train)

    with tempfile.TemporaryDirectory() as temporary:
        here = Path(temporary)
        write_text(here / PARAMS, PROFILE.read_text(encoding="utf-8"))
        (here / DATASET.parent).mkdir()
        (here / DATASET).symlink_to(DATASET.resolve())
        for stage in STAGES:
            command = [sys.executable, "-m", f"ferblur.stages.{stage}"]
            subprocess.run(command, cwd=here, check=True)
        train, unseen = (Faces.open(here / "data/align", pool) for pool in ("train", "deployment"))
        for model in MODELS:
            rows = read_manifest(here / f"data/split/{model}.csv")
            store(folder, model, train, rows, params.train)
        rows = read_manifest(here / "data/balance/deployment.csv")
        for level, radius in params.blur.radii().items():
            store(folder, level, unseen, rows.assign(blur_radius=radius), params.train)


def pretrained(folder: Path, params: Params, start: str) -> dict[str, Any]:
    """Fit a network to the rendered faces of a start; leave it where `network.build` looks."""
    from ferblur.model.network import RENDERED
    from ferblur.model.training import fit
    from ferblur.stages import pretrain

    name = "demo" if start == "demo" else "frames"
    table = pd.read_csv(folder / f"{name}.csv", keep_default_na=False)
    share, epochs = STARTS[start]
    way = pretrain.recipe(params).model_copy(
        update={"epochs": epochs, "arithmetic": params.train.arithmetic}
    )
    fitted = (table["split"] == "train") & (table["subject"] < share * table["subject"].max())
    here = folder / start.replace("/", "-")
    (here / RENDERED.parent).mkdir(parents=True, exist_ok=True)
    sets = (fitted, table["split"] == "val")
    train, val = (stored(folder, name, rows.to_numpy()) for rows in sets)
    history = fit(train, val, way, len(EMOTIONS), here, Ranks())  # type: ignore[arg-type]
    (here / "last.safetensors").replace(here / RENDERED)
    return {
        "faces": len(train),
        "people": int(table.loc[fitted, "subject"].nunique()),
        "epochs": epochs,
        "unseen rendered people": history[-1]["val/accuracy"],
    }


def trained(folder: Path, params: Params, start: str, model: str, seed: int) -> dict[str, float]:
    """Fit a model to the photographs from a start; returns its accuracy by task."""
    from ferblur.model import network
    from ferblur.model.device import choose_device
    from ferblur.model.training import deterministic, fit, predict

    here = folder / start.replace("/", "-")
    here.mkdir(exist_ok=True)
    os.chdir(here)  # where its weights are looked for
    once = params.train.once(seed).model_copy(
        update={"weights": "none" if start == "random" else "rendered"}
    )
    splits = pd.read_csv(folder / f"{model}.csv", keep_default_na=False)["split"]
    sets = {name: stored(folder, model, (splits == name).to_numpy()) for name in set(splits)}
    left = here / f"{model}-{seed}"
    left.mkdir(exist_ok=True)
    classes = len(params.data.emotions)
    fit(sets["train"], sets["val"], once, classes, left, Ranks())  # type: ignore[arg-type]
    device = choose_device(once.arithmetic)
    fitted = network.load(left / "last.safetensors").to(device)
    found = {}
    for task in TASKS:
        samples: Any = sets["test"] if task == "test" else stored(folder, task)
        with deterministic(device, once.arithmetic):
            logits, labels = predict(fitted, samples, params.evaluate.batch_size, device)
        found[task] = float((logits.argmax(axis=1) == labels).mean())
    return found


def measure(folder: Path, params: Params, starts: list[str], processes: int) -> dict[str, Any]:
    """Fit the networks of `starts`, then both models from each and from random weights.

    Returns what RENDERS holds.
    """
    from ferblur.model.device import choose_device, device_name

    began = time.monotonic()
    with ProcessPoolExecutor(processes, get_context("spawn")) as workers:
        fitted = {start: workers.submit(pretrained, folder, params, start) for start in starts}
        jobs = {}
        for start in ("random", *fitted):
            if start in fitted:
                fitted[start].result()
            for model in MODELS:
                for seed in params.train.seeds:
                    job = (folder, params, start, model, seed)
                    jobs[start, model, seed] = workers.submit(trained, *job)
        found = {job: each.result() for job, each in tqdm(jobs.items(), disable=None)}
    return {
        "device": device_name(choose_device(params.train.arithmetic)),
        "arithmetic": params.train.arithmetic,
        "seconds": round(time.monotonic() - began),
        "starts": {
            start: {
                **({} if start == "random" else fitted[start].result()),
                **{
                    model: {
                        task: [found[start, model, seed][task] for seed in params.train.seeds]
                        for task in TASKS
                    }
                    for model in MODELS
                },
            }
            for start in ("random", *fitted)
        },
    }


def main() -> None:
    """Prepare, measure, or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", nargs="?", choices=("prepare", "measure"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--starts", nargs="*", choices=STARTS, default=list(STARTS))
    parser.add_argument("--arithmetic", default=arithmetic.PORTABLE)
    parser.add_argument("--processes", type=int, default=cores())
    arguments = parser.parse_args()
    if arguments.step and not arguments.folder:
        raise UserError(f"{arguments.step}: name the FOLDER of the samples too")
    if arguments.step != "measure" and not DATASET.is_dir():
        raise UserError(f"{DATASET}: not there; make photographs fetches it")
    params = load_params(PROFILE)
    train = params.train.model_copy(update={"arithmetic": arguments.arithmetic})
    params = params.model_copy(update={"train": train})
    arithmetic.pin(arguments.arithmetic == arithmetic.PORTABLE)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if arguments.step != "measure":
            prepare(folder, params)
        if arguments.step != "prepare":
            write_json(RENDERS, measure(folder, params, arguments.starts, arguments.processes))
            print(json.dumps(read_json(RENDERS), indent=2))


if __name__ == "__main__":
    with one_line():
        main()
