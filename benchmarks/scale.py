"""The study's own sizes on this machine: seconds, memory and disk of an epoch of training.

`make scale` (after make repro) repeats the built-in dataset's aligned faces to a pool of the size
the study balanced, runs `balance` and `split` on it with the `affwild2` profile, reads all 96,240
samples of the second model once, and trains it for one epoch from random weights, which costs what
training from ImageNet's does. The memory that matters is anonymous: pages of the pool are the
kernel's to drop. Prints a table and writes benchmarks/scale.json.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import torch
import yaml

from ferblur.core.files import write_json
from ferblur.core.params import load_params
from ferblur.core.ranks import cores
from ferblur.core.study import EMOTIONS, MODELS, POOLS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.dataset.samples import Samples
from ferblur.model.device import arithmetic_on, choose_device
from ferblur.model.training import in_order, prefetch, reader_threads
from train import flops_per_image

HERE = Path(__file__).parent
MAJORITY = 13_040
"""Faces of happiness, the study's largest class after rejects; the others get half as many."""


def repeat(pool: str, counts: list[int], target: Path) -> None:
    """Write a pool of `counts` faces a class, the built-in dataset's over and over."""
    faces = Faces.open(Path("data/align"), pool)
    shape = (sum(counts), *faces.pixels.shape[1:])
    pixels = np.lib.format.open_memmap(target / f"{pool}.npy", "w+", np.uint8, shape)
    rows, start = [], 0
    for label, (emotion, count) in enumerate(zip(EMOTIONS, counts, strict=True)):
        own = np.flatnonzero(faces.table["label"] == label)
        for first in range(0, count, len(own)):
            some = own[: count - first]
            pixels[start + first : start + first + len(some)] = faces.pixels[some]
        rows += [(f"{emotion}/{n}.jpg", label, emotion, "", "aligned") for n in range(count)]
        start += count
    pixels.flush()
    table = pd.DataFrame(rows, columns=["source_id", "label", "emotion", "subject", "status"])
    table.to_csv(target / f"{pool}.csv", index=False)


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Measure seconds, and the most anonymous memory that this process's children held at once."""
    found = {"seconds": 0.0, "anonymous_mib": 0.0}
    done = threading.Event()

    def anonymous(process: psutil.Process) -> int:
        try:
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    return int(line.split()[1])
        except OSError:  # it has ended
            pass
        return 0

    def watch() -> None:
        while not done.wait(0.1):
            children = psutil.Process().children(recursive=True)
            held = sum(anonymous(child) for child in children) / 1024
            found["anonymous_mib"] = max(found["anonymous_mib"], held)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    try:
        yield found
    finally:
        found["seconds"] = time.monotonic() - start
        done.set()
        watcher.join()


def read_all() -> None:
    """Read every sample of the second model once, in the current folder."""
    params = load_params().train
    rows = read_manifest(Path("data/split/second.csv"))
    samples = Samples(
        Faces.open(Path("data/align"), "train"), rows, params.input_size, params.channel_order
    )
    batches = in_order(len(samples), params.batch_size)
    threads = reader_threads(choose_device(params.arithmetic))
    seen = sum(len(batch.labels) for batch in prefetch(samples, batches, threads))
    print(json.dumps({"rows": seen}))


def run(folder: Path, *command: str) -> dict[str, float]:
    """Run Python in the folder; returns seconds and memory."""
    with watched() as found:
        subprocess.run([sys.executable, *command], cwd=folder, check=True)
    return found


def measure(folder: Path, root: Path) -> dict[str, Any]:
    """Everything, in a folder of its own."""
    params = yaml.safe_load((root / "profiles/affwild2.yaml").read_text())
    epochs = params["train"]["epochs"]
    params["train"] |= {"weights": "none", "epochs": 1}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    (folder / "data/align").mkdir(parents=True)
    counts = [MAJORITY if emotion == "happiness" else MAJORITY // 2 for emotion in EMOTIONS]
    repeat("train", counts, folder / "data/align")
    repeat("deployment", [params["balance"]["deployment_per_class"]] * 6, folder / "data/align")
    stages = {name: run(folder, "-m", f"ferblur.stages.{name}") for name in ("balance", "split")}
    stages["read"] = run(folder, str(HERE.resolve() / "scale.py"), "--read")
    stages["train"] = run(folder, "-m", "ferblur.stages.train", "second")
    disk = sum(path.stat().st_size for path in (folder / "data").rglob("*") if path.is_file())
    train = load_params(folder / "params.yaml").train
    splits = {}
    for name in MODELS:
        rows = read_manifest(folder / f"data/split/{name}.csv")
        splits[name] = {"rows": len(rows)} | rows["split"].value_counts().to_dict()
    flops = flops_per_image(train)
    # images of all epochs; a prediction is about a third of a step
    images = {name: epochs * (s["train"] + s["val"] / 3) for name, s in splits.items()}
    total = flops * sum(images.values())
    speed = images["second"] / epochs / stages["train"]["seconds"]
    return {
        "cores": cores(),
        "torch": torch.__version__,
        "arithmetic": arithmetic_on(train.arithmetic, choose_device(train.arithmetic)),
        "input_size": train.input_size,
        "faces": {pool: len(pd.read_csv(folder / f"data/align/{pool}.csv")) for pool in POOLS},
        "samples": splits,
        "stages": stages,
        "data_gib": disk / 2**30,
        "gflop_per_image": flops / 1e9,
        "both_trainings": {
            "pflop": total / 1e15,
            "hours_here": sum(images.values()) / speed / 3600,
            "hours_at_10_tflop_per_second": total / 1e13 / 3600,
        },
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--read", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read_all()
        return
    Path(".partial").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=".partial"))  # on disk; /tmp may be in memory
    try:
        found = measure(folder, Path.cwd())
    finally:
        shutil.rmtree(folder)
    print(f"{'':10} {'seconds':>9} {'anonymous MiB':>14}")
    for name, used in found["stages"].items():
        print(f"{name:10} {used['seconds']:9.0f} {used['anonymous_mib']:14.0f}")
    both = found["both_trainings"]
    print(
        f"data on disk {found['data_gib']:.1f} GiB; both models: "
        f"{both['pflop']:.1f} PFLOP, {both['hours_here']:.0f} hours here, "
        f"{both['hours_at_10_tflop_per_second']:.1f} on a GPU that sustains 10 TFLOP/s"
    )
    write_json(HERE / "scale.json", found)


if __name__ == "__main__":
    main()
