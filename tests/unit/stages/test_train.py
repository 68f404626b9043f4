"""Training is repeatable, and continues after a kill to the same bytes."""

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from ferblur.core.errors import UserError
from ferblur.core.files import read_json, sha256
from ferblur.core.params import Train, load_params
from ferblur.model import checkpoint, network
from ferblur.model.checkpoint import Checkpoint
from ferblur.stages import balance, split, train


@pytest.fixture
def ready(aligned: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    edit(train={"epochs": 2, "batch_size": 8})
    balance.main()
    split.main()
    monkeypatch.setattr(sys, "argv", ["train", "baseline"])
    return aligned


def outputs() -> dict[str, str]:
    folders = (Path("models/baseline"), Path("results/train/baseline"))
    return {
        str(path): sha256(path)
        for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()
    }  # fmt: skip


def test_two_runs_give_the_same_bytes(ready: Path) -> None:
    train.main()
    whole = outputs()
    assert {Path(name).name for name in whole} >= {"best.safetensors", "last.safetensors"}
    train.main()
    assert outputs() == whole


@pytest.mark.slow
@pytest.mark.parametrize("kills", [(3, 7)])
def test_a_killed_run_ends_with_the_same_bytes(
    ready: Path, monkeypatch: pytest.MonkeyPatch, kills: tuple[int, ...]
) -> None:
    train.main()
    whole = outputs()
    monkeypatch.setattr(checkpoint, "ASK_EVERY", 1)
    monkeypatch.setattr(checkpoint, "period", lambda: 0)
    save, step, taken = Checkpoint.save, Checkpoint.due, []

    def saved(self: Checkpoint, *arguments: object, **loop: object) -> None:
        if left and not left.pop():
            raise KeyboardInterrupt  # before this step is safe
        save(self, *arguments, **loop)  # type: ignore[arg-type]

    def due(self: Checkpoint, number: int) -> bool:
        taken.append(number)
        return step(self, number)

    monkeypatch.setattr(Checkpoint, "save", saved)
    monkeypatch.setattr(Checkpoint, "due", due)
    for kill in kills:
        left = [False, *[True] * kill]
        with pytest.raises(KeyboardInterrupt):
            train.main()
    left = []
    train.main()
    assert outputs() == whole
    assert not list(Path(".partial").glob("train@baseline/*"))
    rows = len(pd.read_csv("data/split/baseline.csv").query("split == 'train'"))
    steps = 2 * -(-rows // load_params().train.batch_size)
    assert steps <= len(taken) <= steps + len(kills)  # a kill costs the step not saved, at most


def test_a_kill_between_outputs_leaves_all_that_is_needed(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train.main()
    whole = outputs()

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(train, "publish", killed)
        train.main()
    for file in Path("models/baseline").iterdir():
        file.unlink()  # DVC deletes what is there before it runs a stage
    train.main()
    assert outputs() == whole


@pytest.mark.parametrize("arguments", [[], ["third"], ["baseline", "second"]])
def test_a_model_that_is_not_there_is_named(
    ready: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["train", *arguments])
    with pytest.raises(UserError, match=r"^name one model, baseline or second, not"):
        train.main()


def test_training_that_diverges_is_said(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(params: Train) -> network.Network:
        model = network.Network(params)
        torch.nn.init.constant_(model.googlenet.fc.bias, float("nan"))
        return model

    monkeypatch.setattr(network, "build", broken)
    with pytest.raises(UserError, match=r"not a number; lower train.learning_rate"):
        train.main()


def test_curves_and_summary_agree(ready: Path) -> None:
    train.main()
    folder = Path("results/train/baseline")
    lines = (folder / "plots/metrics/val/accuracy.tsv").read_text().splitlines()[1:]
    accuracies = [float(line.split("\t")[1]) for line in lines]
    assert len(accuracies) == 2
    summary = read_json(folder / "summary.json")
    assert summary["last"]["epoch"] == 2
    assert summary["last"]["val/accuracy"] == pytest.approx(accuracies[-1])
    assert summary["best"]["epoch"] == accuracies.index(max(accuracies)) + 1
