"""Where this run happened: what may differ from machine to machine."""

import os
import platform
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import torch

from ferblur import device as devices
from ferblur.arithmetic import PORTABLE, THREADS
from ferblur.files import sha256
from ferblur.params import Train
from ferblur.ranks import cores

INPUTS = ("src", "params.yaml", "dvc.yaml", "requirements.lock", "paper/*.typ", "paper/*.y*ml")
"""What a run is made from, for git."""


def commit() -> str:
    """The git commit checked out, and whether code or parameters were edited since.

    Without a repository, as in the image, FERBLUR_COMMIT names the commit it was built from.
    """
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True
        ).stdout.strip()
        edited = subprocess.run(
            ["git", "status", "--porcelain", "--", *INPUTS], check=True, capture_output=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("FERBLUR_COMMIT") or "unknown (no git repository here)"
    return f"{head} with edits" if edited else head


def processor() -> str:
    """The processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def instruction_sets() -> str:
    """What the processor has of AVX2, FMA, AVX-512 and bfloat16, used or not."""
    found = torch.cpu.get_capabilities()
    names = {
        "avx2": "AVX2",
        "fma3": "FMA",
        "avx512_f": "AVX-512",
        "avx512_bf16": "AVX-512 BF16",
        "amx_bf16": "AMX BF16",
    }
    return ", ".join(name for key, name in names.items() if found.get(key)) or "none of AVX"


def threads(train: Train) -> int:
    """On how many threads of the CPU networks run."""
    return THREADS if train.arithmetic == PORTABLE else torch.get_num_threads()


def packages() -> dict[str, str]:
    """Version of every installed package, sorted by name."""
    found = {str(item.metadata["Name"]).lower(): item.version for item in distributions()}
    return dict(sorted(found.items()))


def describe(train: Train) -> dict[str, str]:
    """The machine, the device and arithmetic `train` uses here, and what the code was."""
    device = devices.choose(train.arithmetic)
    return {
        "commit": commit(),
        "requirements.lock (SHA-256)": sha256(Path("requirements.lock")),
        "device": devices.name(device),
        "arithmetic of training": devices.arithmetic(train.arithmetic, device),
        "processor": processor(),
        "instruction sets": instruction_sets(),
        "threads of training": str(threads(train)),
        "cores": str(cores()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}",
        "Python": platform.python_version(),
    }
