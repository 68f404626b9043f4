"""Training on several ranks against training on one, on the CPU."""

import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ferblur.core.files import read_json, sha256
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS
from ferblur.dataset.faces import Faces
from ferblur.model import network
from ferblur.stages import balance, evaluate, split
from torchrun import torchrun

FIRST_STEP = """
import sys
from pathlib import Path
import torch
from ferblur.core.params import load_params
from ferblur.core.ranks import joined
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.dataset.samples import Samples
from ferblur.model import network, training

with joined() as ranks:
    params = load_params().train.model_copy(update={"dropout": 0.0, "arithmetic": "float32"})
    rows = read_manifest(Path("data/split/baseline.csv"))
    rows = rows[rows["split"] == "train"]
    samples = Samples(Faces.open(Path("data/align"), "train"), rows, params.input_size, "rgb")
    order = training.shuffled(len(samples), params.batch_size, 7)
    cpu = torch.device("cpu")
    torch.manual_seed(5)
    model = network.build(params, 6)
    for module in model.modules():  # so that gradients reach every layer, without training
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    called = training.distribute(model, cpu, ranks)
    called.eval()
    called.train = lambda mode=True: called  # so BatchNorm and dropout stay as in evaluation
    model.googlenet.training = True  # but with auxiliary classifiers
    seen = []
    def noted(data):
        for batch in data:
            seen.append(batch.labels[: batch.counted].tolist())
            yield batch
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    optimizer.zero_grad = lambda set_to_none=True: None
    schedule = training.make_schedule(optimizer, params, 1000)
    data = noted(training.prefetch(samples, order[:1], 1, ranks))
    loop = training.Loop(model, called, optimizer, schedule, cpu, ranks)
    scores = training.train_one_epoch(loop, data)
    gradients = {name: p.grad for name, p in model.named_parameters()}
    for batch in noted(training.prefetch(samples, order[1:], 1, ranks)):
        pass
    shares = ranks.gather(seen)
    if ranks.first:
        labels = [sorted(sum(parts, [])) for parts in zip(*shares)]
        torch.save({"gradients": gradients, "labels": labels, "scores": scores}, sys.argv[1])
"""


@pytest.fixture
def ready(aligned: Path, edit: Callable[..., None]) -> Path:
    edit(train={"epochs": 1, "batch_size": 9})
    balance.main()
    split.main()
    return aligned


def test_a_step_is_the_same_whatever_the_number_of_ranks(ready: Path) -> None:
    Path("program.py").write_text(FIRST_STEP)
    found = {}
    for size in (1, 2, 3):
        command = [sys.executable] if size == 1 else torchrun(size)
        subprocess.run([*command, "program.py", f"{size}.pt"], check=True)
        found[size] = torch.load(f"{size}.pt", weights_only=True)
    one = found.pop(1)
    assert min(float(g.abs().max()) for g in one["gradients"].values()) > 1e-3
    manifest = pd.read_csv("data/split/baseline.csv").query("split == 'train'")
    # each sample once
    assert sorted(chain.from_iterable(one["labels"])) == sorted(manifest["label"])
    for several in found.values():
        assert several["labels"] == one["labels"]
        assert several["scores"] == pytest.approx(one["scores"], rel=1e-5)
        for name, gradient in one["gradients"].items():
            torch.testing.assert_close(several["gradients"][name], gradient, rtol=0, atol=1e-5)


KILLED = """
import os
from ferblur.model import checkpoint
from ferblur.model.checkpoint import Checkpoint
from ferblur.stages import train

checkpoint.ASK_EVERY, checkpoint.period = 1, lambda: 0
save, left = Checkpoint.save, [None] * 3

def saved(self, *arguments, **loop):
    if not left:
        os._exit(9)
    left.pop()
    save(self, *arguments, **loop)

Checkpoint.save = saved
train.main()
"""


def test_two_ranks_continue_to_the_same_bytes(ready: Path, edit: Callable[..., None]) -> None:
    edit(train={"arithmetic": "float32"})  # a thread a rank, as the cores are few
    run = [*torchrun(2), "-m", "ferblur.stages.train", "baseline", "2"]
    subprocess.run(run, check=True)
    assert list(read_json(Path("results/run.json"))["stages"]) == ["train@baseline-2"]
    weights = Path("models/baseline/2/last.safetensors")
    whole = sha256(weights)
    Path("program.py").write_text(KILLED)
    killed = subprocess.run([*torchrun(2), "program.py", "baseline", "2"], check=False)
    assert killed.returncode != 0
    assert list(Path(".partial/train@baseline-2").glob("*/checkpoint.pt"))
    subprocess.run(run, check=True)
    assert sha256(weights) == whole


def test_evaluation_covers_every_sample_once(
    ready: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(train={"arithmetic": "float32"})
    torch.manual_seed(0)
    model = network.build(load_params().train, 6)
    for module in model.modules():  # so that the logits depend on the image, without training
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    model(torch.from_numpy(np.array(Faces.open(ready, "train").pixels[:32])))
    network.save(Path("models/baseline/2/last.safetensors"), model)
    monkeypatch.setattr(sys, "argv", ["evaluate", "baseline", "2"])
    evaluate.main()
    table = Path("data/evaluate/baseline/2.csv")
    one = pd.read_csv(table)
    table.unlink()
    run = [*torchrun(2), "-m", "ferblur.stages.evaluate", "baseline", "2"]
    subprocess.run(run, check=True)
    two = pd.read_csv(table)
    assert not one.duplicated(["task", "sample_id"]).any()
    columns = ["task", "sample_id", "source_id", "label"]
    pd.testing.assert_frame_equal(one[columns], two[columns])
    logits, other = one[list(EMOTIONS)].to_numpy(), two[list(EMOTIONS)].to_numpy()
    np.testing.assert_allclose(other, logits, rtol=0, atol=1e-4)
    assert logits.std(axis=0).min() > 1e-3  # so that samples in each other's place are noticed
