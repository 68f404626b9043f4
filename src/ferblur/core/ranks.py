"""How the work is shared out: the ranks of one `torchrun`, and the cores of this machine."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from ferblur.core.errors import UserError

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


@dataclass(frozen=True)
class Ranks:
    """A process's number among `size`, from 0; without torchrun, 0 of 1."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes what there is one of."""
        return self.rank == 0

    def wait(self) -> None:
        """Return when all ranks are here."""
        if self.size > 1:
            import torch.distributed as dist

            dist.barrier()

    def gather(self, value: T) -> list[T]:
        """Every rank's value, in the order of ranks, on every rank; values can be pickled."""
        if self.size == 1:
            return [value]
        import torch.distributed as dist

        values: list[T] = [value] * self.size
        dist.all_gather_object(values, value)
        return values

    def copy(self, tensors: Iterable["torch.Tensor"]) -> None:
        """Overwrite tensors with those of the first rank."""
        if self.size > 1:
            import torch.distributed as dist

            for tensor in tensors:
                dist.broadcast(tensor, 0)


def first() -> bool:
    """Whether this process is the one of torchrun's ranks that writes what there is one of."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def joined() -> Iterator[Ranks]:
    """Meet the other ranks, as torchrun's environment variables say; leave them at the end."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Ranks()
        return
    import torch  # most stages need none
    import torch.distributed as dist

    # a rank may wait for the slowest, or for another run's lock, for as long as that takes
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend, timeout=timedelta(days=7))
    try:
        yield Ranks(dist.get_rank(), size)
    finally:
        dist.destroy_process_group()


def setting(name: str, default: int) -> int:
    """The whole number, 1 or more, that an environment variable sets, or the default.

    Raises UserError naming the variable where it is no such number.
    """
    value = os.environ.get(name, "") or str(default)
    if not value.isdecimal() or int(value) < 1:
        raise UserError(f"{name}: must be a whole number, 1 or more, not '{value}'")
    return int(value)


def cores() -> int:
    """How many things to do at once: FERBLUR_PROCESSES, or the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        usable = len(os.sched_getaffinity(0))
    else:
        usable = os.cpu_count() or 1
    return setting("FERBLUR_PROCESSES", usable)
