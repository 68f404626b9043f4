"""Work for processes of their own, which load it by name; and work in this process instead."""

import os
from collections.abc import Callable, Sequence
from typing import Any

from ferblur.core.errors import UserError


def doubled(number: int) -> tuple[int, str, str]:
    """Twice the number, and what the process may do: threads of BLAS, bars of progress."""
    return 2 * number, os.environ["OPENBLAS_NUM_THREADS"], os.environ["TQDM_DISABLE"]


def refused(number: int) -> int:
    """The number, or what a user reads where it is 3."""
    if number == 3:
        raise UserError("no face number 3")
    return number


def one_by_one(
    params: object, work: Callable[..., Any], calls: Sequence[tuple[Any, ...]], what: str
) -> list[Any]:
    """As `beyond.processes.side_by_side`, in this process, where a test can reach the work."""
    return [work(*call) for call in calls]
