"""Train one of the two models (section IV): `python -m ferblur.stages.train baseline`."""

import shutil
import sys
from pathlib import Path

import torch
from dvclive.live import Live
from tqdm import tqdm

from ferblur import device as devices
from ferblur import manifest as manifests
from ferblur import network, stages
from ferblur.checkpoint import Checkpoint
from ferblur.faces import Faces
from ferblur.files import atomic, sha256, write_json
from ferblur.params import Train, load
from ferblur.partial import partial_folder, publish
from ferblur.ranks import Ranks, joined
from ferblur.samples import Samples
from ferblur.training import (
    cross_entropy,
    deterministic,
    make_optimizer,
    make_schedule,
    predict,
    read,
    readers,
    shuffled,
    spread,
    train_one_epoch,
)

FACES = Path("data/align")
SOURCE = Path("data/split")
MODELS = Path("models")
RESULTS = Path("results/train")


def fit(
    train: Samples, val: Samples, params: Train, folder: Path, ranks: Ranks
) -> list[dict[str, float]]:
    """Train for `params.epochs` epochs, leaving `last` and `best` weights in `folder`.

    The best epoch has the highest validation accuracy, the earliest of equals. A killed run
    continues from its last checkpoint, at most some seconds old, to the same bytes. Returns the
    curves, one row an epoch.
    """
    device = devices.choose(params.arithmetic)
    with (
        torch.random.fork_rng([device] if device.type == "cuda" else []),
        deterministic(device, params.arithmetic),
    ):
        torch.manual_seed(params.seed)
        model = network.build(params).to(device)
        optimizer = make_optimizer(model, params)
        steps = -(-len(train) // params.batch_size)
        schedule = make_schedule(optimizer, params, steps)
        called = spread(model, device, ranks)
        checkpoint = Checkpoint(
            folder / "checkpoint.pt", device, ranks,
            model=model, optimizer=optimizer, schedule=schedule,
        )  # fmt: skip
        history: list[dict[str, float]] = []
        step, totals = 0, torch.zeros(3, dtype=torch.float64, device=device)
        if (found := checkpoint.load()) is not None:
            loop, totals = found
            step, history = loop["step"], loop["history"]
        progress = tqdm(
            total=params.epochs * steps, initial=len(history) * steps + step,
            desc="train", unit="step", disable=None if ranks.first else True,
        )  # fmt: skip

        def after_step(totals: torch.Tensor) -> None:
            nonlocal step
            step += 1
            progress.update()
            if checkpoint.due(step):
                checkpoint.save(totals, step=step, history=history)

        for epoch in range(len(history), params.epochs):
            seed = params.seed + 1000 * (epoch + 1)
            if step == 0:
                torch.manual_seed(seed + ranks.rank)  # dropout
            order = shuffled(len(train), params.batch_size, seed)[step:]
            fitted = train_one_epoch(
                called, params, read(train, order, readers(device), ranks),
                optimizer, schedule, device, ranks, totals, after_step,
            )  # fmt: skip
            ranks.copy(model.buffers())  # BatchNorm's
            logits, labels = predict(model, val, params.batch_size, device, ranks)
            row = {
                "train/loss": fitted["loss"],
                "train/accuracy": fitted["accuracy"],
                "val/loss": cross_entropy(logits, labels),
                "val/accuracy": float((logits.argmax(axis=1) == labels).mean()),
            }
            if ranks.first and all(row["val/accuracy"] > past["val/accuracy"] for past in history):
                network.save(folder / "best.safetensors", model)
            history.append(row)
            step, totals = 0, torch.zeros_like(totals)
            checkpoint.save(totals, step=step, history=history)
            progress.set_postfix({key: f"{value:.3f}" for key, value in row.items()})
        progress.close()
        if ranks.first:
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
    name = manifests.model(sys.argv[1:])
    params = load().train
    manifest_path = SOURCE / f"{name}.csv"
    with joined() as ranks:
        device = devices.choose(params.arithmetic)
        computed = {
            "arithmetic": devices.arithmetic(params.arithmetic, device),
            "device": devices.name(device),
            "ranks": ranks.size,
            "torch": torch.__version__,
        }
        inputs = {
            "params": params.model_dump(),
            "manifest": sha256(manifest_path),
            "faces": sha256(FACES / "train.npy"),
            **computed,
        }
        if ranks.first:
            print(f"train {name}: {computed['device']}, {computed['arithmetic']}", flush=True)
        rows = manifests.read(manifest_path)
        faces = Faces.open(FACES, "train")
        train, val = (
            Samples(faces, rows[rows["split"] == split], params.input_size, params.channel_order)
            for split in ("train", "val")
        )
        with partial_folder(f"train@{name}", inputs, ranks) as folder:
            history = fit(train, val, params, folder, ranks)
            if ranks.first:
                log_curves(folder / "curves", history)
                write_json(folder / "curves/computed.json", computed)
                for epoch in ("best", "last"):
                    with atomic(MODELS / name / f"{epoch}.safetensors") as temporary:
                        shutil.copyfile(folder / f"{epoch}.safetensors", temporary)
                publish(folder / "curves", RESULTS / name)


if __name__ == "__main__":
    stages.run(main)
