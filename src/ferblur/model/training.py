"""Training and prediction, on one rank or several: order, reading ahead, steps, epochs.

All ranks of a `torchrun` see the same order of batches and take each its share of every batch, so
that a step is over the same samples whatever their number. What the number does change: the order
in which gradients are summed, what dropout draws, and on the CPU the statistics BatchNorm
normalises with, those of a rank's share instead of the batch's (on GPUs SyncBatchNorm prevents it).
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from ferblur.core.arithmetic import PORTABLE, THREADS
from ferblur.core.errors import UserError
from ferblur.core.params import Train
from ferblur.core.ranks import Ranks, cores, setting
from ferblur.dataset.samples import Samples
from ferblur.model import network
from ferblur.model.checkpoint import Checkpoint
from ferblur.model.device import autocast, choose_device

ALONE = Ranks()


class Batch(NamedTuple):
    """A rank's share of a batch."""

    images: torch.Tensor
    """N x S x S x 3 uint8."""
    labels: torch.Tensor
    """N int64."""
    counted: int
    """Samples of the share that count: N, or 0 where there were too few for all ranks."""
    whole: int
    """Samples of the batch over all ranks."""


@contextmanager
def deterministic(device: torch.device, arithmetic: str) -> Iterator[None]:
    """Make torch choose algorithms whose result does not differ from run to run.

    Portable arithmetic has a fixed number of threads, too. On the CPU torch refuses other
    algorithms. On CUDA it warns: torch has none for the backward pass of adaptive
    average pooling, which the auxiliary classifiers use, so there the last bits may differ.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts
    before = torch.get_deterministic_debug_mode()
    torch.use_deterministic_algorithms(True, warn_only=device.type == "cuda")
    memory: Any = torch.utils.deterministic
    filled = memory.fill_uninitialized_memory
    memory.fill_uninitialized_memory = False  # nothing here reads what it has not written
    threads = torch.get_num_threads()
    if arithmetic == PORTABLE:
        torch.set_num_threads(THREADS)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_deterministic_debug_mode(before)
        memory.fill_uninitialized_memory = filled


def shuffled(count: int, batch_size: int, seed: int) -> list[list[int]]:
    """The numbers below `count` in batches, shuffled by `seed`; the last may be smaller."""
    generator = torch.Generator().manual_seed(seed)
    numbers: Iterable[torch.Tensor] = DataLoader(
        range(count),  # type: ignore[arg-type]
        batch_size=batch_size, shuffle=True, generator=generator,
    )  # fmt: skip
    return [batch.tolist() for batch in numbers]


def in_order(count: int, batch_size: int) -> list[list[int]]:
    """The numbers below `count` in batches, in order; the last may be smaller."""
    return [list(range(i, min(i + batch_size, count))) for i in range(0, count, batch_size)]


def reader_threads(device: torch.device) -> int:
    """How many threads read samples ahead: FERBLUR_WORKERS, or what keeps the device busy."""
    default = 1 if device.type == "cpu" else min(8, cores())
    return setting("FERBLUR_WORKERS", default)


def prefetch(
    samples: Samples, batches: Iterable[Sequence[int]], threads: int, ranks: Ranks = ALONE
) -> Iterator[Batch]:
    """Read batches ahead of whoever takes them, on threads, and give them in order.

    Each is this rank's share: every `ranks.size`-th sample of the batch. The number of threads
    never changes a sample. Threads, because Pillow and NumPy let go of Python's lock where it
    matters, and processes would copy each sample once more and need shared memory.
    """
    waiting: deque[Future[Batch]] = deque()

    def take(batch: Sequence[int]) -> Batch:
        share = batch[ranks.rank :: ranks.size]
        pixels, labels = samples.batch(share or batch[:1])
        return Batch(torch.from_numpy(pixels), torch.from_numpy(labels), len(share), len(batch))

    with ThreadPoolExecutor(threads) as pool:
        try:
            for batch in batches:
                waiting.append(pool.submit(take, batch))
                if len(waiting) > threads + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def make_optimizer(model: nn.Module, params: Train) -> torch.optim.Optimizer:
    """Adam as in the study, or AdamW."""
    kind = torch.optim.AdamW if params.optimizer == "adamw" else torch.optim.Adam
    # fused: the others' square root, torch.sqrt, rounds as the processor's approximation does
    return kind(
        model.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay, fused=True
    )


def make_schedule(
    optimizer: torch.optim.Optimizer, params: Train, steps_per_epoch: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """A constant learning rate as in the study, or one cycle up and down over all steps."""
    if params.schedule == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=params.learning_rate, total_steps=steps_per_epoch * params.epochs
    )


def distribute(model: nn.Module, device: torch.device, ranks: Ranks) -> nn.Module:
    """The network as every rank calls it: gradients are averaged over the ranks."""
    if ranks.size == 1:
        return model
    if device.type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    return nn.parallel.DistributedDataParallel(model)


@dataclass
class Loop:
    """A training under way: what a step needs, and how far it is."""

    network: network.Network
    called: nn.Module
    """The network as every rank calls it."""
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    device: torch.device
    ranks: Ranks = ALONE
    step: int = 0
    """Steps taken in this epoch."""
    totals: torch.Tensor = field(init=False)
    """Sum of losses, hits and samples of this rank in this epoch, 3 float64."""
    history: list[dict[str, float]] = field(default_factory=list)
    """The curves, a row for each finished epoch."""

    def __post_init__(self) -> None:
        self.totals = torch.zeros(3, dtype=torch.float64, device=self.device)

    @classmethod
    def begin(
        cls, params: Train, classes: int, steps: int, device: torch.device, ranks: Ranks = ALONE
    ) -> "Loop":
        """A new training of `steps` steps an epoch, from torch's current random state."""
        model = network.build(params, classes).to(device)
        optimizer = make_optimizer(model, params)
        schedule = make_schedule(optimizer, params, steps)
        called = distribute(model, device, ranks)
        return cls(model, called, optimizer, schedule, device, ranks)

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from the checkpoint, where there is one."""
        if (found := checkpoint.load()) is not None:
            place, self.totals = found
            self.step, self.history = place["step"], place["history"]

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint."""
        checkpoint.save(self.totals, step=self.step, history=self.history)

    def end_epoch(self, row: dict[str, float]) -> None:
        """Note the epoch's row of the curves, and stand at the start of the next epoch."""
        self.history.append(row)
        self.step, self.totals = 0, torch.zeros_like(self.totals)


