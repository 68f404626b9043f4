"""The evidence by place is the network's own: it adds up to the logit."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ferblur.beyond.attention import evidence, mean_by_class, shares
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
def asked(
    tmp_path: Path, smoke: Params, picture: Callable[..., np.ndarray]
) -> tuple[Network, Samples]:
    """A network that tells eleven faces apart, and the faces."""
    size = smoke.train.input_size
    pixels = np.stack([picture(seed, size, size) for seed in range(11)])
    names = [f"{number}.jpg" for number in range(len(pixels))]
    table = pd.DataFrame({"source_id": names, "label": 0, "subject": ""})
    rows = number_rows([make_rows(names, 0)])
    samples = Samples(Faces(pixels, table), rows, size, "rgb")
    return untrained(tmp_path / "weights.safetensors", smoke.train, 6, pixels), samples


def test_evidence_adds_up_to_the_logit(asked: tuple[Network, Samples]) -> None:
    model, samples = asked
    with deterministic(CPU, PORTABLE):
        logits, maps = evidence(model, samples, 4, CPU)
        plain, _ = predict(model, samples, 4, CPU)
    np.testing.assert_array_equal(logits, plain)
    assert maps.shape[0] == len(samples)
    assert maps.shape[1] == maps.shape[2] > 1
    assert maps.shape[3] == 6
    assert maps.dtype == np.float32
    bias = model.googlenet.fc.bias.detach().numpy()
    np.testing.assert_allclose(maps.sum(axis=(1, 2)) + bias, logits, rtol=1e-4, atol=1e-4)
    assert np.ptp(logits, axis=0).min() > 0.1  # the faces differ, so this says something


def test_evidence_stands_where_the_features_are(asked: tuple[Network, Samples]) -> None:
    model, samples = asked

    def only_there(_: object, __: object, output: torch.Tensor) -> torch.Tensor:
        changed = torch.zeros_like(output)
        changed[:, 17, 1, 0] = 4.0
        return changed

    model.googlenet.inception5b.register_forward_hook(only_there)
    _, maps = evidence(model, samples, 4, CPU)
    places = maps.shape[1] * maps.shape[2]
    column = model.googlenet.fc.weight.detach().numpy()[:, 17]
    np.testing.assert_allclose(maps[:, 1, 0], np.tile(4 * column / places, (11, 1)), rtol=1e-5)
    maps[:, 1, 0] = 0
    assert not maps.any()


def test_the_network_is_left_as_it_was(
    asked: tuple[Network, Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, samples = asked
    evidence(model, samples, 4, CPU)
    assert not model.googlenet.inception5b._forward_hooks
    monkeypatch.setattr(samples, "batch", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        evidence(model, samples, 4, CPU)
    assert not model.googlenet.inception5b._forward_hooks


def test_shares_are_of_the_positive_evidence_for_what_is_predicted() -> None:
    logits = np.array([[0.0, 2.0], [1.0, 0.5], [3.0, 1.0]], np.float32)
    own = np.array([[[1, 3], [-5, 0]], [[2, 2], [2, 2]], [[-1, -2], [-3, 0]]], np.float32)
    maps = np.full((3, 2, 2, 2), 9.0, np.float32)  # the other class' evidence
    for sample, predicted in enumerate(logits.argmax(axis=1)):
        maps[sample, :, :, predicted] = own[sample]
    found = shares(logits, maps)
    np.testing.assert_allclose(found[0], [[0.25, 0.75], [0.0, 0.0]])
    np.testing.assert_allclose(found[1], 0.25)
    assert np.isnan(found[2]).all()


def test_means_are_by_class_and_leave_out_what_has_no_shares() -> None:
    shared = np.array([[[1.0, 0.0]], [[0.5, 0.5]], [[np.nan, np.nan]], [[np.nan, np.nan]]])
    found = mean_by_class(shared, np.array([2, 2, 2, 0]), 3)
    np.testing.assert_array_equal(found[2], [[0.75, 0.25]])
    assert np.isnan(found[:2]).all()
