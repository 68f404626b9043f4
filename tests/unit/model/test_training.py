"""Steps, order, losses and predictions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ferblur.core.arithmetic import THREADS
from ferblur.core.params import Params, Train
from ferblur.core.ranks import Ranks
from ferblur.dataset.faces import Faces
from ferblur.dataset.samples import Samples
from ferblur.model import network, training


@pytest.fixture
def train(smoke: Params) -> Train:
    return Train.model_validate(
        smoke.train.model_dump()
        | {"input_size": 64, "batch_size": 8, "epochs": 6, "arithmetic": "float32"}
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


CPU = torch.device("cpu")


@pytest.mark.parametrize(("arithmetic", "threads"), [("portable", THREADS), ("float32", 3)])
def test_portable_arithmetic_has_its_own_number_of_threads(arithmetic: str, threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)  # sums shared out to threads have another order
    try:
        with training.deterministic(CPU, arithmetic):
            assert torch.get_num_threads() == threads
            assert torch.are_deterministic_algorithms_enabled()
        assert torch.get_num_threads() == 3
        assert not torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_num_threads(before)


def test_order_is_fixed_by_its_seed() -> None:
    def order(seed: int) -> list[int]:
        return [number for batch in training.shuffled(18, 4, seed) for number in batch]

    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == list(range(18))
    assert [len(batch) for batch in training.shuffled(18, 4, 1)] == [4, 4, 4, 4, 2]
    assert training.in_order(5, 2) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize("threads", [1, 3])
def test_readers_change_nothing_and_keep_the_order(samples: Samples, threads: int) -> None:
    order = training.shuffled(18, 4, 3)
    batches = list(training.prefetch(samples, order, threads))
    assert len(batches) == len(order)
    for batch, numbers in zip(batches, order, strict=True):
        images, labels = samples.batch(numbers)
        assert torch.equal(batch.images, torch.from_numpy(images))
        assert torch.equal(batch.labels, torch.from_numpy(labels))
        assert batch.counted == batch.whole == len(numbers)


def test_reading_is_ahead_but_not_far(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = samples.batch

    def batch(numbers: list[int]) -> tuple[np.ndarray, np.ndarray]:
        asked.append(1)
        return real(numbers)

    monkeypatch.setattr(samples, "batch", batch)
    reader = training.prefetch(samples, training.in_order(18, 1), threads=2)
    next(reader)
    assert 2 <= len(asked) <= 4
    reader.close()  # type: ignore[attr-defined]
    assert len(asked) < 18


def test_a_reader_that_fails_says_so(samples: Samples) -> None:
    with pytest.raises(IndexError):
        list(training.prefetch(samples, [[0, 99]], 1))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_ranks_share_every_batch_out(samples: Samples, size: int) -> None:
    order = training.shuffled(18, 4, 3)
    shares = [list(training.prefetch(samples, order, 1, Ranks(rank, size))) for rank in range(size)]
    for numbers, *batches in zip(order, *shares, strict=True):
        counted = [label for batch in batches for label in batch.labels[: batch.counted].tolist()]
        assert sorted(counted) == sorted(samples.labels[numbers].tolist())
        assert {batch.whole for batch in batches} == {len(numbers)}
        assert all(len(batch.images) >= 1 for batch in batches)


def epoch_of(loop: training.Loop, samples: Samples, seed: int) -> dict[str, float]:
    data = training.prefetch(samples, training.shuffled(len(samples), 8, seed), 1)
    scores = training.train_one_epoch(loop, data)
    loop.end_epoch(scores)
    return scores


def test_training_learns(samples: Samples, train: Train) -> None:
    torch.manual_seed(0)
    loop = training.Loop.begin(train, 6, 3, CPU)
    curve = [epoch_of(loop, samples, epoch)["loss"] for epoch in range(train.epochs)]
    assert curve[-1] < curve[0]
    assert [row["loss"] for row in loop.history] == curve


def test_auxiliary_classifiers_are_trained(samples: Samples, train: Train) -> None:
    torch.manual_seed(0)
    loop = training.Loop.begin(train, 6, 3, CPU)
    weight = loop.network.googlenet.aux1.fc2.weight
    before = weight.detach().clone()
    epoch_of(loop, samples, 0)
    assert not torch.equal(before, weight)


def test_schedules(train: Train) -> None:
    model = network.build(train, 6)
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
    optimizer = training.make_optimizer(network.build(train, 6), params)
    assert type(optimizer).__name__ == kind
    assert optimizer.param_groups[0]["weight_decay"] == params.weight_decay


def test_predictions_come_in_order_whatever_the_batch(samples: Samples, train: Train) -> None:
    torch.manual_seed(0)
    model = network.build(train, 6)
    logits, labels = training.predict(model, samples, 5, CPU)
    assert logits.shape == (18, 6)
    assert logits.dtype == np.float32
    assert labels.tolist() == samples.labels.tolist()
    one_by_one, _ = training.predict(model, samples, 1, CPU)
    np.testing.assert_allclose(logits, one_by_one, atol=1e-4)


def test_cross_entropy_is_its_definition() -> None:
    logits = np.array([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -(np.log(shares[0, 2]) + np.log(shares[1, 0])) / 2
    assert training.cross_entropy(logits, np.array([2, 0])) == pytest.approx(expected)


@pytest.mark.parametrize("classes", [2, 7])
def test_any_number_of_classes_is_learned_and_predicted(
    samples: Samples, train: Train, tmp_path: Path, classes: int
) -> None:
    samples.labels = np.arange(18) % classes
    params = train.once(1).model_copy(update={"epochs": 1})
    training.fit(samples, samples, params, classes, tmp_path, Ranks())
    model = network.load(tmp_path / "last.safetensors")
    logits, labels = training.predict(model, samples, 5, CPU)
    assert logits.shape == (18, classes)
    assert labels.tolist() == samples.labels.tolist()
