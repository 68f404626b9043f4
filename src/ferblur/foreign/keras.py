"""Keras 2 networks, read from HDF5 and computed by torch: no pickle, no TensorFlow.

A layer computed in another way than Keras's would give wrong answers without a word, so what is
not known here is refused.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import torch
from torch.nn import functional

from ferblur.core.errors import UserError, printable

Operation = Callable[..., torch.Tensor]
"""What a layer does: from N x C x H x W or N x C float32, once or several times, to one of them."""

Take = Callable[..., torch.Tensor]
"""Gives the next of the file's arrays, float32, if it has the shape of the arguments."""


@dataclass(frozen=True)
class Layer:
    """A layer as Keras describes it."""

    name: str
    kind: str
    """Keras's class."""
    config: Mapping[str, Any]
    """Keras's settings; one that is left out has Keras's default."""
    inputs: tuple[str, ...]
    """Names of the layers that it takes from."""


class Network:
    """A Keras network as it answers, not as it is trained."""

    def __init__(self, layers: Sequence[Layer], take: Take) -> None:
        """Make the operations of `layers`, in Keras's order, of which the last is the output.

        Raises ValueError naming the layer and what is not known of it.
        """
        first, *others = layers
        if first.kind != "InputLayer":
            raise ValueError(f"{first.name}: the first layer must be an InputLayer")
        height, width, channels = first.config["batch_input_shape"][1:]
        self.shape = (channels, height, width)
        outputs = {first.name: torch.zeros(1, *self.shape)}  # a black image's: they tell the shapes
        self.input, self.output = first.name, layers[-1].name
        self.steps: list[tuple[str, Operation, tuple[str, ...]]] = []
        for layer in others:
            inputs = [outputs[name] for name in layer.inputs]
            config = dict(layer.config)
            if layer.name == self.output and config.get("activation") == "softmax":
                config["activation"] = "linear"
            operation = _operation(layer.name, layer.kind, config, inputs, take)
            self.steps.append((layer.name, operation, layer.inputs))
            outputs[layer.name] = operation(*inputs)
        _, self.classes = outputs[self.output].shape

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Answer N x C x H x W float32 images with N x K logits, softmax left to the caller."""
        outputs = {self.input: images}
        for name, operation, inputs in self.steps:
            outputs[name] = operation(*(outputs[each] for each in inputs))
        return outputs[self.output]


def read(path: Path, layers: Sequence[Layer] | None = None) -> Network:
    """Read a network: `layers`, or those that the file describes, with the file's weights.

    As in Keras, arrays belong to layers by their order. Raises UserError naming the file and what
    is wrong with it.
    """
    try:
        with h5py.File(path, "r") as file:
            waiting = _arrays(file.get("model_weights", file))

            def take(*shape: int) -> torch.Tensor:
                found = next(waiting, None)
                if found is None:
                    raise ValueError(f"too few arrays, the next of shape {shape}")
                if (found.shape, found.dtype) != (shape, "float32"):
                    given = f"{found.dtype} of shape {found.shape}"
                    raise ValueError(f"{found.name}: {given}, not float32 of shape {shape}")
                return torch.from_numpy(found[()])

            network = Network(layers or _described(file.attrs["model_config"]), take)
            if (more := next(waiting, None)) is not None:
                raise ValueError(f"{more.name}: one array more than the layers take")
    except (OSError, KeyError, ValueError) as error:
        reason = printable(str(error), 200)
        raise UserError(f"{path}: cannot be read as a network of Keras 2: {reason}") from error
    return network


def chain(*layers: tuple[str, Mapping[str, Any]]) -> list[Layer]:
    """Layers of which each takes from the one before, by Keras's class and settings."""
    names = [f"{kind} {number}" for number, (kind, _) in enumerate(layers, 1)]
    return [
        Layer(name, kind, config, before)
        for name, before, (kind, config) in zip(
            names, [(), *((name,) for name in names)], layers, strict=False
        )
    ]


def _described(text: str | bytes) -> list[Layer]:
    """The layers of `model_config`, the JSON in which Keras 2 describes a graph."""
    model = json.loads(text)
    if model["class_name"] not in ("Model", "Functional"):
        raise ValueError(f"a {model['class_name']} is not a graph of layers")
    layers = []
    for layer in model["config"]["layers"]:
        calls = layer["inbound_nodes"] or [[]]
        if len(calls) > 1 or not isinstance(calls[0], list):
            raise ValueError(f"{layer['name']}: called more than once, or in Keras 3")
        inputs = tuple(name for name, *_ in calls[0])
        layers.append(Layer(layer["name"], layer["class_name"], layer["config"], inputs))
    if [name for name, *_ in model["config"]["output_layers"]] != [layers[-1].name]:
        raise ValueError("the last layer must be the only output")
    return layers


def _arrays(group: Any) -> Iterator[Any]:
    """The arrays of a group in which Keras 2 on TensorFlow keeps weights, in its order."""
    backend, version = (_text(group.attrs[key]) for key in ("backend", "keras_version"))
    if backend != "tensorflow" or not version.startswith("2."):  # others turn the kernels round
        raise ValueError(f"written by Keras {version} on {backend}, not by Keras 2 on tensorflow")
    for layer in map(_text, group.attrs["layer_names"]):
        for name in map(_text, group[layer].attrs["weight_names"]):
            if not isinstance(found := group[layer][name], h5py.Dataset):
                raise ValueError(f"{found.name}: not an array")
            yield found


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class Kind(NamedTuple):
    """A class of Keras's layers."""

    make: Callable[[Mapping[str, Any], torch.Size, Take], Operation]
    """From settings, the shape of what the layer takes, and its weights, to what it does."""
    settings: Mapping[str, tuple[Any, ...]] = {}
    """The values known here of what may be set; the first is Keras's default."""


