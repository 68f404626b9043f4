"""Small networks from random weights, and ONNX files of networks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.onnx._internal.torchscript_exporter.onnx_proto_utils as exporter
from torch import nn

from ferblur.core.params import Train
from ferblur.model import network


def untrained(path: Path, params: Train, classes: int, pictures: np.ndarray) -> network.Network:
    """Save a network of the pipeline that tells N x H x W x 3 uint8 pictures apart; returns it."""
    images = torch.from_numpy(pictures)
    torch.manual_seed(0)
    model = network.build(params, classes).train()
    for weights in model.parameters():  # GoogLeNet's own are so small that all answers are one
        if weights.ndim > 1:
            nn.init.kaiming_normal_(weights)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # its statistics are then the mean over what it has seen
    with torch.no_grad():
        model(images)
        logits, _ = model.eval()(images)
        last, spread = model.googlenet.fc, logits.std(dim=0)
        last.weight /= spread[:, None]  # no answer is much more certain than another
        last.bias.copy_((last.bias - logits.mean(dim=0)) / spread)
    network.save(path, model)
    return network.load(path)


class Probabilities(nn.Module):
    """A network of the pipeline, asked as ONNX files are: N x 3 x S x S float32 in 0..1."""

    def __init__(self, model: network.Network) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits, _ = self.model((255 * images).permute(0, 2, 3, 1))
        return torch.softmax(logits, dim=1)


def write_onnx(path: Path, model: nn.Module, example: torch.Tensor, **options: Any) -> Path:
    """Export a network, without the package onnx, which only extensions of torch's need."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporter, "_add_onnxscript_fn", lambda content, _: content)
        torch.onnx.export(
            model.eval(), (example,), str(path), dynamo=False, input_names=["images"], **options
        )
    return path


ANY_NUMBER: dict[str, Any] = {"dynamic_axes": {"images": {0: "n"}}}
