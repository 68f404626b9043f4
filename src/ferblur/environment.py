"""Where this run happened: what may differ from machine to machine."""

import os
import platform
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import torch

from ferblur import device as devices
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


def packages() -> dict[str, str]:
    """Version of every installed package, sorted by name."""
    found = {str(item.metadata["Name"]).lower(): item.version for item in distributions()}
    return dict(sorted(found.items()))


def describe(train: Train) -> dict[str, str]:
    """The machine, the device and precision `train` uses here, and what the code was."""
    device = devices.choose()
    return {
        "commit": commit(),
        "requirements.lock (SHA-256)": sha256(Path("requirements.lock")),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        "precision of training": devices.precision(train.precision, device),
        "processor": processor(),
        "cores": str(cores()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}",
        "Python": platform.python_version(),
    }