def _operation(
    name: str, kind: str, config: Mapping[str, Any], inputs: Sequence[torch.Tensor], take: Take
) -> Operation:
    if kind not in KINDS:
        raise ValueError(f"{name}: a {kind} is not known here")
    chosen = dict(config)
    for key, known in KINDS[kind].settings.items():
        if chosen.setdefault(key, known[0]) not in known:
            allowed = " or ".join(map(str, known))
            raise ValueError(f"{name}: {key} must be {allowed}, not {chosen[key]}")
    return KINDS[kind].make(chosen, inputs[0].shape, take)


def _convolution(config: Mapping[str, Any], shape: torch.Size, take: Take) -> Operation:
    size, strides, filters = config["kernel_size"], config.get("strides", [1, 1]), config["filters"]
    kernel = _kernel(take(*size, shape[1], filters))
    bias = take(filters) if config["use_bias"] else None
    return lambda x: ACTIVATIONS[config["activation"]](
        functional.conv2d(_padded(x, config["padding"], size, strides), kernel, bias, strides)
    )


def _separable(config: Mapping[str, Any], shape: torch.Size, take: Take) -> Operation:
    size, strides, filters = config["kernel_size"], config.get("strides", [1, 1]), config["filters"]
    channels, times = shape[1], config.get("depth_multiplier", 1)
    each = take(*size, channels, times).permute(2, 3, 0, 1).reshape(-1, 1, *size)
    kernel = _kernel(take(1, 1, channels * times, filters))
    bias = take(filters) if config["use_bias"] else None

    def separable(x: torch.Tensor) -> torch.Tensor:
        x = _padded(x, config["padding"], size, strides)
        x = functional.conv2d(x, each, None, strides, groups=channels)
        return ACTIVATIONS[config["activation"]](functional.conv2d(x, kernel, bias))

    return separable


def _kernel(kernel: torch.Tensor) -> torch.Tensor:
    """From Keras's height x width x in x out to torch's out x in x height x width."""
    return kernel.permute(3, 2, 0, 1).contiguous()


def _padded(
    x: torch.Tensor, padding: str, size: Sequence[int], strides: Sequence[int], value: float = 0
) -> torch.Tensor:
    """Pad as Keras's `same` does: ceil(length / stride) windows; an odd pixel goes behind."""
    if padding == "valid":
        return x
    sides: list[int] = []
    for length, window, stride in reversed(list(zip(x.shape[2:], size, strides, strict=True))):
        whole = max((-(-length // stride) - 1) * stride + window - length, 0)
        sides += [whole // 2, whole - whole // 2]
    return functional.pad(x, sides, value=value)


def _batch_norm(config: Mapping[str, Any], shape: torch.Size, take: Take) -> Operation:
    gamma, beta, mean, variance = (take(shape[1]) for _ in range(4))
    epsilon = config.get("epsilon", 1e-3)
    return lambda x: functional.batch_norm(x, mean, variance, gamma, beta, eps=epsilon)


def _max_pooling(config: Mapping[str, Any], shape: torch.Size, take: Take) -> Operation:
    size = config["pool_size"]
    strides = config.get("strides") or size
    return lambda x: functional.max_pool2d(
        _padded(x, config["padding"], size, strides, -torch.inf), size, strides
    )


def _average_pooling(config: Mapping[str, Any], shape: torch.Size, take: Take) -> Operation:
    size = config["pool_size"]
    return lambda x: functional.avg_pool2d(x, size, config.get("strides") or size)


def _dense(config: Mapping[str, Any], shape: torch.Size, take: Take) -> Operation:
    kernel = take(shape[1], config["units"]).T.contiguous()
    bias = take(config["units"]) if config["use_bias"] else None
    return lambda x: ACTIVATIONS[config["activation"]](functional.linear(x, kernel, bias))


def _alone(operation: Operation) -> Callable[..., Operation]:
    """A layer without weights and settings."""
    return lambda config, shape, take: operation


ACTIVATIONS: Mapping[str, Operation] = {"linear": lambda x: x, "relu": torch.relu}
"""The known ones; a softmax at the end of a network is left out, so that it gives logits."""

_ACTIVATION = {"activation": tuple(ACTIVATIONS)}
_IMAGE = {"data_format": ("channels_last",)}
_PADDING = _IMAGE | {"padding": ("valid", "same")}
_CONVOLUTION = _PADDING | _ACTIVATION | {
    "dilation_rate": ([1, 1],), "groups": (1,), "use_bias": (True, False),
}  # fmt: skip

KINDS: Mapping[str, Kind] = {
    "Activation": Kind(lambda config, *_: ACTIVATIONS[config["activation"]], _ACTIVATION),
    "Add": Kind(_alone(lambda *inputs: torch.stack(inputs).sum(dim=0))),
    "AveragePooling2D": Kind(_average_pooling, _IMAGE | {"padding": ("valid",)}),
    "BatchNormalization": Kind(
        _batch_norm, {"axis": (-1, 3, [3]), "center": (True,), "scale": (True,)}
    ),
    "Conv2D": Kind(_convolution, _CONVOLUTION),
    "Dense": Kind(_dense, _ACTIVATION | {"use_bias": (True, False)}),
    "Dropout": Kind(_alone(lambda x: x)),
    "Flatten": Kind(_alone(lambda x: x.permute(0, 2, 3, 1).flatten(1)), _IMAGE),
    "GlobalAveragePooling2D": Kind(
        _alone(lambda x: x.mean(dim=(2, 3))), _IMAGE | {"keepdims": (False,)}
    ),
    "MaxPooling2D": Kind(_max_pooling, _PADDING),
    "SeparableConv2D": Kind(_separable, _CONVOLUTION),
}
"""The layers known here, by Keras's class."""
