"""One epoch of training, and prediction; the stages hold the rest of the loop."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from ferblur.device import autocast
from ferblur.network import Network
from ferblur.params import Train
from ferblur.samples import Samples

Batches = Iterable[tuple[torch.Tensor, torch.Tensor]]


@contextmanager
def deterministic() -> Iterator[None]:
    """Make torch refuse algorithms whose result can differ from run to run."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def batches(samples: Samples, batch_size: int, order_seed: int | None = None) -> Batches:
    """Load samples in manifest order, or in an order fixed by `order_seed`.

    Batches are (N x S x S x 3 uint8, N int64 labels). The environment variable FERBLUR_WORKERS
    sets the number of reader processes (default 0: read in this one); it never changes a sample.
    """
    generator = None
    if order_seed is not None:
        generator = torch.Generator().manual_seed(order_seed)
    return DataLoader(
        samples,
        batch_size=batch_size,
        shuffle=order_seed is not None,
        generator=generator,
        num_workers=int(os.environ.get("FERBLUR_WORKERS", "0")),
    )


def make_optimizer(network: Network, params: Train) -> torch.optim.Optimizer:
    """Adam as in the study, or AdamW."""
    kind = torch.optim.AdamW if params.optimizer == "adamw" else torch.optim.Adam
    return kind(network.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay)


def make_schedule(
    optimizer: torch.optim.Optimizer, params: Train, steps_per_epoch: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """A constant learning rate as in the study, or one cycle up and down over all steps."""
    if params.schedule == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=params.learning_rate, total_steps=steps_per_epoch * params.epochs
    )


def train_one_epoch(
    network: Network,
    data: Batches,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    device: torch.device,
) -> dict[str, float]:
    """Take one optimiser step for each batch; returns mean loss and accuracy over the epoch.

    The loss is cross-entropy (section IV), plus that of each auxiliary head times
    `auxiliary_weight` where the model has them; the loss returned is the main one.
    """
    network.train()
    params = network.params
    criterion = nn.CrossEntropyLoss()
    loss_sum, hits, seen = 0.0, 0, 0
    for images, labels in data:
        images, labels = images.to(device), labels.to(device)
        with autocast(params.precision, device):
            logits, auxiliary = network(images)
            main_loss = criterion(logits, labels)
            loss = main_loss
            for head in auxiliary:
                loss = loss + params.auxiliary_weight * criterion(head, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        loss_sum += main_loss.item() * len(labels)
        hits += int((logits.argmax(dim=1) == labels).sum())
        seen += len(labels)
    return {"loss": loss_sum / seen, "accuracy": hits / seen}


@torch.inference_mode()
def predict(network: Network, data: Batches, device: torch.device) -> tuple[np.ndarray, np.ndarray]:
    """Classify every sample once, in order.

    Returns N x 6 float32 logits and N int64 labels.
    """
    network.eval()
    logits, labels = [], []
    for images, truth in data:
        with autocast(network.params.precision, device):
            output, _ = network(images.to(device))
        logits.append(output.float().cpu())
        labels.append(truth)
    return torch.cat(logits).numpy(), torch.cat(labels).numpy()


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy of N x K logits against N labels."""
    return float(nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels)))
