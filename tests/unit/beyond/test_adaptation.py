"""Statistics of blurred faces are those of the faces; the network's own come back.

pytest tests/unit/beyond/test_adaptation.py
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ferblur.beyond.adaptation import layers, measure, nearest, statistics, use
from ferblur.core.arithmetic import PORTABLE
from ferblur.core.params import Params
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import make_rows, number_rows
from ferblur.dataset.samples import Samples
from ferblur.model.network import Network
from ferblur.model.training import deterministic, predict
from small_networks import untrained

CPU = torch.device("cpu")


@pytest.fixture
def faces(smoke: Params, picture: Callable[..., np.ndarray]) -> Faces:
    size = smoke.train.input_size
    pixels = np.stack([picture(seed, size, size) for seed in range(9)])
    names = [f"{number}.jpg" for number in range(len(pixels))]
    return Faces(pixels, pd.DataFrame({"source_id": names, "label": 0, "subject": ""}))


@pytest.fixture
def model(tmp_path: Path, smoke: Params, faces: Faces) -> Network:
    return untrained(tmp_path / "weights.safetensors", smoke.train, 6, faces.pixels)


def shown(faces: Faces, radius: float) -> Samples:
    rows = number_rows([make_rows(faces.table["source_id"].tolist(), 0, blur_radius=radius)])
    return Samples(faces, rows, faces.pixels.shape[1], "rgb")


def test_the_first_layers_statistics_are_those_of_its_input(model: Network, faces: Faces) -> None:
    """Two batches of four count alike, and the ninth face fills none."""
    samples = shown(faces, 3)
    with deterministic(CPU, PORTABLE):
        found = measure(model, samples, 4, CPU)
    pixels, _ = samples.batch(range(8))
    convolution = model.googlenet.conv1.conv
    with torch.no_grad():
        output = convolution(model.normalise(torch.from_numpy(pixels)))
    batches = [output[:4], output[4:]]
    mean = torch.stack([each.mean(dim=(0, 2, 3)) for each in batches]).mean(dim=0)
    variance = torch.stack([each.var(dim=(0, 2, 3)) for each in batches]).mean(dim=0)
    name = "googlenet.conv1.bn"
    torch.testing.assert_close(found[f"{name}.running_mean"], mean, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found[f"{name}.running_var"], variance, rtol=1e-4, atol=1e-5)


def test_fewer_samples_than_a_batch_are_one(model: Network, faces: Faces) -> None:
    with deterministic(CPU, PORTABLE):
        alone, whole = (measure(model, shown(faces, 3), size, CPU) for size in (64, 9))
    assert all(torch.equal(alone[name], whole[name]) for name in whole)


def test_a_network_is_as_it_was_until_statistics_are_used(model: Network, faces: Faces) -> None:
    sharp = shown(faces, 0)
    with deterministic(CPU, PORTABLE):
        before, _ = predict(model, sharp, 4, CPU)
        own = statistics(model)
        blurred = measure(model, shown(faces, 6), 4, CPU)
        np.testing.assert_array_equal(predict(model, sharp, 4, CPU)[0], before)
        use(model, blurred)
        adapted, _ = predict(model, sharp, 4, CPU)
        assert abs(adapted - before).max() > 0.01
        use(model, own)
        np.testing.assert_array_equal(predict(model, sharp, 4, CPU)[0], before)
    assert own.keys() == blurred.keys()
    assert len(own) == 2 * len([*layers(model)]) > 100


def test_weights_stay(model: Network, faces: Faces) -> None:
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    with deterministic(CPU, PORTABLE):
        use(model, measure(model, shown(faces, 6), 4, CPU))
    for name, weight in model.named_parameters():
        assert torch.equal(weight, before[name]), name


def test_nearest_radius() -> None:
    found = nearest(np.array([0.0, 0.4, 0.6, 3.1, 99]), np.array([0.0, 1, 4, 20]))
    assert found.tolist() == [0, 0, 1, 2, 3]
