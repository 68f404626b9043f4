"""GoogLeNet read from torchvision's module object: its layers, their sizes and costs (section IV).

Where torchvision's network is not the one of Szegedy et al. (2014): batch normalisation after
every convolution, 3 x 3 filters in the branch called 5 x 5, dropout of 0.2 instead of 0.4 by
default, no local response normalisation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import nn
from torchvision.models import GoogLeNet
from torchvision.models.googlenet import Inception

from ferblur.dataset import EMOTIONS


@dataclass(frozen=True)
class Step:
    """One operation: `kind` is convolution, max pooling, average pooling or linear.

    `size` is the window's side in px of the input (0: all of it, or none), `filters` the outputs
    of a convolution or linear layer, 0 for pooling.
    """

    kind: str
    size: int
    filters: int = 0
    stride: int = 1


NAIVE: Sequence[Sequence[Step]] = (
    (Step("convolution", 1),),
    (Step("convolution", 3),),
    (Step("convolution", 5),),
    (Step("max pooling", 3),),
)
"""The naive inception module, branch by branch (Fig. 7; Szegedy et al., Fig. 2a)."""


def googlenet(classes: int = len(EMOTIONS)) -> GoogLeNet:
    """GoogLeNet without auxiliary heads and without weights worth keeping, for inspection."""
    with torch.device("meta"):
        return GoogLeNet(num_classes=classes, aux_logits=False, init_weights=False).eval()


def steps(module: nn.Module) -> list[Step]:
    """The operations in a module, in order, but for normalisation, activation and dropout."""
    found = []
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            size, stride = part.kernel_size[0], part.stride[0]
            found.append(Step("convolution", size, part.out_channels, stride))
        elif isinstance(part, nn.MaxPool2d):
            found.append(Step("max pooling", _side(part.kernel_size), 0, _side(part.stride)))
        elif isinstance(part, nn.AdaptiveAvgPool2d):
            found.append(Step("average pooling", 0))
        elif isinstance(part, nn.Linear):
            found.append(Step("linear", 0, part.out_features))
    return found


def _side(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else value[0]


def branches(module: Inception) -> list[list[Step]]:
    """The operations of an inception module, branch by branch."""
    return [steps(branch) for branch in module.children()]


def layers(network: GoogLeNet, size: int = 224) -> pd.DataFrame:
    """Describe a network layer by layer for an image of `size` px (Fig. 9).

    Returns a row for each layer: `layer`, `type`, `window` (px), `stride`, `height`, `width` and
    `channels` of its output, `depth` (weight layers one behind the other), the filters of an
    inception module's branches (`1x1`, `3x3 reduce`, `3x3`, `5x5 reduce`, `5x5`, `pool
    projection`, by their names in the paper), `parameters` (normalisation's included), and
    `operations` (multiplications and additions as one).
    """
    rows = []
    value = torch.empty(1, 3, size, size, device="meta")
    for name, module in network.named_children():
        found = steps(module)
        if not found:
            continue  # dropout
        if found[0].kind == "linear":
            value = value.flatten(1)
        before, value = value, module(value)
        if isinstance(module, Inception):
            (one,), (reduce3, three), (reduce5, five), (_, projection) = branches(module)
            widths = [s.filters for s in (one, reduce3, three, reduce5, five, projection)]
            kind, depth = "inception", 2
        else:
            widths, kind, depth = [], found[0].kind, int(found[0].filters > 0)
        output = [*value.shape[2:], value.shape[1]] if value.ndim == 4 else [1, 1, value.shape[1]]
        rows.append(
            [name, kind, found[0].size, found[0].stride, *output, depth]
            + (widths or [0] * 6)
            + [sum(p.numel() for p in module.parameters()), operations(module, before)]
        )
    columns = ["layer", "type", "window", "stride", "height", "width", "channels", "depth"]
    columns += ["1x1", "3x3 reduce", "3x3", "5x5 reduce", "5x5", "pool projection"]
    table = pd.DataFrame(rows, columns=[*columns, "parameters", "operations"])
    table.loc[table["type"] == "inception", ["window", "stride"]] = 0
    return table


def operations(module: nn.Module, value: torch.Tensor) -> int:
    """Multiply-adds of the convolutions and linear layers in a module, for an input `value`."""
    counts: list[int] = []

    def count(layer: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        weights = sum(p.numel() for p in layer.parameters() if p.ndim > 1)
        places = output[0, 0].numel() if output.ndim == 4 else 1
        counts.append(weights * places)

    hooks = [
        part.register_forward_hook(count)
        for part in module.modules()
        if isinstance(part, nn.Conv2d | nn.Linear)
    ]
    module(value)
    for hook in hooks:
        hook.remove()
    return sum(counts)
