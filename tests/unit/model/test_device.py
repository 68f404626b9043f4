"""Which device is used, and what is said where a GPU is not."""

import re
from types import SimpleNamespace

import pynvml
import pytest
import torch

from ferblur.core.errors import UserError
from ferblur.model import device


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A machine with a GPU whose properties can be set; torch is told of them, not given one."""
    card = SimpleNamespace(usable=True, capability=(7, 5), cuda=13000)
    architectures = ["sm_75", "sm_80", "sm_90a", "sm_120", "compute_120"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: card.usable)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: architectures)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: card.capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "A Card")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: index)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetName", lambda handle: "A Card")
    monkeypatch.setattr(pynvml, "nvmlSystemGetDriverVersion", lambda: "535.1")
    monkeypatch.setattr(pynvml, "nvmlSystemGetCudaDriverVersion_v2", lambda: card.cuda)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return card


@pytest.mark.parametrize("capability", [(7, 5), (8, 6), (12, 0)])
def test_a_gpu_is_used(gpu: SimpleNamespace, capability: tuple[int, int]) -> None:
    gpu.capability = capability
    assert device.gpu_problem() == ""
    assert device.choose_device("float32") == torch.device("cuda", 0)


def test_each_rank_has_its_own(gpu: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert device.choose_device("float32") == torch.device("cuda", 1)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(UserError, match="--nproc-per-node must be 2 at most"):
        device.choose_device("float32")


def test_the_papers_gpu_is_too_old(gpu: SimpleNamespace) -> None:
    gpu.capability = (6, 1)  # a GTX 1060
    assert re.search(
        r"A Card has compute capability 6.1, and torch .* needs 7.5", device.gpu_problem()
    )
    assert device.choose_device("float32") == torch.device("cpu")


def test_a_driver_is_too_old(gpu: SimpleNamespace) -> None:
    gpu.usable, gpu.cuda = False, 12020
    assert "A Card has driver 535.1, which knows CUDA 12" in device.gpu_problem()
    assert "update the driver" in device.gpu_problem()
    assert device.choose_device("float32") == torch.device("cpu")


def test_torch_is_built_without_cuda(gpu: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu.usable = False
    monkeypatch.setattr(torch.version, "cuda", None)
    assert device.gpu_problem().endswith("is built without CUDA")


def test_a_gpu_is_hidden(gpu: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu.usable = False
    assert device.gpu_problem().endswith("torch cannot use it")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "CUDA_VISIBLE_DEVICES is ''" in device.gpu_problem()


def test_there_is_no_gpu(gpu: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    gpu.usable = False
    monkeypatch.setattr(pynvml, "nvmlInit", none)
    assert device.gpu_problem().startswith("no NVIDIA GPU is visible")


def test_every_problem_is_one_line(gpu: SimpleNamespace) -> None:
    for gpu.usable, gpu.capability, gpu.cuda in ((True, (6, 1), 13000), (False, (9, 0), 12000)):
        assert "\n" not in device.gpu_problem()


def test_portable_arithmetic_leaves_the_gpu_alone(gpu: SimpleNamespace) -> None:
    assert device.choose_device("portable") == torch.device("cpu")


def test_bfloat16_is_native_or_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    for native, expected in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(device, "native_bfloat16", lambda chosen, native=native: native)
        assert device.arithmetic_on("bfloat16", cpu) == expected
        for other in ("float32", "portable"):
            assert device.arithmetic_on(other, cpu) == other
            with device.autocast(other, cpu):
                assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
        with device.autocast("bfloat16", cpu):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype == getattr(torch, expected)
