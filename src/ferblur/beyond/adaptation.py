"""Batch normalisation adapted to blur: statistics of blurred faces, weights as they were.

A network normalises by the means and variances that its layers had over the training. Under blur
they are others. Blurred training faces give them anew, without a label (Schneider et al. 2020,
"Improving robustness against common corruptions by covariate shift adaptation").
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from ferblur.dataset.samples import Samples
from ferblur.model.network import Network

Statistics = dict[str, torch.Tensor]
"""The running means and variances of a network's layers, by the names of its state."""


def layers(model: Network) -> Iterator[tuple[str, nn.BatchNorm2d]]:
    """The network's batch normalisations, by name."""
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            yield name, module


def statistics(model: Network) -> Statistics:
    """A copy of what the network normalises by."""
    return {
        f"{name}.{each}": getattr(layer, each).clone()
        for name, layer in layers(model)
        for each in ("running_mean", "running_var")
    }


def use(model: Network, known: Statistics) -> None:
    """Normalise by these statistics from now on."""
    model.load_state_dict(known, strict=False)


@torch.inference_mode()
def measure(model: Network, samples: Samples, batch_size: int, device: torch.device) -> Statistics:
    """The means over batches of `batch_size` samples; the model keeps its own.

    As in training, each layer sees what the layers before it make of batches normalised by
    themselves. Samples that fill no batch are left out; where all are fewer, they are the batch.
    """
    batch_size = min(batch_size, len(samples))
    before = statistics(model)
    model.eval()  # nothing else of the training: no dropout, no auxiliary classifiers
    for _, layer in layers(model):
        layer.reset_running_stats()
        layer.momentum = None  # a mean over batches
        layer.train()
    for start in range(0, len(samples) - batch_size + 1, batch_size):
        pixels, _ = samples.batch(range(start, start + batch_size))
        model(torch.from_numpy(pixels).to(device))
    model.eval()
    found = statistics(model)
    use(model, before)
    return found


def nearest(radii: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The place of the nearest of R `known` radii for each of N: N numbers below R."""
    return np.asarray(abs(radii[:, None] - known).argmin(axis=1))
