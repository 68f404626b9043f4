"""Train one of the two models (section IV): `python -m ferblur.stages.train baseline`."""

import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from dvclive.live import Live
from tqdm import tqdm

from ferblur import device as devices
from ferblur import manifest as manifests
from ferblur import network, stages
from ferblur.faces import Faces
from ferblur.files import atomic, sha256, write_json
from ferblur.params import Train, load
from ferblur.partial import partial_folder, publish
from ferblur.samples import Samples
from ferblur.training import (
    batches,
    cross_entropy,
    deterministic,
    make_optimizer,
    make_schedule,
    predict,
    train_one_epoch,
)

FACES = Path("data/align")
SOURCE = Path("data/split")
MODELS = Path("models")
RESULTS = Path("results/train")


def fit(train: Samples, val: Samples, params: Train, folder: Path) -> list[dict[str, float]]:
    """Train for `params.epochs` epochs, leaving `last` and `best` weights in `folder`.

    The best epoch has the highest validation accuracy, the earliest of equals. State is saved
    after each epoch, and every random draw is seeded by the epoch, so a killed run continues from
    its last whole epoch to the same bytes. Returns the curves, one row an epoch.
    """
    device = devices.choose()
    checkpoint = folder / "checkpoint.pt"
    with torch.random.fork_rng(), deterministic():
        torch.manual_seed(params.seed)
        model = network.build(params).to(device)
        optimizer = make_optimizer(model, params)
        steps = -(-len(train) // params.batch_size)
        schedule = make_schedule(optimizer, params, steps)
        history: list[dict[str, float]] = []
        if checkpoint.exists():
            state: dict[str, Any] = torch.load(checkpoint, map_location=device, weights_only=True)
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            schedule.load_state_dict(state["schedule"])
            history = state["history"]
        with tqdm(
            total=params.epochs, initial=len(history), desc="train", unit="epoch", disable=None
        ) as progress:
            for epoch in range(len(history), params.epochs):
                seed = params.seed + 1000 * (epoch + 1)
                torch.manual_seed(seed)  # dropout
                fitted = train_one_epoch(
                    model, batches(train, params.batch_size, seed), optimizer, schedule, device
                )
                logits, labels = predict(model, batches(val, params.batch_size), device)
                row = {
                    "train/loss": fitted["loss"],
                    "train/accuracy": fitted["accuracy"],
                    "val/loss": cross_entropy(logits, labels),
                    "val/accuracy": float((logits.argmax(axis=1) == labels).mean()),
                }
                if all(row["val/accuracy"] > past["val/accuracy"] for past in history):
                    network.save(folder / "best.safetensors", model)
                history.append(row)
                with atomic(checkpoint) as temporary:
                    torch.save(
                        {
                            "model": model.state_dict(),
                            "optimizer": optimizer.state_dict(),
                            "schedule": schedule.state_dict(),
                            "history": history,
                        },
                        temporary,
                    )
                progress.set_postfix({key: f"{value:.3f}" for key, value in row.items()})
                progress.update()
        network.save(folder / "last.safetensors", model)
    return history


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
    """Train the model named on the command line and publish weights and curves."""
    name = sys.argv[1]
    params = load().train
    device = devices.choose()
    print(f"train {name} on {device.type} in {devices.precision(params.precision, device)}")
    manifest_path = SOURCE / f"{name}.csv"
    inputs = {
        "params": params.model_dump(),
        "manifest": sha256(manifest_path),
        "faces": sha256(FACES / "train.npy"),
        "device": device.type,
    }
    rows = manifests.read(manifest_path)
    faces = Faces.open(FACES, "train")
    train, val = (
        Samples(faces, rows[rows["split"] == split], params.input_size, params.channel_order)
        for split in ("train", "val")
    )
    with partial_folder(f"train@{name}", inputs) as folder:
        history = fit(train, val, params, folder)
        log_curves(folder / "curves", history)
        for epoch in ("best", "last"):
            file = f"{epoch}.safetensors"
            publish(folder / file, MODELS / name / file)
        publish(folder / "curves", RESULTS / name)


if __name__ == "__main__":
    stages.run(main)
