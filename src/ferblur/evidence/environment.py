"""Where this run happened: what may differ from machine to machine."""

import os
import platform
import subprocess
from importlib.metadata import distributions
from pathlib import Path

from ferblur.core.files import sha256
from ferblur.core.ranks import cores

INPUTS = ("src", "params.yaml", "dvc.yaml", "requirements.lock", "paper/*.typ", "paper/*.y*ml")
"""What a run is made from, for git."""


def commit() -> str:
    """The git commit checked out, and whether code or parameters were edited since.

    A profile of that commit, copied over params.yaml, is no edit. Without a repository, as in the
    image, FERBLUR_COMMIT names the commit it was built from.
    """
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True
        ).stdout.strip()
        inputs = [name for name in INPUTS if name != "params.yaml" or not _is_a_profile()]
        edited = subprocess.run(
            ["git", "status", "--porcelain", "--", *inputs], check=True, capture_output=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("FERBLUR_COMMIT") or "unknown (no git repository here)"
    return f"{head} with edits" if edited else head


def _is_a_profile() -> bool:
    """Whether params.yaml is one of the commit's profiles."""
    copied = subprocess.run(
        ["git", "hash-object", "params.yaml"], check=True, capture_output=True, text=True
    ).stdout.strip()
    profiles = subprocess.run(
        ["git", "ls-tree", "HEAD", "profiles/"], check=True, capture_output=True, text=True
    ).stdout
    return copied in profiles.split()


def cpuinfo(field: str) -> str:
    """What the kernel says about the first core in /proc/cpuinfo; empty where it says nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    found = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in found if name.strip() == field), "")


def processor() -> str:
    """The processor's name."""
    return cpuinfo("model name") or platform.processor() or platform.machine()


def instruction_sets() -> str:
    """What the processor has of AVX2, FMA, AVX-512 and bfloat16, used or not."""
    names = {
        "avx2": "AVX2",
        "fma": "FMA",
        "avx512f": "AVX-512",
        "avx512_bf16": "AVX-512 BF16",
        "amx_bf16": "AMX BF16",
    }
    flags = cpuinfo("flags").split()
    return ", ".join(name for flag, name in names.items() if flag in flags) or "none of AVX"


def packages() -> dict[str, str]:
    """Version of every installed package, sorted by name."""
    found = {str(item.metadata["Name"]).lower(): item.version for item in distributions()}
    return dict(sorted(found.items()))


def describe() -> dict[str, str]:
    """The machine, and what the code was."""
    return {
        "commit": commit(),
        "requirements.lock (SHA-256)": sha256(Path("requirements.lock")),
        "processor": processor(),
        "instruction sets": instruction_sets(),
        "cores": str(cores()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}",
        "Python": platform.python_version(),
    }
