"""Independent work side by side, one process a core; results do not depend on how many."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from ferblur.core.arithmetic import PORTABLE
from ferblur.core.files import atomic
from ferblur.core.params import Params
from ferblur.core.ranks import cores
from ferblur.core.resume import die_with_parent

T = TypeVar("T")


def _start() -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is its parent's to answer


def side_by_side(
    params: Params, work: Callable[..., T], calls: Sequence[tuple[Any, ...]], what: str
) -> list[T]:
    """What `work` returns for each of `calls`, in their order; `what` names the progress bar.

    One at a time where training is not portable: it then uses a GPU or all cores.
    """
    count = cores() if params.train.arithmetic == PORTABLE else 1
    os.environ["TQDM_DISABLE"] = "1"  # read by the processes: theirs would write over this bar
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the processes already fill the cores
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, _start) as pool:
        under_way = [pool.submit(work, *call) for call in calls]
        return [each.result() for each in tqdm(under_way, desc=what, disable=None)]


def kept(path: Path, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """The array kept at `path`, computed where it is not there: a killed stage goes on after it."""
    if not path.exists():
        found = compute()
        with atomic(path) as temporary:
            np.save(temporary, found, allow_pickle=False)
    return np.asarray(np.load(path, allow_pickle=False))
