"""Steps, order, losses and predictions."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch

from ferblur import network, training
from ferblur.faces import Faces
from ferblur.params import Params, Train
from ferblur.samples import Samples


@pytest.fixture
def train(smoke: Params) -> Train:
    return Train.model_validate(
        smoke.train.model_dump()
        | {"input_size": 64, "batch_size": 8, "epochs": 6, "precision": "float32"}
    )


@pytest.fixture
def samples(picture: Callable[..., np.ndarray]) -> Samples:
    pixels = np.stack([picture(seed, 64, 64) for seed in range(18)])
    names = [str(index) for index in range(18)]
    faces = Faces(pixels, pd.DataFrame({"source_id": names, "subject": ""}))
    rows = pd.DataFrame(
        {"source_id": names, "label": np.arange(18) % 6, "flip": 0, "brightness": 1.0,
         "blur_radius": 0.0}
    )  # fmt: skip
    return Samples(faces, rows, 64, "rgb")


def test_order_is_fixed_by_its_seed(samples: Samples) -> None:
    def order(seed: int | None) -> list[int]:
        return [int(n) for _, labels in training.batches(samples, 4, seed) for n in labels]

    assert order(None) == samples.labels.tolist()
    assert order(1) == order(1)
    assert order(1) != order(2)
    assert sorted(order(1)) == sorted(samples.labels.tolist())


def test_reader_processes_change_nothing(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = [images for images, _ in training.batches(samples, 8, 3)]
    monkeypatch.setenv("FERBLUR_WORKERS", "2")
    for mine, theirs in zip(alone, training.batches(samples, 8, 3), strict=True):
        assert torch.equal(mine, theirs[0])


def test_training_learns(samples: Samples, train: Train) -> None:
    torch.manual_seed(0)
    model = network.build(train)
    optimizer = training.make_optimizer(model, train)
    schedule = training.make_schedule(optimizer, train, steps_per_epoch=3)
    device = torch.device("cpu")
    curve = [
        training.train_one_epoch(
            model, training.batches(samples, 8, epoch), optimizer, schedule, device
        )["loss"]
        for epoch in range(train.epochs)
    ]
    assert curve[-1] < curve[0]


def test_auxiliary_heads_are_trained(samples: Samples, train: Train) -> None:
    torch.manual_seed(0)
    model = network.build(train)
    before = model.googlenet.aux1.fc2.weight.detach().clone()
    optimizer = training.make_optimizer(model, train)
    schedule = training.make_schedule(optimizer, train, steps_per_epoch=3)
    training.train_one_epoch(
        model, training.batches(samples, 8, 0), optimizer, schedule, torch.device("cpu")
    )
    assert not torch.equal(before, model.googlenet.aux1.fc2.weight)


def test_schedules(train: Train) -> None:
    model = network.build(train)
    rates: dict[str, list[float]] = {}
    for name in ("constant", "one_cycle"):
        params = Train.model_validate(train.model_dump() | {"schedule": name})
        optimizer = training.make_optimizer(model, params)
        schedule = training.make_schedule(optimizer, params, steps_per_epoch=5)
        rates[name] = []
        for _ in range(30):
            rates[name].append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
    assert set(rates["constant"]) == {train.learning_rate}
    assert max(rates["one_cycle"]) == pytest.approx(train.learning_rate, rel=0.05)
    assert rates["one_cycle"][-1] < rates["one_cycle"][0] < train.learning_rate


@pytest.mark.parametrize(("name", "kind"), [("adam", "Adam"), ("adamw", "AdamW")])
def test_optimizers(train: Train, name: str, kind: str) -> None:
    params = Train.model_validate(train.model_dump() | {"optimizer": name})
    optimizer = training.make_optimizer(network.build(train), params)
    assert type(optimizer).__name__ == kind
    assert optimizer.param_groups[0]["weight_decay"] == params.weight_decay


def test_predictions_come_in_order_whatever_the_batch(samples: Samples, train: Train) -> None:
    torch.manual_seed(0)
    model = network.build(train)
    device = torch.device("cpu")
    logits, labels = training.predict(model, training.batches(samples, 5), device)
    assert logits.shape == (18, 6)
    assert logits.dtype == np.float32
    assert labels.tolist() == samples.labels.tolist()
    one_by_one, _ = training.predict(model, training.batches(samples, 1), device)
    np.testing.assert_allclose(logits, one_by_one, atol=1e-4)


def test_cross_entropy_is_its_definition() -> None:
    logits = np.array([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -(np.log(shares[0, 2]) + np.log(shares[1, 0])) / 2
    assert training.cross_entropy(logits, np.array([2, 0])) == pytest.approx(expected)
