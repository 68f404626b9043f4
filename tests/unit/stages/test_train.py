"""Training is repeatable from its seed, and continues after a kill to the same bytes."""

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from face_tables import FIVE, SEVEN
from ferblur.core.errors import UserError
from ferblur.core.files import read_json, sha256
from ferblur.core.params import Train, load_params
from ferblur.model import checkpoint, network
from ferblur.model.checkpoint import Checkpoint
from ferblur.stages import balance, split, train


@pytest.fixture
def ready(aligned: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    edit(train={"epochs": 2, "batch_size": 8, "seeds": [1, 5]})
    balance.main()
    split.main()
    monkeypatch.setattr(sys, "argv", ["train", "baseline", "1"])
    return aligned


def outputs(seed: int = 1) -> dict[str, str]:
    folders = (Path("models/baseline"), Path("results/train/baseline"))
    return {
        str(path.relative_to(folder / str(seed))): sha256(path)
        for folder in folders for path in sorted((folder / str(seed)).rglob("*")) if path.is_file()
    }  # fmt: skip


def test_two_runs_give_the_same_bytes(ready: Path) -> None:
    train.main()
    whole = outputs()
    assert set(whole) > {"best.safetensors", "last.safetensors", "summary.json", "computed.json"}
    train.main()
    assert outputs() == whole


def test_a_training_depends_on_its_own_seed_alone(
    ready: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    train.main()
    whole = outputs()
    edit(train={"seeds": [5, 1, 8]})
    train.main()
    assert outputs() == whole
    monkeypatch.setattr(sys, "argv", ["train", "baseline", "5"])
    train.main()
    assert outputs() == whole
    other = outputs(5)
    assert set(other) == set(whole)
    for weights in ("best.safetensors", "last.safetensors"):
        assert other[weights] != whole[weights]
    assert network.load(Path("models/baseline/5/last.safetensors")).params.seeds == (5,)


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
        assert list(Path(".partial/train@baseline-1").glob("*/checkpoint.pt"))
    left = []
    train.main()
    assert outputs() == whole
    assert not list(Path(".partial").glob("train@*/*"))
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
    for file in Path("models/baseline/1").iterdir():
        file.unlink()  # DVC deletes what is there before it runs a stage
    train.main()
    assert outputs() == whole


@pytest.mark.parametrize(
    "named", ["", "baseline", "third 1", "baseline 2", "baseline 1 5", "1 baseline"]
)
def test_a_training_that_is_not_there_is_refused(
    ready: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["train", *named.split()])
    known = "name a model, baseline or second, and a seed of train.seeds, 1, 5"
    with pytest.raises(UserError, match=f"^{known}, not '{named}'$"):
        train.main()


def test_training_that_diverges_is_said(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(params: Train, classes: int) -> network.Network:
        model = network.Network(params, classes)
        torch.nn.init.constant_(model.googlenet.fc.bias, float("nan"))
        return model

    monkeypatch.setattr(network, "build", broken)
    with pytest.raises(UserError, match=r"not a number; lower train.learning_rate"):
        train.main()


def test_curves_and_summary_agree(ready: Path) -> None:
    train.main()
    folder = Path("results/train/baseline/1")
    lines = (folder / "plots/metrics/val/accuracy.tsv").read_text().splitlines()[1:]
    accuracies = [float(line.split("\t")[1]) for line in lines]
    assert len(accuracies) == 2
    summary = read_json(folder / "summary.json")
    assert summary["last"]["epoch"] == 2
    assert summary["last"]["val/accuracy"] == pytest.approx(accuracies[-1])
    assert summary["best"]["epoch"] == accuracies.index(max(accuracies)) + 1


@pytest.mark.parametrize("classes", [FIVE, SEVEN])
def test_the_network_has_an_output_for_each_class(
    ready: Path, edit: Callable[..., None], classes: tuple[str, ...]
) -> None:
    edit(train={"epochs": 1})
    train.main()
    for epoch in ("best", "last"):
        model = network.load(Path(f"models/baseline/1/{epoch}.safetensors"))
        assert model.classes == len(classes)
