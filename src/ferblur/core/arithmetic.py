"""The same bytes on every x86-64 processor with AVX2: what would differ, and what holds it.

Libraries choose instructions, and with them the order of sums and the last bits, by the processor
they find. Every stage is therefore started with the settings below, before NumPy and torch are
loaded; only `train` and `evaluate` go without those of torch, and use all that the machine has,
where `train.arithmetic` is not `portable`.

| what would differ                           | what holds it                                      |
|---------------------------------------------|----------------------------------------------------|
| NumPy's exp, log, power, arccos, arctan2    | NPY_DISABLE_CPU_FEATURES: the C library's are used |
| NumPy's matrix products                     | OPENBLAS_CORETYPE; `Head.deform` adds in order     |
| torch's convolutions                        | ONEDNN_MAX_CPU_ISA                                 |
| torch's matrix products, some convolutions  | MKL_CBWR: one way on Intel's and AMD's processors  |
| torch's own loops                           | ATEN_CPU_CAPABILITY                                |
| the order of sums shared out to threads     | `THREADS`; in `align`, one thread a batch          |
| torch.sqrt, in a step of Adam               | `training.make_optimizer`: the fused step          |
| Warp's rays                                 | `renderer`: no instructions of this machine's own  |
| the C library's last bits, in a table       | `rotation.eye_angle`: rounded                      |
| a GPU                                       | rendering, alignment, portable training use none   |

Nothing holds bfloat16, whose hardware sums in an order of its own. `make verify` compares some
fifty operations and the first stages with those of the committed run. Loading this module loads
neither NumPy nor torch.
"""

import os
import platform
from importlib import import_module
from typing import Any

from ferblur.core.errors import UserError

PORTABLE = "portable"
"""The value of `train.arithmetic` with which training gives the same bytes everywhere."""

THREADS = 1
"""Of portable training and evaluation, whatever the cores: trainings run side by side."""

NUMPY = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}

TORCH = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "COMPATIBLE",
}

CONFLICTING = ("NPY_ENABLE_CPU_FEATURES", "OMP_THREAD_LIMIT")
"""Variables that must not be set beside the pins."""


def pins(portable: bool = True) -> dict[str, str]:
    """The environment variables of portable arithmetic; only NumPy's where it is not `portable`."""
    return NUMPY | TORCH if portable else NUMPY


def pin(portable: bool = True) -> None:
    """Set `pins` for this process and those it starts, whatever the shell has set.

    Libraries read them once, when they are loaded or first used.
    """
    os.environ.update(pins(portable))
    for name in CONFLICTING:
        os.environ.pop(name, None)


def pinned() -> bool:
    """Whether this process has at least NumPy's pins."""
    return os.environ.items() >= NUMPY.items()


def check() -> None:
    """Raise UserError on an x86-64 processor without the instructions that `pins` asks for."""
    umath: Any = import_module("numpy._core._multiarray_umath")  # asks the processor itself
    features: dict[str, bool] = umath.__cpu_features__
    missing = [name for name in ("AVX2", "FMA3") if not features.get(name)]
    if missing and platform.machine() in ("x86_64", "AMD64"):
        raise UserError(
            f"this processor has no {' and no '.join(missing)}, which ferblur's arithmetic needs: "
            "use an Intel Haswell (2013), an AMD Zen (2017) or a later one"
        )
