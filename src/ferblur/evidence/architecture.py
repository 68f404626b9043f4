"""GoogLeNet read from torchvision's module object: its layers, their sizes and costs (section IV).

Where torchvision's network is not the one of Szegedy et al. (2014): batch normalisation after
every convolution, 3 x 3 filters in the branch called 5 x 5, dropout of 0.2 instead of 0.4 by
default, no local response normalisation.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import torch
from torch import nn
from torchvision.models import GoogLeNet
from torchvision.models.googlenet import Inception

BRANCHES = ("1x1", "3x3 reduce", "3x3", "5x5 reduce", "5x5", "pool projection")
"""The convolutions of an inception module, by their names in Fig. 9."""


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


def googlenet(classes: int) -> GoogLeNet:
    """GoogLeNet without auxiliary classifiers and without weights worth keeping, for inspection."""
    with torch.device("meta"):
        return GoogLeNet(num_classes=classes, aux_logits=False, init_weights=False).eval()


def with_5x5(network: GoogLeNet) -> GoogLeNet:
    """Give the third branch of every inception module the 5 x 5 filters of the paper, in place."""
    for module in network.modules():
        if isinstance(module, Inception):
            given = module.branch3[1].conv
            with torch.device("meta"):
                conv = nn.Conv2d(given.in_channels, given.out_channels, 5, padding=2, bias=False)
            module.branch3[1].conv = conv
    return network


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

    Returns a row for each layer: `layer`, `type`, `window` (px; an inception module's largest),
    `stride`, `height`, `width` and `channels` of its output, `depth` (weight layers one behind the
    other), the filters of an inception module's branches (`1x1`, `3x3 reduce`, `3x3`, `5x5
    reduce`, `5x5`, `pool projection`, by their names in the paper), `parameters` (normalisation's
    included), and `operations` (multiplications and additions as one).
    """
    rows = []
    value = torch.empty(1, 3, size, size, device="meta")
    for name, module in network.named_children():
        found = steps(module)
        if isinstance(module, nn.Dropout):
            kind = f"dropout {module.p:.0%}"
        elif isinstance(module, Inception):
            kind = "inception"
        else:
            kind = found[0].kind
        if kind == "linear":
            value = value.flatten(1)
        before, value = value, module(value)
        widths, depth = [0] * 6, sum(step.filters > 0 for step in found)
        window, stride = (found[0].size, found[0].stride) if found else (0, 1)
        if kind == "inception":
            (one,), (reduce3, three), (reduce5, five), (_, projection) = branches(module)
            widths = [s.filters for s in (one, reduce3, three, reduce5, five, projection)]
            window, depth = five.size, 2
        elif kind == "average pooling":
            window = before.shape[-1]
        output = [*value.shape[2:], value.shape[1]] if value.ndim == 4 else [1, 1, value.shape[1]]
        costs = sum(p.numel() for p in module.parameters()), operations(module, before)
        rows.append([name, kind, window, stride, *output, depth, *widths, *costs])
    columns = ["layer", "type", "window", "stride", "height", "width", "channels", "depth"]
    columns += [*BRANCHES, "parameters", "operations"]
    return pd.DataFrame(rows, columns=columns)


def figure9(network: GoogLeNet) -> pd.DataFrame:
    """`layers` in the rows of Fig. 9, which takes the second and third convolution as one."""
    table = layers(network)
    reduce, full = (table["layer"] == name for name in ("conv2", "conv3"))
    merged = table[full].iloc[0].copy()
    merged["layer"] = "conv2, conv3"
    for column in ("depth", "parameters", "operations"):
        merged[column] += table.loc[reduce, column].iloc[0]
    merged["3x3 reduce"] = table.loc[reduce, "channels"].iloc[0]
    merged["3x3"] = table.loc[full, "channels"].iloc[0]
    table.loc[full] = merged.to_numpy()
    return table[~reduce].reset_index(drop=True)


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


def describe(classes: int) -> dict[str, Any]:
    """All that is told of the network, for JSON.

    `layers` are the rows of `layers` for `classes` outputs and `figure9` those of Fig. 9, as
    published, with ImageNet's 1,000 outputs; `with_5x5` are its rows of inception modules if
    their third branch had 5 x 5 filters; `modules` counts torch's modules without parts.
    `branches` has the operations of every layer that has any, branch by branch (one branch but for
    inception modules), and `naive` those of the naive inception module.
    """
    network = googlenet(classes)
    parts = {
        name: branches(module) if isinstance(module, Inception) else [steps(module)]
        for name, module in network.named_children()
        if steps(module)
    }

    def plain(operations: Sequence[Sequence[Step]]) -> list[list[dict[str, Any]]]:
        return [[asdict(step) for step in branch] for branch in operations]

    published = figure9(with_5x5(googlenet(1000)))
    return {
        "modules": sum(not list(module.children()) for module in network.modules()),
        "layers": layers(network).to_dict("records"),
        "figure9": figure9(googlenet(1000)).to_dict("records"),
        "with_5x5": published[published["type"] == "inception"].to_dict("records"),
        "branches": {name: plain(operations) for name, operations in parts.items()},
        "naive": plain(NAIVE),
    }
