"""GoogLeNet with an output for each class, its normalisation, and its weights on disk."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.models import googlenet

from ferblur.core.errors import UserError
from ferblur.core.params import Params, Train
from ferblur.model import imagenet, network


@pytest.fixture
def train(smoke: Params) -> Train:
    return smoke.train


def changed(train: Train, **values: object) -> Train:
    return Train.model_validate(train.model_dump() | values)


@pytest.fixture
def images(picture: Callable[..., np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack([picture(seed, 64, 64) for seed in range(4)]))


def test_outputs(train: Train, images: torch.Tensor) -> None:
    model = network.build(train, 6)
    logits, auxiliary = model.train()(images)
    assert logits.shape == (4, 6)
    assert [head.shape for head in auxiliary] == [(4, 6), (4, 6)]
    logits, auxiliary = model.eval()(images)
    assert logits.shape == (4, 6)
    assert auxiliary == []


def test_no_auxiliary_classifiers_where_they_weigh_nothing(
    train: Train, images: torch.Tensor
) -> None:
    model = network.build(changed(train, auxiliary_weight=0.0), 6).train()
    assert model(images)[1] == []
    assert not [name for name in model.state_dict() if "aux" in name]


def test_pixels_become_zero_to_one(train: Train, images: torch.Tensor) -> None:
    pixels = network.Network(changed(train, normalisation="none"), 6).normalise(images)
    assert pixels.shape == (4, 3, 64, 64)
    np.testing.assert_allclose(pixels.permute(0, 2, 3, 1), images.numpy() / 255, rtol=1e-6)


def test_imagenet_normalisation_is_torchvisions(train: Train, images: torch.Tensor) -> None:
    from torchvision.transforms.v2.functional import normalize

    pixels = network.Network(changed(train, normalisation="imagenet"), 6).normalise(images)
    reference = normalize(
        images.permute(0, 3, 1, 2) / 255, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    )
    torch.testing.assert_close(pixels, reference)


def test_per_image_normalisation(train: Train, images: torch.Tensor) -> None:
    model = network.Network(train, 6)
    pixels = model.normalise(images).flatten(1)
    torch.testing.assert_close(pixels.mean(1), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(pixels.std(1), torch.ones(4), atol=0.02, rtol=0)
    assert model.normalise(torch.zeros(1, 64, 64, 3, dtype=torch.uint8)).isfinite().all()


def test_weights_survive_the_file(train: Train, images: torch.Tensor, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = network.build(train, 6).eval()
    network.save(tmp_path / "model.safetensors", model)
    restored = network.load(tmp_path / "model.safetensors")
    assert restored.params == train
    assert not restored.training
    with torch.inference_mode():
        torch.testing.assert_close(restored(images)[0], model(images)[0], rtol=0, atol=0)


def test_reading_weights_leaves_the_random_state_alone(train: Train, tmp_path: Path) -> None:
    network.save(tmp_path / "model.safetensors", network.build(train, 6))
    state = torch.random.get_rng_state()
    network.load(tmp_path / "model.safetensors")
    assert torch.equal(state, torch.random.get_rng_state())


def test_imagenet_weights_are_used_but_for_the_classifier(
    train: Train, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imagenet, "IMAGENET", checkpoint)
    paper = changed(train, weights="imagenet", auxiliary_weight=0.0)
    model = network.build(paper, 6).googlenet
    state = torch.load(checkpoint, weights_only=True)
    for name, tensor in model.state_dict().items():
        if name.startswith("fc."):
            assert tensor.shape[0] == 6
        else:
            torch.testing.assert_close(tensor, state[name], rtol=0, atol=0)


@pytest.mark.parametrize("classes", [5, 6])
def test_rendered_weights_are_used_but_for_the_classifiers(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classes: int
) -> None:
    monkeypatch.setattr(network, "RENDERED", tmp_path / "googlenet.safetensors")
    started = changed(train, weights="rendered")
    with pytest.raises(UserError, match=r"googlenet.safetensors: missing; dvc repro weights/dvc"):
        network.build(started, classes)
    torch.manual_seed(1)
    fitted = network.build(train, 6)
    network.save(network.RENDERED, fitted)
    state = fitted.googlenet.state_dict()
    model = network.build(started, classes).googlenet
    for name, tensor in model.state_dict().items():
        if name.startswith(network.CLASSIFIERS):
            assert tensor.shape != state[name].shape or not torch.equal(tensor, state[name]), name
        else:
            torch.testing.assert_close(tensor, state[name], rtol=0, atol=0)
    assert not model.transform_input


def test_inputs_are_transformed_as_torchvision_does(
    train: Train, checkpoint: Path, images: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imagenet, "IMAGENET", checkpoint)
    paper = changed(train, weights="imagenet", auxiliary_weight=0.0, normalisation="imagenet")
    model = network.build(paper, 6).eval()
    reference = googlenet(weights=None, transform_input=True, aux_logits=True, init_weights=False)
    reference.load_state_dict(torch.load(checkpoint, weights_only=True))
    model.googlenet.fc = torch.nn.Identity()
    reference.fc = torch.nn.Identity()
    with torch.inference_mode():
        expected = reference.eval()(network.Network(paper, 6).normalise(images))
        torch.testing.assert_close(model(images)[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("classes", "auxiliary_weight"), [(5, 0.3), (10, 0.0)])
def test_the_number_of_classes_travels_with_the_weights(
    train: Train, images: torch.Tensor, tmp_path: Path, classes: int, auxiliary_weight: float
) -> None:
    model = network.build(changed(train, auxiliary_weight=auxiliary_weight), classes)
    network.save(tmp_path / "model.safetensors", model)
    restored = network.load(tmp_path / "model.safetensors")
    assert restored.classes == classes
    logits, auxiliary = restored.train()(images)
    assert [head.shape for head in (logits, *auxiliary)] == [(4, classes)] * (1 + len(auxiliary))
    assert len(auxiliary) == (2 if auxiliary_weight else 0)
