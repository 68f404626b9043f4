"""Where a network looks: the evidence for each class, place by place (class activation maps).

GoogLeNet ends in the mean over the places of its last inception module's output, and a linear
layer. A class' logit is therefore exactly its bias and a sum over places (Zhou et al., 2016).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ferblur.dataset.samples import Samples
from ferblur.model.network import Network
from ferblur.model.training import predict


def evidence(
    model: Network, samples: Samples, batch_size: int, device: torch.device
) -> tuple[np.ndarray, np.ndarray]:
    """N x K float32 logits, and each class' evidence by place: N x h x w x K float32.

    The evidence for a class adds up over the h x w places to its logit less its bias.
    """
    last, maps = model.googlenet.fc, []

    def note(_: nn.Module, __: object, output: torch.Tensor) -> None:
        with torch.autocast(device.type, enabled=False):
            places = output.float().permute(0, 2, 3, 1)
            found = functional.linear(places, last.weight) / (output.shape[2] * output.shape[3])
        maps.append(found.cpu().numpy())

    hook = model.googlenet.inception5b.register_forward_hook(note)
    try:
        logits, _ = predict(model, samples, batch_size, device)
    finally:
        hook.remove()
    return logits, np.concatenate(maps)


def shares(logits: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Where the evidence in favour of the class that is predicted lies.

    `logits` is N x K, `maps` N x h x w x K. Returns N x h x w float64: each place's share of the
    positive evidence, which add up to 1; NaN where there is none.
    """
    predicted = logits.argmax(axis=1)
    own = np.take_along_axis(maps, predicted[:, None, None, None], axis=3)[..., 0].astype(float)
    positive = own.clip(min=0)
    total = positive.sum(axis=(1, 2), keepdims=True)
    return np.asarray(np.divide(positive, total, out=np.full_like(own, np.nan), where=total > 0))


def mean_by_class(shared: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Mean of N x h x w shares over the samples of each of K actual classes: K x h x w.

    Samples without shares are left out; NaN for a class of which none is left.
    """
    known = np.isfinite(shared).all(axis=(1, 2))
    means = np.full((classes, *shared.shape[1:]), np.nan)
    for label in range(classes):
        if (counted := known & (labels == label)).any():
            means[label] = shared[counted].mean(axis=0)
    return means