def train_one_epoch(
    loop: Loop, data: Iterable[Batch], after_step: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """Take one optimiser step for each batch; returns mean loss and accuracy over the epoch.

    The loss is cross-entropy (section IV), plus that of each auxiliary classifier times
    `auxiliary_weight` where the model has them; the loss returned is the main one. `data` starts
    where `loop` stands in the epoch; `after_step` is called after each step.
    """
    params, device = loop.network.params, loop.device
    loop.called.train()
    criterion = nn.CrossEntropyLoss()
    for images, labels, counted, whole in data:
        images = images.to(device, non_blocking=True)
        labels = labels.to(device, non_blocking=True)
        with autocast(params.arithmetic, device):
            logits, auxiliary = loop.called(images)
            main_loss = criterion(logits, labels)
            loss = main_loss
            for classified in auxiliary:
                loss = loss + params.auxiliary_weight * criterion(classified, labels)
        loop.optimizer.zero_grad(set_to_none=True)
        # the ranks' gradients are averaged; this makes that the mean over the batch
        (loss * (counted * loop.ranks.size / whole)).backward()
        loop.optimizer.step()
        loop.schedule.step()
        if counted:
            loop.totals[0] += main_loss.detach().double() * counted
            loop.totals[1] += (logits.argmax(dim=1) == labels).sum()
            loop.totals[2] += counted
        loop.step += 1
        after_step()
    loss_sum, hits_sum, seen = np.sum(
        [each.tolist() for each in loop.ranks.gather(loop.totals.cpu())], axis=0
    )
    return {"loss": float(loss_sum / seen), "accuracy": float(hits_sum / seen)}


def fit(
    train: Samples, val: Samples, params: Train, classes: int, folder: Path, ranks: Ranks
) -> list[dict[str, float]]:
    """Train for `params.epochs` epochs from the first seed; leave `last` and `best` in `folder`.

    The labels are 0 to `classes` - 1. The best epoch has the highest validation accuracy, the
    earliest of equals. A killed run continues from its last checkpoint, at most some seconds old,
    to the same bytes. Returns the curves, one row an epoch.
    """
    device = choose_device(params.arithmetic)
    steps = -(-len(train) // params.batch_size)
    with (
        torch.random.fork_rng([device] if device.type == "cuda" else []),
        deterministic(device, params.arithmetic),
    ):
        torch.manual_seed(params.seeds[0])
        loop = Loop.begin(params, classes, steps, device, ranks)
        model = loop.network
        checkpoint = Checkpoint(
            folder / "checkpoint.pt", device, ranks,
            model=model, optimizer=loop.optimizer, schedule=loop.schedule,
        )  # fmt: skip
        loop.resume(checkpoint)
        progress = tqdm(
            total=params.epochs * steps, initial=len(loop.history) * steps + loop.step,
            desc="train", unit="step", disable=None if ranks.first else True,
        )  # fmt: skip

        def after_step() -> None:
            progress.update()
            if checkpoint.due(loop.step):
                loop.save(checkpoint)

        for epoch in range(len(loop.history), params.epochs):
            seed = params.seeds[0] + 1000 * (epoch + 1)
            if loop.step == 0:
                torch.manual_seed(seed + ranks.rank)  # dropout
            order = shuffled(len(train), params.batch_size, seed)[loop.step :]
            data = prefetch(train, order, reader_threads(device), ranks)
            fitted = train_one_epoch(loop, data, after_step)
            ranks.copy(model.buffers())  # BatchNorm's
            logits, labels = predict(model, val, params.batch_size, device, ranks)
            row = {
                "train/loss": fitted["loss"],
                "train/accuracy": fitted["accuracy"],
                "val/loss": cross_entropy(logits, labels),
                "val/accuracy": float((logits.argmax(axis=1) == labels).mean()),
            }
            best = all(row["val/accuracy"] > past["val/accuracy"] for past in loop.history)
            if ranks.first and best:
                network.save(folder / "best.safetensors", model)
            loop.end_epoch(row)
            loop.save(checkpoint)
            progress.set_postfix({key: f"{value:.3f}" for key, value in row.items()})
        progress.close()
        if ranks.first:
            network.save(folder / "last.safetensors", model)
    return loop.history


@torch.inference_mode()
def predict(
    model: network.Network,
    samples: Samples,
    batch_size: int,
    device: torch.device,
    ranks: Ranks = ALONE,
) -> tuple[np.ndarray, np.ndarray]:
    """Classify every sample once, each rank its share; returns them all, in order, on every rank.

    Returns N x K float32 logits and N int64 labels. Raises RuntimeError where that is not every
    sample exactly once, UserError where training has diverged.
    """
    model.eval()
    numbers = range(len(samples))[ranks.rank :: ranks.size]
    batches = [[numbers[i] for i in batch] for batch in in_order(len(numbers), batch_size)]
    own: list[np.ndarray] = []
    for images, *_ in prefetch(samples, batches, reader_threads(device)):
        with autocast(model.params.arithmetic, device):
            output, _ = model(images.to(device))
        own.append(output.float().cpu().numpy())
    logits = np.empty((len(samples), model.classes), np.float32)
    for rank, share in enumerate(ranks.gather(np.concatenate(own) if own else logits[:0])):
        if len(share) != len(logits[rank :: ranks.size]):
            raise RuntimeError(f"rank {rank}: {len(share)} predictions of {len(samples)} samples")
        logits[rank :: ranks.size] = share
    if not np.isfinite(logits).all():
        raise UserError("the network's output is not a number; lower train.learning_rate")
    return logits, samples.labels


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy of N x K logits against N labels."""
    return float(nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(labels)))
