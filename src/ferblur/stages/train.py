"""Train a model from a seed (section IV): `python -m ferblur.stages.train baseline 1`."""

import shutil
import sys
from pathlib import Path

import torch
from dvclive.live import Live

from ferblur.core import stage
from ferblur.core.files import atomic, digest, sha256, write_json
from ferblur.core.params import load_params
from ferblur.core.ranks import joined
from ferblur.core.resume import partial_folder, publish
from ferblur.core.study import training_named
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.dataset.samples import Samples
from ferblur.model.device import arithmetic_on, choose_device, device_name
from ferblur.model.training import fit

ALIGN = Path("data/align")
SPLIT = Path("data/split")
WEIGHTS = Path("weights")
MODELS_FOLDER = Path("models")
TRAIN_RESULTS = Path("results/train")


def log_curves(folder: Path, history: list[dict[str, float]]) -> None:
    """Write the curves with DVCLive (Figs. 10 and 11) and a summary of the best and last epoch."""
    shutil.rmtree(folder, ignore_errors=True)
    with Live(str(folder), dvcyaml=None, save_dvc_exp=False, report=None) as live:
        for row in history:
            for name, value in row.items():
                live.log_metric(name, value)
            live.next_step()
    best = max(range(len(history)), key=lambda i: (history[i]["val/accuracy"], -i))
    summary = {
        name: {"epoch": epoch + 1, **history[epoch]}
        for name, epoch in {"best": best, "last": len(history) - 1}.items()
    }
    write_json(folder / "summary.json", summary)


def main() -> None:
    """Train the model named on the command line from its seed; publish weights and curves."""
    params = load_params().train
    name, seed = training_named(sys.argv[1:], params.seeds)
    params = params.once(seed)
    model = MODELS_FOLDER / name / str(seed)
    manifest_path = SPLIT / f"{name}.csv"
    with joined() as ranks:
        device = choose_device(params.arithmetic)
        computed = {
            "arithmetic": arithmetic_on(params.arithmetic, device),
            "device": device_name(device),
            "ranks": ranks.size,
            "torch": torch.__version__,
        }
        inputs = {
            "params": params.model_dump(),
            "manifest": sha256(manifest_path),
            "faces": sha256(ALIGN / "train.npy"),
            "weights": digest(start) if (start := WEIGHTS / params.weights).is_dir() else "",
            **computed,
        }
        if ranks.first:
            where = f"{computed['device']}, {computed['arithmetic']}"
            print(f"train {name} {seed}: {where}", flush=True)
        rows = read_manifest(manifest_path)
        classes = int(rows["label"].max()) + 1  # `balance` leaves no class out
        faces = Faces.open(ALIGN, "train")
        train, val = (
            Samples(faces, rows[rows["split"] == split], params.input_size, params.channel_order)
            for split in ("train", "val")
        )
        with partial_folder(f"train@{name}-{seed}", inputs, ranks) as folder:
            history = fit(train, val, params, classes, folder, ranks)
            if ranks.first:
                log_curves(folder / "curves", history)
                write_json(folder / "curves/computed.json", computed)
                for epoch in ("best", "last"):
                    with atomic(model / f"{epoch}.safetensors") as temporary:
                        shutil.copyfile(folder / f"{epoch}.safetensors", temporary)
                publish(folder / "curves", TRAIN_RESULTS / name / str(seed))


if __name__ == "__main__":
    stage.run(main)
