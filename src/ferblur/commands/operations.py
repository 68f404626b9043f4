"""Some seventy operations the stages compute with, each on fixed inputs, as hashes of the results.

`python -m ferblur.commands.operations` prints them as JSON, in whatever arithmetic the environment
asks for; with `arithmetic.pins` set they are the same on every x86-64 processor with AVX2. Inputs
come from NumPy's generators, whose bits are the same everywhere.
"""

import hashlib
import io
import json
import math
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import torch
from PIL import Image, ImageEnhance
from scipy.special import softmax
from torch import nn
from torch.nn import functional

from ferblur.beyond import (
    adaptation,
    attention,
    blurring,
    changes,
    deblurring,
    estimation,
    sharpness,
)
from ferblur.core.arithmetic import PORTABLE, THREADS
from ferblur.core.params import Train
from ferblur.dataset.blur import box_blur
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import make_rows
from ferblur.dataset.samples import Samples
from ferblur.model import network
from ferblur.model.training import deterministic
from ferblur.rendering.camera import encode
from ferblur.restoration import richardson_lucy, unsupervised_wiener, wiener

Operation = tuple[str, Callable[[], object]]


def fingerprint(value: object) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of arrays, tensors, bytes or numbers."""
    hashed = hashlib.sha256()
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, torch.Tensor):
            part = part.detach().contiguous().numpy()
        content = part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes()
        hashed.update(content)
    return hashed.hexdigest()[:16]


def _real(*shape: int, low: float = -1.0, high: float = 1.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).uniform(low, high, shape)


def _picture(size: int = 61) -> np.ndarray:
    return np.random.default_rng(size).integers(0, 256, (size, size, 3), dtype=np.uint8)


def numpy_operations() -> Iterator[Operation]:
    """What the renderer, alignment and statistics take from NumPy."""
    x, positive = _real(4001, low=-9, high=9), _real(4001, low=1e-6, high=9)
    for name in ("exp", "exp2", "sin", "cos", "square"):
        yield f"numpy {name}", lambda name=name: getattr(np, name)(x)  # type: ignore[misc]
    for name in ("log", "sqrt"):
        yield f"numpy {name}", lambda name=name: getattr(np, name)(positive)  # type: ignore[misc]
    yield "numpy power 1/2.2", lambda: positive ** (1 / 2.2)
    yield "numpy power 1.3", lambda: positive**1.3
    yield "numpy power of arrays", lambda: positive ** np.abs(x)
    yield "numpy arccos", lambda: np.arccos(x / 9)
    yield "numpy arctan2", lambda: np.arctan2(x, x[::-1].copy())
    yield "numpy sum and mean", lambda: (x.sum(), x.mean(), x.std())
    yield "numpy norm", lambda: np.linalg.norm(x.reshape(-1, 1), axis=1)
    yield "numpy quantile", lambda: np.quantile(x, [0.025, 0.5, 0.975])
    yield "numpy einsum", lambda: np.einsum("nk,nk...->n...", _real(300, 3), _real(300, 3, 3))
    yield "numpy float64 product 3 x 3", lambda: _real(3, 3) @ _real(3, 3, seed=1)
    yield "numpy float64 product N x 3", lambda: _real(999, 3) @ _real(3, 3)
    yield (
        "numpy float32 tensordot",
        lambda: np.tensordot(
            _real(110).astype(np.float32), _real(110, 999, 3).astype(np.float32), axes=1
        ),
    )
    draws = np.random.default_rng
    yield "numpy uniform, integers, permutation", lambda: (
        draws(1).uniform(size=999), draws(1).integers(0, 7, 999), draws(1).permutation(999)
    )  # fmt: skip
    yield "numpy normal", lambda: draws(1).normal(size=999)
    yield "numpy beta and dirichlet", lambda: (
        draws(1).beta(0.3, 0.3, 999), draws(1).dirichlet([0.5] * 3, 333)
    )  # fmt: skip


def libm_operations() -> Iterator[Operation]:
    """The C library's functions, as Python calls them."""
    numbers = _real(999, low=1e-6, high=3).tolist()
    for name in ("exp", "log", "sin", "cos", "acos", "atan2", "pow", "log1p"):
        function = getattr(math, name)
        yield (
            f"libm {name}",
            lambda function=function, name=name: [  # type: ignore[misc]
                function(n, 1.7) if name in ("atan2", "pow") else function(n / 3) for n in numbers
            ],
        )


