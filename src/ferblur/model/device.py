"""The device that networks run on, and the arithmetic it computes in."""

import os
import re
import warnings

import pynvml
import torch

from ferblur.core.arithmetic import PORTABLE
from ferblur.core.errors import UserError


def choose_device(wanted: str) -> torch.device:
    """The device for `train.arithmetic`: the CPU where it is portable.

    Else the rank's CUDA device where torch can use it (without torchrun the first), or the CPU.
    Raises UserError where torchrun started more ranks than there are GPUs.
    """
    if wanted == PORTABLE or gpu_problem():
        return torch.device("cpu")
    index, count = local_rank(), torch.cuda.device_count()
    if index >= count:
        raise UserError(f"torchrun: --nproc-per-node must be {count} at most, the number of GPUs")
    return torch.device("cuda", index)


def local_rank() -> int:
    """The rank's number on its machine, which is that of its GPU."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def gpu_problem() -> str:
    """Why no GPU is used, and what to do about it, in one line; empty where one is used."""
    with warnings.catch_warnings(action="ignore"):  # torch's own, longer ones
        if torch.cuda.is_available():
            index = min(local_rank(), torch.cuda.device_count() - 1)
            oldest = min(map(int, re.findall(r"sm_(\d+)", " ".join(torch.cuda.get_arch_list()))))
            major, minor = torch.cuda.get_device_capability(index)
            if 10 * major + minor >= oldest:
                return ""
            return (
                f"the GPU {torch.cuda.get_device_name(index)} has compute capability "
                f"{major}.{minor}, and torch {torch.__version__} needs {oldest / 10}: "
                "use a newer one"
            )
    try:
        pynvml.nvmlInit()
        name = pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(0))
        driver = pynvml.nvmlSystemGetDriverVersion()
        highest = pynvml.nvmlSystemGetCudaDriverVersion_v2() // 1000
    except pynvml.NVMLError:
        return "no NVIDIA GPU is visible (in Docker, --gpus all shows the machine's)"
    built_for = torch.version.cuda
    if built_for is None:
        return f"the GPU {name} is there, but torch {torch.__version__} is built without CUDA"
    if highest < int(built_for.partition(".")[0]):
        return (
            f"the GPU {name} has driver {driver}, which knows CUDA {highest}, and torch needs "
            f"CUDA {built_for}: update the driver"
        )
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    reason = "torch cannot use it" if hidden is None else f"CUDA_VISIBLE_DEVICES is '{hidden}'"
    return f"the GPU {name} is there, but {reason}"


def native_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware; emulation is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def arithmetic_on(wanted: str, device: torch.device) -> str:
    """The arithmetic in use for `train.arithmetic`: float32 where bfloat16 is not native."""
    return "float32" if wanted == "bfloat16" and not native_bfloat16(device) else wanted


def autocast(wanted: str, device: torch.device) -> torch.autocast:
    """Mixed precision where `wanted` is bfloat16 and the device has it natively."""
    enabled = arithmetic_on(wanted, device) == "bfloat16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)


def device_name(device: torch.device) -> str:
    """The GPU's name, or CPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
