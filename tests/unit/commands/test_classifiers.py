"""Every way of naming a classifier gives the same probabilities, and one line where it is wrong.

pytest tests/unit/commands/test_classifiers.py
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import keras_file
from ferblur.commands.classifiers import named
from ferblur.core.errors import UserError
from ferblur.core.files import sha256
from ferblur.core.params import Params
from ferblur.core.study import EMOTIONS
from ferblur.foreign import networks as foreign
from small_networks import ANY_NUMBER, Probabilities, untrained, write_onnx

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def faces(picture: Callable[..., np.ndarray]) -> np.ndarray:
    return np.stack([picture(seed, 64, 64) for seed in range(5)])


SQUARE = np.ones(5)


def line(model: Any, faces: np.ndarray, emotions: tuple[str, ...] = EMOTIONS) -> str:
    """What is said about a classifier that is wrong."""
    with pytest.raises(UserError) as caught:
        named(model, emotions)(faces, np.ones(len(faces)))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_callable_is_asked_as_it_is(faces: np.ndarray) -> None:
    seen = []

    def even(given: np.ndarray) -> list[list[float]]:
        seen.append(given)
        return [[1 / 6] * 6] * len(given)

    found = named(even, EMOTIONS)(faces, SQUARE)
    assert np.array_equal(seen[0], faces)
    assert found.dtype == np.float64
    assert np.array_equal(found, np.full((5, 6), 1 / 6))
    assert named(even, EMOTIONS).name == "even"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: np.full((len(x), 7), 1 / 7), r"must answer 5 x 6, .* not 5 x 7"),
        (lambda x: np.full(6, 1 / 6), r"must answer 5 x 6, .* not 6$"),
        (lambda x: 0.5, "not a number"),
        (lambda x: "happy", "array of numbers, not str"),
        (lambda x: None, "must answer"),
        (lambda x: np.full((len(x), 6), np.nan), "not all finite"),
        (lambda x: np.ones((len(x), 6)), "add up to 1 within 0.001; one adds up to 6"),
        (lambda x: np.tile([2.0, -1, 0, 0, 0, 0], (len(x), 1)), "the least is -1"),
        (lambda x: 1 / 0, "ZeroDivisionError on 5 x 64 x 64 x 3 uint8: division by zero"),
    ],
)
def test_a_wrong_answer_is_one_line(
    faces: np.ndarray, answer: Callable[[np.ndarray], Any], said: str
) -> None:
    assert re.search(said, line(answer, faces))


def test_rows_may_miss_1_a_little(faces: np.ndarray) -> None:
    assert named(lambda x: np.full((len(x), 6), 1.0005 / 6), EMOTIONS)(faces, SQUARE).shape == (
        5,
        6,
    )
    assert "add up" in line(lambda x: np.full((len(x), 6), 1.0011 / 6), faces)


def test_modules_of_the_working_directory_are_found(project: Path, faces: np.ndarray) -> None:
    code = "class Mine:\n    def answer(faces): return [[0.5, 0.5]] * len(faces)\nsize = 3\n"
    (project / "mine_here.py").write_text(code)
    (project / "mine_broken.py").write_text("import nothing_such\n")
    found = named("mine_here:Mine.answer", ("a", "b"))(faces, SQUARE)
    assert found.tolist() == [[0.5, 0.5]] * 5
    assert "has no attribute 'more'" in line("mine_here:more", faces)
    assert "must be a callable, not int" in line("mine_here:size", faces)
    assert "No module named 'nothing_such'" in line("mine_broken:answer", faces)
    assert "No module named 'mine_absent'" in line("mine_absent:answer", faces)
    assert "must be MODULE:CALLABLE" in line("mine_here", faces)
    assert "must be a callable" in line(3, faces)


def test_a_model_of_the_pipeline_and_its_onnx_file_agree(
    tmp_path: Path, smoke: Params, faces: np.ndarray
) -> None:
    settings = smoke.train.model_copy(update={"input_size": 64})
    model = untrained(tmp_path / "last.safetensors", settings, 6, faces)
    with torch.inference_mode():
        expected = torch.softmax(model(torch.from_numpy(faces))[0], 1).numpy()
    assert np.ptp(expected, axis=0).max() > 0.05  # faces differ
    ours = named(str(tmp_path / "last.safetensors"), EMOTIONS)(faces, SQUARE)
    assert np.allclose(ours, expected, atol=2e-5)
    asked = Probabilities(model)
    for number, options in (3, {}), (2, ANY_NUMBER):  # faces that it takes
        example = torch.rand(number, 3, 64, 64)
        path = write_onnx(tmp_path / f"{number}.onnx", asked, example, **options)
        assert np.allclose(named(str(path), EMOTIONS)(faces, SQUARE), expected, atol=1e-4)
    assert "must answer 5 x 2" in line(str(path), faces, ("a", "b"))
    assert "must answer 5 x 2" in line(str(tmp_path / "last.safetensors"), faces, ("a", "b"))


class Means(nn.Module):
    """Mean red, green and blue of uint8 pixels, as shares."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        means = images.float().mean(dim=(1, 2))
        return means / means.sum(dim=1, keepdim=True)


def test_an_onnx_file_may_take_bytes_with_channels_last(tmp_path: Path, faces: np.ndarray) -> None:
    example = torch.ones(2, 64, 64, 3, dtype=torch.uint8)
    path = write_onnx(tmp_path / "means.onnx", Means(), example, **ANY_NUMBER)
    means = faces.mean(axis=(1, 2))
    found = named(str(path), ("a", "b", "c"))(faces, SQUARE)
    assert np.allclose(found, means / means.sum(axis=1, keepdims=True), atol=1e-5)


def test_other_onnx_files_are_refused(tmp_path: Path, faces: np.ndarray) -> None:
    grey = write_onnx(tmp_path / "grey.onnx", nn.Flatten(), torch.rand(1, 1, 8, 8))
    assert "must take one input, N x 3 x S x S" in line(str(grey), faces)
    wide = write_onnx(tmp_path / "wide.onnx", nn.Flatten(), torch.rand(1, 3, 8, 9))
    assert "square images, not 8 x 9" in line(str(wide), faces)
    for name in ("junk.onnx", "junk.safetensors"):
        (tmp_path / name).write_bytes(b"junk")
        assert f"{tmp_path / name}: is no" in line(str(tmp_path / name), faces)
        assert "no such file" in line(str(tmp_path / f"absent-{name}"), faces)


def test_fers_classes_are_ours_and_its_boxes_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faces: np.ndarray
) -> None:
    kernel = np.random.default_rng(1).normal(size=(9, 9, 1, 7))
    path = keras_file.write_like_fer(tmp_path / "fer.h5", kernel)
    fer = replace(foreign.FER, file=path, hash=sha256(path))
    monkeypatch.setattr(foreign, "FER", fer)
    found = named("fer", EMOTIONS)(faces, SQUARE)
    shuffled = EMOTIONS[::-1]
    assert np.allclose(named("fer", shuffled)(faces, SQUARE), found[:, ::-1])
    assert not np.allclose(named("fer", EMOTIONS)(faces, SQUARE / 2), found)
    assert "contempt" in line("fer", faces, ("anger", "contempt"))
    monkeypatch.setattr(foreign, "DEEPFACE", replace(foreign.DEEPFACE, file=tmp_path / "none.h5"))
    assert "none.h5: missing" in line("deepface", faces)
