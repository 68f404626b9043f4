"""How the gap between the own test set and unseen people follows from the structure of the data.

    make structure       # a quarter of an hour on two cores; needs no run of the pipeline

Renders the training pool three times with as many images, as few long clips, as many short ones,
and as single stills; trains the baseline on each and scores it. People, faces, expressions and
labels are drawn in the same way in all three. The seed is not the committed run's. Writes
`benchmarks/structure.json`.
"""

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from tqdm import tqdm

from ferblur.core.files import read_json, write_json
from ferblur.core.ranks import cores
from ferblur.core.study import TASKS

STRUCTURE = Path("benchmarks/structure.json")
SEED = 77

STRUCTURES = {"few long clips": (40, 36), "short clips": (90, 8), "single stills": (90, 1)}
"""People in the training pool, and frames of each clip."""

STAGES = ("synthesize", "prepare", "align", "balance", "split", "train", "evaluate")


def parameters(people: int, frames: int) -> dict[str, Any]:
    """The demo's parameters with another structure of the training pool."""
    params: dict[str, Any] = yaml.safe_load(Path("profiles/demo.yaml").read_text(encoding="utf-8"))
    drawn = params["synthesize"]
    images = {
        emotion: clips * drawn["frames"]["train"]
        for emotion, clips in drawn["clips"]["train"].items()
    }
    drawn["seed"] = SEED
    drawn["subjects"]["train"] = people
    drawn["frames"]["train"] = frames
    drawn["clips"]["train"] = {emotion: round(count / frames) for emotion, count in images.items()}
    params["train"]["seeds"] = [1]
    return params


def measured(name: str) -> dict[str, Any]:
    """Render, train and score one structure in a folder of its own."""
    people, frames = STRUCTURES[name]
    params = parameters(people, frames)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        for stage in STAGES:
            training = ["baseline", "1"] if stage in ("train", "evaluate") else []
            subprocess.run(
                [sys.executable, "-m", f"ferblur.stages.{stage}", *training],
                cwd=folder, env=os.environ | {"FERBLUR_PROCESSES": "1"}, check=True,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
        scores = read_json(folder / "results/evaluate/baseline/1/scores.json")
        return {
            "people": people,
            "clips": sum(params["synthesize"]["clips"]["train"].values()),
            "frames": frames,
            "images": len(pd.read_csv(folder / "data/align/train.csv")),
            "accuracy": {task: scores[task]["accuracy"] for task in TASKS},
        }


def main() -> None:
    """Measure the structures side by side."""
    with ThreadPoolExecutor(cores()) as workers:
        runs = workers.map(measured, STRUCTURES)
        found = dict(zip(STRUCTURES, tqdm(runs, total=len(STRUCTURES), disable=None), strict=True))
    write_json(STRUCTURE, {"seed": SEED, "baseline": found})
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
