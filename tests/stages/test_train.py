"""Training is repeatable, and continues after a kill to the same bytes."""

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ferblur import checkpoint
from ferblur.checkpoint import Checkpoint
from ferblur.files import read_json, sha256
from ferblur.params import load
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


@pytest.mark.parametrize("kills", [(1, 5), (3, 7)])
def test_a_killed_run_ends_with_the_same_bytes(
    ready: Path, monkeypatch: pytest.MonkeyPatch, kills: tuple[int, ...]
) -> None:
    train.main()
    whole = outputs()
    monkeypatch.setattr(checkpoint, "STEPS", 1)
    monkeypatch.setattr(checkpoint, "seconds", lambda: 0)
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
    steps = 2 * -(-rows // load().train.batch_size)
    assert steps <= len(taken) <= steps + len(kills)  # a kill costs the step not saved, at most


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
