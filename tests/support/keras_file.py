"""HDF5 files of networks, written as Keras 2 writes them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Weights = Sequence[tuple[str, Mapping[str, np.ndarray]]]
"""Layers by name, with their arrays by name, in Keras's order."""


def described(kind: str, name: str, *inputs: str, **config: Any) -> dict[str, Any]:
    """A layer in a graph's description."""
    nodes = [[[each, 0, 0, {}] for each in inputs]] if inputs else []
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": nodes}


def graph(layers: Sequence[Mapping[str, Any]], output: str = "") -> dict[str, Any]:
    """A description of the whole graph; the last layer is the output unless another is named."""
    names = [[output or layers[-1]["name"], 0, 0]]
    return {"class_name": "Model", "config": {"layers": layers, "output_layers": names}}


def write_like_fer(path: Path, kernel: np.ndarray) -> Path:
    """Write a small network that takes and gives what fer's does; `kernel` is 9 x 9 x 1 x 7."""
    layers = [
        described("InputLayer", "in", batch_input_shape=[None, 64, 64, 1]),
        described("Conv2D", "a", "in", filters=7, kernel_size=[9, 9], strides=[8, 8],
                  activation="relu", use_bias=False),
        described("GlobalAveragePooling2D", "b", "a"),
        described("Activation", "c", "b", activation="softmax"),
    ]  # fmt: skip
    arrays: Mapping[str, np.ndarray] = {"kernel": kernel.astype(np.float32)}
    return write(path, [("in", {}), ("a", arrays), ("b", {}), ("c", {})], graph(layers))


def write(
    path: Path, weights: Weights, model: Mapping[str, Any] | None = None, **attributes: str
) -> Path:
    """Write a network, or its weights alone where there is no `model`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        group = file
        if model:
            file.attrs["model_config"] = np.bytes_(json.dumps(model))
            group = file.create_group("model_weights")
        known = {"backend": "tensorflow", "keras_version": "2.0.5"} | attributes
        group.attrs.update({key: np.bytes_(value) for key, value in known.items()})
        group.attrs["layer_names"] = np.array([name for name, _ in weights], "S")
        for name, arrays in weights:
            inside = group.create_group(name)
            names = [f"{name}_1/{array}:0" for array in arrays]
            inside.attrs["weight_names"] = np.array(names, "S") if names else np.zeros(0)
            for full, values in zip(names, arrays.values(), strict=True):
                inside.create_dataset(full, data=values)
    return path
