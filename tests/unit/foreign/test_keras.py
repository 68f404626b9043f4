"""Keras's layers by hand, in NumPy, against what torch computes from a file of them.

pytest tests/unit/foreign/test_keras.py
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import keras_file
from ferblur.core.errors import UserError
from ferblur.foreign import keras
from keras_file import described, graph

Arrays = dict[str, np.ndarray]


def drawn(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def windows(
    image: np.ndarray, size: tuple[int, int], stride: int, same: bool, fill: float = 0
) -> np.ndarray:
    """The windows of an H x W x C image, rows x columns x size x C, as Keras lays them."""
    starts = []
    for length, window in zip(image.shape[:2], size, strict=True):
        if same:
            number = -(-length // stride)
            lacking = max(0, (number - 1) * stride + window - length)
            starts.append([step * stride - lacking // 2 for step in range(number)])
        else:
            starts.append(list(range(0, length - window + 1, stride)))
    rows, columns = starts
    found = np.full((len(rows), len(columns), *size, image.shape[2]), float(fill))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            for y in range(size[0]):
                for x in range(size[1]):
                    if 0 <= top + y < image.shape[0] and 0 <= left + x < image.shape[1]:
                        found[i, j, y, x] = image[top + y, left + x]
    return found


def convolved(
    image: np.ndarray, kernel: np.ndarray, stride: int = 1, same: bool = False
) -> np.ndarray:
    size = (kernel.shape[0], kernel.shape[1])
    return np.asarray(np.einsum("ijyxc,yxco->ijo", windows(image, size, stride, same), kernel))


def separated(image: np.ndarray, arrays: Arrays, stride: int, same: bool) -> np.ndarray:
    depthwise = arrays["depthwise_kernel"]
    size = (depthwise.shape[0], depthwise.shape[1])
    each = np.einsum("ijyxc,yxcm->ijcm", windows(image, size, stride, same), depthwise)
    flat = each.reshape(*each.shape[:2], -1)  # a channel's copies are neighbours
    return convolved(flat, arrays["pointwise_kernel"]) + arrays.get("bias", 0)


def normalised(image: np.ndarray, arrays: Arrays, epsilon: float = 1e-3) -> np.ndarray:
    gamma, beta, mean, variance = arrays.values()
    return np.asarray(gamma * (image - mean) / np.sqrt(variance + epsilon) + beta)


def norm(seed: int, channels: int) -> Arrays:
    return {
        "gamma": drawn(seed, channels), "beta": drawn(seed + 1, channels),
        "moving_mean": drawn(seed + 2, channels),
        "moving_variance": drawn(seed + 3, channels) ** 2 + 0.1,
    }  # fmt: skip


def answer(path: Path, *images: np.ndarray, layers: Any = None) -> np.ndarray:
    network = keras.read(path, layers)
    return network(torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)).numpy()


def one_layer(
    tmp_path: Path, kind: str, shape: tuple[int, ...], arrays: Arrays, **config: Any
) -> Path:
    """A network of one layer and the mean over the picture."""
    layers = [
        described("InputLayer", "in", batch_input_shape=[None, *shape]),
        described(kind, "layer", "in", **config),
        described("GlobalAveragePooling2D", "mean", "layer"),
        described("Activation", "out", "mean", activation="softmax"),
    ]
    weights = [("in", {}), ("layer", arrays), ("mean", {}), ("out", {})]
    return keras_file.write(tmp_path / "one.hdf5", weights, graph(layers))


@pytest.mark.parametrize(
    ("length", "window", "stride", "expected"),
    [(4, 3, 2, [0, 1]), (5, 3, 2, [1, 1]), (6, 2, 2, [0, 0]), (4, 1, 2, [0, 0]),
     (7, 4, 1, [1, 2]), (3, 5, 2, [2, 2])],
)  # fmt: skip
def test_same_pads_as_keras_does(
    length: int, window: int, stride: int, expected: list[int]
) -> None:
    padded = keras._padded(torch.ones(1, 1, 8, length), "same", [1, window], [1, stride], value=7)
    before, after = expected
    assert padded[0, 0, 0].tolist() == [7] * before + [1] * length + [7] * after
    assert padded.shape[2] == 8


def test_the_odd_pixel_of_a_maximum_lies_behind() -> None:
    pooled = torch.tensor([[[[1.0, 2, 3, 4]]]])
    found = keras._operation(
        "pool", "MaxPooling2D", {"pool_size": [1, 3], "strides": [1, 2], "padding": "same"},
        [pooled], lambda *shape: torch.empty(0),
    )(pooled)  # fmt: skip
    assert found.flatten().tolist() == [3, 4]  # padded on both sides alike: 2, 4


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("stride", [1, 2])
def test_convolution(tmp_path: Path, same: bool, stride: int) -> None:
    arrays = {"kernel": drawn(1, 3, 2, 2, 5), "bias": drawn(2, 5)}
    path = one_layer(
        tmp_path, "Conv2D", (7, 6, 2), arrays, filters=5, kernel_size=[3, 2],
        strides=[stride, stride], padding="same" if same else "valid", activation="relu",
    )  # fmt: skip
    images = [drawn(seed, 7, 6, 2) for seed in (3, 4)]
    expected = [
        np.maximum(convolved(image, arrays["kernel"], stride, same) + arrays["bias"], 0)
        for image in images
    ]
    means = [values.mean(axis=(0, 1)) for values in expected]
    np.testing.assert_allclose(answer(path, *images), means, atol=1e-5)


@pytest.mark.parametrize(("same", "stride", "times"), [(True, 1, 1), (True, 2, 3), (False, 1, 2)])
def test_separable_convolution(tmp_path: Path, same: bool, stride: int, times: int) -> None:
    arrays = {
        "depthwise_kernel": drawn(1, 3, 3, 4, times),
        "pointwise_kernel": drawn(2, 1, 1, 4 * times, 3), "bias": drawn(3, 3),
    }  # fmt: skip
    path = one_layer(
        tmp_path, "SeparableConv2D", (8, 5, 4), arrays, filters=3, kernel_size=[3, 3],
        depth_multiplier=times, strides=[stride, stride], padding="same" if same else "valid",
    )  # fmt: skip
    image = drawn(4, 8, 5, 4)
    expected = separated(image, arrays, stride, same).mean(axis=(0, 1))
    np.testing.assert_allclose(answer(path, image)[0], expected, atol=1e-5)


def test_batch_normalisation(tmp_path: Path) -> None:
    arrays = norm(1, 3)
    path = one_layer(tmp_path, "BatchNormalization", (4, 4, 3), arrays, axis=-1, epsilon=0.01)
    image = drawn(9, 4, 4, 3)
    expected = normalised(image, arrays, 0.01).mean(axis=(0, 1))
    np.testing.assert_allclose(answer(path, image)[0], expected, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 7), (5, 6)])
def test_maximum(tmp_path: Path, height: int, width: int) -> None:
    path = one_layer(
        tmp_path, "MaxPooling2D", (height, width, 3), {}, pool_size=[3, 3], strides=[2, 2],
        padding="same",
    )  # fmt: skip
    image = drawn(1, height, width, 3) - 5  # a border of zeros would be the largest
    found = windows(image, (3, 3), 2, True, -np.inf).max(axis=(2, 3)).mean(axis=(0, 1))
    np.testing.assert_allclose(answer(path, image)[0], found, atol=1e-5)


def test_a_graph_with_a_shortcut(tmp_path: Path) -> None:
    # an Xception block, as fer's network has four
    first, right, bias = drawn(1, 3, 3, 1, 4), drawn(2, 1, 1, 4, 6), drawn(3, 6)
    deep: Arrays = {
        "depthwise_kernel": drawn(4, 3, 3, 4, 1), "pointwise_kernel": drawn(5, 1, 1, 4, 6)
    }  # fmt: skip
    one, two = norm(6, 4), norm(10, 6)
    layers = [
        described("InputLayer", "in", batch_input_shape=[None, 10, 10, 1]),
        described("Conv2D", "a", "in", filters=4, kernel_size=[3, 3], use_bias=False),
        described("BatchNormalization", "b", "a"),
        described("Activation", "c", "b", activation="relu"),
        described("SeparableConv2D", "d", "c", filters=6, kernel_size=[3, 3], use_bias=False,
                  padding="same"),
        described("BatchNormalization", "e", "d"),
        described("Conv2D", "f", "c", filters=6, kernel_size=[1, 1], strides=[2, 2],
                  padding="same"),
        described("MaxPooling2D", "g", "e", pool_size=[3, 3], strides=[2, 2], padding="same"),
        described("Add", "h", "g", "f"),
        described("GlobalAveragePooling2D", "i", "h"),
        described("Activation", "out", "i", activation="softmax"),
    ]  # fmt: skip
    weights: keras_file.Weights = [
        ("in", {}), ("a", {"kernel": first}), ("b", one), ("c", {}), ("d", deep), ("e", two),
        ("f", {"kernel": right, "bias": bias}), ("g", {}), ("h", {}), ("i", {}), ("out", {}),
    ]  # fmt: skip
    path = keras_file.write(tmp_path / "block.hdf5", weights, graph(layers))
    image = drawn(20, 10, 10, 1)
    c = np.maximum(normalised(convolved(image, first), one), 0)
    e = normalised(separated(c, deep, 1, True), two)
    g = windows(e, (3, 3), 2, True, -np.inf).max(axis=(2, 3))
    expected = (g + convolved(c, right, 2, True) + bias).mean(axis=(0, 1))
    np.testing.assert_allclose(answer(path, image)[0], expected, atol=1e-5)


def chained() -> tuple[list[keras.Layer], keras_file.Weights]:
    """Weights alone, whose layers have other names than those given."""
    layers = keras.chain(
        ("InputLayer", {"batch_input_shape": [None, 6, 6, 2]}),
        ("AveragePooling2D", {"pool_size": [3, 3], "strides": [1, 1]}),
        ("Dropout", {"rate": 0.5}),
        ("Flatten", {}),
        ("Dense", {"units": 5, "activation": "relu"}),
        ("Dense", {"units": 3, "activation": "softmax"}),
    )
    return layers, [
        ("flat", {}),
        ("x", {"W": drawn(1, 32, 5), "b": drawn(2, 5)}),
        ("y", {"W": drawn(3, 5, 3), "b": drawn(4, 3)}),
    ]


def test_weights_belong_to_given_layers_by_their_order(tmp_path: Path) -> None:
    layers, weights = chained()
    path = keras_file.write(tmp_path / "weights.h5", weights)
    image = drawn(9, 6, 6, 2)
    flat = windows(image, (3, 3), 1, False).mean(axis=(2, 3)).reshape(-1)
    (_, x), (_, y) = weights[1:]
    expected = np.maximum(flat @ x["W"] + x["b"], 0) @ y["W"] + y["b"]
    np.testing.assert_allclose(answer(path, image, layers=layers)[0], expected, atol=1e-5)
    network = keras.read(path, layers)
    assert (network.shape, network.classes) == ((2, 6, 6), 3)


def refused(path: Path, layers: Any = None) -> str:
    with pytest.raises(UserError) as caught:
        keras.read(path, layers)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: cannot be read as a network of Keras 2: ")
    return message.partition("Keras 2: ")[2]


@pytest.mark.parametrize(
    ("kind", "config", "reason"),
    [
        ("LSTM", {}, "layer: a LSTM is not known here"),
        ("Lambda", {"function": "os.system"}, "layer: a Lambda is not known here"),
        ("MaxPooling2D", {"pool_size": [2, 2], "data_format": "channels_first"},
         "layer: data_format must be channels_last, not channels_first"),
        ("AveragePooling2D", {"pool_size": [2, 2], "padding": "same"},
         "layer: padding must be valid, not same"),
        ("Conv2D", {"filters": 1, "kernel_size": [1, 1], "dilation_rate": [2, 2]},
         "layer: dilation_rate must be [1, 1], not [2, 2]"),
        ("BatchNormalization", {"scale": False}, "layer: scale must be True, not False"),
        ("Activation", {"activation": "elu"},
         "layer: activation must be linear or relu, not elu"),
        ("Activation", {"activation": "softmax"},
         "layer: activation must be linear or relu, not softmax"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused(
    tmp_path: Path, kind: str, config: dict[str, Any], reason: str
) -> None:
    assert refused(one_layer(tmp_path, kind, (4, 4, 1), {}, **config)) == reason


def with_weights(change: Callable[[dict[str, Arrays]], object]) -> keras_file.Weights:
    weights = {name: dict(arrays) for name, arrays in chained()[1]}
    change(weights)
    return list(weights.items())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda w: w["y"].pop("b"), "too few arrays, the next of shape (3,)"),
        (lambda w: w["y"].update(c=drawn(1, 3)), "/y/y_1/c:0: one array more than the layers take"),
        (lambda w: w["x"].update(W=drawn(1, 31, 5)),
         "/x/x_1/W:0: float32 of shape (31, 5), not float32 of shape (32, 5)"),
        (lambda w: w["x"].update(W=np.zeros((32, 5))),
         "/x/x_1/W:0: float64 of shape (32, 5), not float32 of shape (32, 5)"),
    ],
)  # fmt: skip
def test_arrays_must_fit(
    tmp_path: Path, change: Callable[[dict[str, Arrays]], object], reason: str
) -> None:
    path = keras_file.write(tmp_path / "weights.h5", with_weights(change))
    assert refused(path, chained()[0]) == reason


@pytest.mark.parametrize(
    ("key", "value"), [("backend", "theano"), ("keras_version", "1.2.2"), ("keras_version", "3.1")]
)
def test_other_kerases_are_refused(tmp_path: Path, key: str, value: str) -> None:
    layers, weights = chained()
    path = keras_file.write(tmp_path / "weights.h5", weights, None, **{key: value})
    assert "not by Keras 2 on tensorflow" in refused(path, layers)


def test_a_graph_that_is_no_chain_of_calls_is_refused(tmp_path: Path) -> None:
    start = described("InputLayer", "in", batch_input_shape=[None, 4, 4, 1])
    twice = described("Activation", "a", "in", activation="relu")
    twice["inbound_nodes"] *= 2
    new = described("Activation", "a", activation="relu")
    new["inbound_nodes"] = [{"args": [], "kwargs": {}}]  # as Keras 3 writes
    for layer in (twice, new):
        path = keras_file.write(tmp_path / "a.h5", [], graph([start, layer]))
        assert refused(path) == "a: called more than once, or in Keras 3"
    other = described("Activation", "a", "in", activation="relu")
    path = keras_file.write(tmp_path / "a.h5", [], graph([start, other], output="in"))
    assert refused(path) == "the last layer must be the only output"
    path = keras_file.write(tmp_path / "a.h5", [], graph([other]))
    assert refused(path) == "a: the first layer must be an InputLayer"
    path = keras_file.write(tmp_path / "a.h5", [], {"class_name": "Sequential", "config": []})
    assert refused(path) == "a Sequential is not a graph of layers"


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"no HDF5")
    assert "file signature not found" in refused(path)
    assert "model_config" in refused(keras_file.write(path, chained()[1]))
    path.unlink()
    assert "No such file" in refused(path)