def image_operations() -> Iterator[Operation]:
    """Pillow, its JPEG, and OpenCV's rotation."""
    picture = _picture()
    image = Image.fromarray(picture)
    yield "Pillow box blur", lambda: box_blur(picture, 4)
    for name in ("BILINEAR", "BICUBIC"):
        kind = Image.Resampling[name]
        yield (
            f"Pillow resize {name.lower()}",
            lambda kind=kind: np.asarray(  # type: ignore[misc]
                image.resize((96, 96), kind)
            ),
        )
    yield "Pillow brightness", lambda: np.asarray(ImageEnhance.Brightness(image).enhance(1.23))
    yield "JPEG encoded", lambda: encode(picture, 77)
    yield (
        "JPEG decoded",
        lambda: np.asarray(Image.open(io.BytesIO(encode(picture, 77))).convert("RGB")),
    )
    turn = cv2.getRotationMatrix2D((30.5, 30.5), 7.3, 1.0)
    yield "OpenCV rotation", lambda: cv2.warpAffine(picture, turn, (61, 61), flags=cv2.INTER_CUBIC)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    yield "OpenCV grey, resized", lambda: (grey, cv2.resize(grey, (48, 48)))


def torch_operations() -> Iterator[Operation]:
    """What alignment and training take from torch."""

    def tensor(*shape: int, seed: int = 0) -> torch.Tensor:
        return torch.from_numpy(_real(*shape, seed=seed).astype(np.float32))

    def convolution(inputs: int, outputs: int, kernel: int, size: int, stride: int) -> object:
        x = tensor(8, inputs, size, size).contiguous(memory_format=torch.channels_last)
        weight = tensor(outputs, inputs, kernel, kernel, seed=1)
        weight = weight.contiguous(memory_format=torch.channels_last)
        for leaf in (x, weight):
            leaf.requires_grad_()
        y = functional.conv2d(x, weight, stride=stride, padding=kernel // 2)
        torch.autograd.backward(y, torch.cos(y.detach()))
        return y, x.grad, weight.grad

    for shape in ((3, 64, 7, 48, 2), (64, 192, 3, 20, 1), (192, 64, 1, 10, 1), (832, 384, 1, 3, 1)):
        inputs, outputs, kernel, _, _ = shape
        name = f"torch convolution {inputs} > {outputs}, {kernel} x {kernel}"
        yield name, lambda shape=shape: convolution(*shape)  # type: ignore[misc]

    def trained(module: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> object:
        x.requires_grad_()
        y = module(x)
        torch.autograd.backward(y, torch.cos(y.detach()))
        return y, x.grad

    yield "torch linear 1024 > 6", lambda: (
        functional.linear(tensor(32, 1024), tensor(6, 1024)), tensor(6, 32) @ tensor(32, 1024)
    )  # fmt: skip
    yield "torch matrix product", lambda: tensor(200, 128) @ tensor(128, 900)
    yield (
        "torch matrix product, float64",
        lambda: tensor(200, 128).double() @ tensor(128, 9).double(),
    )
    yield "torch BatchNorm", lambda: trained(nn.BatchNorm2d(16), tensor(8, 16, 9, 9))
    yield "torch max pooling", lambda: trained(nn.MaxPool2d(3, 2), tensor(8, 16, 9, 9))
    yield "torch average pooling", lambda: trained(nn.AdaptiveAvgPool2d(4), tensor(8, 16, 9, 9))
    yield "torch softmax", lambda: tensor(99, 6).softmax(dim=1)
    yield (
        "torch cross-entropy",
        lambda: trained(
            lambda x: functional.cross_entropy(x, torch.arange(96) % 6),
            tensor(96, 6),
        ),
    )
    yield "torch mean and deviation", lambda: torch.std_mean(tensor(8, 3, 31, 31), dim=(1, 2, 3))
    yield (
        "torch bilinear samples",
        lambda: functional.grid_sample(
            tensor(1, 3, 31, 31), tensor(1, 24, 24, 2), align_corners=True
        ),
    )
    yield "torch PReLU", lambda: nn.PReLU(16)(tensor(8, 16, 9, 9))

    def drawn() -> object:
        generator = torch.Generator().manual_seed(1)
        weights = torch.empty(5000)
        nn.init.trunc_normal_(weights, std=0.01, a=-2, b=2, generator=generator)
        kept = torch.empty(999).bernoulli_(0.2, generator=generator)
        return weights, kept, torch.randperm(999, generator=generator)

    yield "torch truncated normal, dropout, order", drawn

    def stepped(kind: type[torch.optim.Optimizer]) -> object:
        weights = nn.Parameter(tensor(5003))
        optimizer = kind([weights], lr=0.01, fused=True)  # type: ignore[call-arg]
        for seed in range(5):
            weights.grad = tensor(5003, seed=seed + 1)
            optimizer.step()
        return weights

    for kind in (torch.optim.Adam, torch.optim.AdamW):
        yield f"torch {kind.__name__}, fused", lambda kind=kind: stepped(kind)  # type: ignore[misc]


def beyond_operations() -> Iterator[Operation]:
    """What the stages beyond the paper take from NumPy, SciPy, scikit-image and scikit-learn."""
    face = _picture(64)
    grey = changes.grey(face)
    for name in ("gaussian", "defocus", "motion"):
        yield (
            f"scipy {name} blur",
            lambda name=name: [  # type: ignore[misc]
                each
                for radius in (1, 7)
                for each in (
                    blurring.weights(name, radius, turn=5),
                    blurring.blur(face, name, radius, turn=5),
                )
            ],
        )
    yield "numpy spectrum of a change", lambda: changes.measure(grey - grey.mean(), (49, 37))

    radii = np.linspace(0, 14, 57)

    def features() -> np.ndarray:
        return np.stack([sharpness.features(box_blur(face, radius)) for radius in radii.tolist()])

    yield "scipy spectrum of a face", features
    yield (
        "scikit-learn estimates of radii",
        lambda: estimation.fit(features(), radii, trees=20, seed=1).radii(features()),
    )
    for method in (wiener, unsupervised_wiener, richardson_lucy):
        yield (
            f"scikit-image {method.__name__.rpartition('.')[2]}",
            lambda method=method: [  # type: ignore[misc]
                method.restore(box_blur(face, radius), blurring.weights("box", radius))
                for radius in (1, 7)
            ],
        )
    yield "numpy ratio of restored to blurred", lambda: deblurring.ratio(box_blur(face, 2), face)
    yield "scipy softmax", lambda: softmax(_real(99, 6).astype(np.float32), axis=1)


def network_operations() -> Iterator[Operation]:
    """What the stages beyond the paper ask of a network, here one of random weights."""
    params = Train(
        seeds=(1,), weights="none", input_size=64, normalisation="none", channel_order="rgb",
        dropout=0.2, auxiliary_weight=0, epochs=1, batch_size=4, optimizer="adam",
        learning_rate=0.001, weight_decay=0, schedule="constant", arithmetic="portable",
    )  # fmt: skip
    pixels = _picture(256).reshape(-1, 64, 64, 3)[:8]  # two batches
    rows = make_rows([str(number) for number in range(len(pixels))], 0, blur_radius=3)
    faces = Faces(pixels, rows.assign(subject=""))
    samples, cpu = Samples(faces, rows, params.input_size, "rgb"), torch.device("cpu")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = network.build(params, classes=6)

    def measured() -> adaptation.Statistics:
        with deterministic(cpu, PORTABLE):
            return adaptation.measure(model, samples, params.batch_size, cpu)

    def evidence() -> object:
        adaptation.use(model, measured())
        with deterministic(cpu, PORTABLE):
            logits, maps = attention.evidence(model, samples, params.batch_size, cpu)
        return logits, maps, attention.shares(logits, maps)

    yield "torch statistics of blurred faces", lambda: list(measured().values())
    yield "torch evidence by place", evidence


def operations() -> dict[str, str]:
    """The hash of what each operation gives here."""
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    parts: Sequence[Callable[[], Iterator[Operation]]] = (
        numpy_operations, libm_operations, image_operations, torch_operations,
        beyond_operations, network_operations,
    )  # fmt: skip
    return {name: fingerprint(compute()) for part in parts for name, compute in part()}


if __name__ == "__main__":
    print(json.dumps(operations()))
