"""Training is repeatable, and continues after a kill to the same bytes."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ferblur import training
from ferblur.files import read_json, sha256
from ferblur.stages import balance, split, train


@pytest.fixture
def ready(aligned: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    edit(train={"epochs": 3})
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


def test_two_runs_and_a_killed_one_give_the_same_bytes(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train.main()
    whole = outputs()
    assert {Path(name).name for name in whole} >= {"best.safetensors", "last.safetensors"}
    train.main()
    assert outputs() == whole

    epochs = iter([None, None, KeyboardInterrupt()])

    def killed(*arguments: object) -> dict[str, float]:
        if error := next(epochs):
            raise error
        return training.train_one_epoch(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(train, "train_one_epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        train.main()
    assert list(Path(".partial/train@baseline").glob("*/checkpoint.pt"))

    resumed = []

    def counted(*arguments: object) -> dict[str, float]:
        resumed.append(1)
        return training.train_one_epoch(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(train, "train_one_epoch", counted)
    train.main()
    assert len(resumed) == 1
    assert outputs() == whole


def test_curves_and_summary_agree(ready: Path) -> None:
    train.main()
    folder = Path("results/train/baseline")
    lines = (folder / "plots/metrics/val/accuracy.tsv").read_text().splitlines()[1:]
    accuracies = [float(line.split("\t")[1]) for line in lines]
    assert len(accuracies) == 3
    summary = read_json(folder / "summary.json")
    assert summary["last"]["epoch"] == 3
    assert summary["last"]["val/accuracy"] == pytest.approx(accuracies[-1])
    assert summary["best"]["epoch"] == accuracies.index(max(accuracies)) + 1
