"""Anybody's classifier of faces, by name: a file, a published network, or Python's own words.

Whatever it is, it is asked about N x H x W x 3 uint8 RGB faces and answers with N x K
probabilities, which are checked each time.
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from ferblur.core.arithmetic import PORTABLE
from ferblur.core.errors import UserError, printable
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import make_rows, number_rows
from ferblur.dataset.samples import Samples

FORMS = "MODULE:CALLABLE, a file .safetensors or .onnx, fer or deepface"

TOLERANCE = 1e-3
"""By which a row of probabilities may miss 1."""

Answer = Callable[[np.ndarray], Any]
"""From N x H x W x 3 uint8 RGB faces to N x K probabilities."""


@dataclass(frozen=True)
class Classifier:
    """A classifier and the name under which it is spoken of."""

    name: str
    emotions: Sequence[str]
    answer: Callable[[np.ndarray, np.ndarray], Any]
    """From N faces, and width / height of what each was before it was made square."""

    def __call__(self, faces: np.ndarray, proportions: np.ndarray) -> np.ndarray:
        """N x K float64 probabilities. Raises UserError naming the classifier and what is wrong."""
        asked = f"{len(faces)} x {' x '.join(map(str, faces.shape[1:]))} uint8"
        try:
            given = self.answer(faces, proportions)
        except UserError:
            raise
        except Exception as error:
            what = printable(" ".join(str(error).split()), 200)
            raise UserError(f"{self.name}: {type(error).__name__} on {asked}: {what}") from error
        try:
            found = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise UserError(
                f"{self.name}: must answer with an array of numbers, not {type(given).__name__}"
            ) from error
        wanted = (len(faces), len(self.emotions))
        if found.shape != wanted:
            raise UserError(
                f"{self.name}: on {asked} it must answer {wanted[0]} x {wanted[1]}, a column for "
                f"each of {', '.join(self.emotions)} (--emotions names others), not "
                f"{' x '.join(map(str, found.shape)) or 'a number'}"
            )
        if not np.isfinite(found).all():
            raise UserError(f"{self.name}: its probabilities are not all finite")
        sums = found.sum(axis=1)
        worst = int(np.abs(sums - 1).argmax())
        if found.min() < -TOLERANCE or abs(sums[worst] - 1) > TOLERANCE:
            raise UserError(
                f"{self.name}: each row must be probabilities, 0 or more, that add up to 1 within "
                f"{TOLERANCE:g}; one adds up to {sums[worst]:g}, the least is {found.min():g}"
            )
        return found


def named(model: str | Answer, emotions: Sequence[str]) -> Classifier:
    """The classifier that `model` is, or names, as `FORMS` says; K = len(emotions).

    Raises UserError in one line where there is none.
    """
    if not isinstance(model, str):
        if not callable(model):
            raise UserError(f"{model!r}: must be a callable, or one of {FORMS}")
        return _from_python(getattr(model, "__name__", type(model).__name__), model, emotions)
    if model in ("fer", "deepface"):
        return _published(model, emotions)
    if model.endswith(".safetensors"):
        return _ours(_file(model), emotions)
    if model.endswith(".onnx"):
        return _onnx(_file(model), emotions)
    if ":" in model:
        return _from_python(model, _imported(model), emotions)
    raise UserError(f"--model {printable(model)}: must be {FORMS}")


def _file(model: str) -> Path:
    path = Path(model)
    if not path.is_file():
        hint = "; make repro trains the pipeline's models" * (path.suffix == ".safetensors")
        raise UserError(f"{printable(model)}: no such file{hint}")
    return path


def _softmax(logits: np.ndarray) -> np.ndarray:
    """Of N x K logits, in float64, so that no rounding makes two classes equal."""
    return np.asarray(softmax(logits.astype(np.float64), axis=1))


def _from_python(name: str, call: Answer, emotions: Sequence[str]) -> Classifier:
    return Classifier(name, emotions, lambda faces, _: call(faces))


def _imported(model: str) -> Answer:
    """What MODULE:CALLABLE names; modules of the working directory are found, too."""
    module, _, name = model.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:
        what = printable(" ".join(str(error).split()), 200)
        raise UserError(f"--model {model}: {type(error).__name__}: {what}") from error
    finally:
        sys.path.remove(str(Path.cwd()))
    if not callable(found):
        raise UserError(f"--model {model}: must be a callable, not {type(found).__name__}")
    call: Answer = found
    return call


def _samples(faces: np.ndarray, size: int, channel_order: str) -> Samples:
    """Faces as the pipeline's networks read them, resized to `size` px."""
    names = [str(number) for number in range(len(faces))]
    table = pd.DataFrame({"source_id": names})
    return Samples(Faces(faces, table), number_rows([make_rows(names, 0)]), size, channel_order)


def _ours(path: Path, emotions: Sequence[str]) -> Classifier:
    """A training of the pipeline, in the arithmetic and with the input size that it has."""
    import torch
    from safetensors import SafetensorError

    from ferblur.model import network
    from ferblur.model.training import deterministic, predict

    try:
        model = network.load(path)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: is no model of the pipeline; make repro trains them") from error
    settings, device = model.params, torch.device("cpu")

    def answer(faces: np.ndarray, _: np.ndarray) -> np.ndarray:
        samples = _samples(faces, settings.input_size, settings.channel_order)
        with deterministic(device, PORTABLE):
            logits, _labels = predict(model, samples, len(faces), device)
        return _softmax(logits)

    return Classifier(str(path), emotions, answer)


def _published(name: str, emotions: Sequence[str]) -> Classifier:
    """The network of fer or DeepFace, whose other classes are left out before it is normalised."""
    import torch

    from ferblur.foreign.networks import DEEPFACE, FER
    from ferblur.model.training import deterministic

    network = {"fer": FER, "deepface": DEEPFACE}[name]
    network.check()

    def answer(faces: np.ndarray, proportions: np.ndarray) -> np.ndarray:
        samples = _samples(faces, faces.shape[1], "rgb")
        with deterministic(torch.device("cpu"), PORTABLE):
            return _softmax(network.predict(samples, proportions, emotions, len(faces)))

    return Classifier(name, emotions, answer)


def _onnx(path: Path, emotions: Sequence[str]) -> Classifier:
    """An ONNX file with one input, of images, whose first output is the probabilities.

    The input is N x 3 x S x S or N x S x S x 3, float32 RGB in 0..1 or uint8 RGB in 0..255; the
    file says which, and S, to which faces are resized, unless it leaves it open. It may take
    faces one by one.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    except Exception as error:  # its errors share no class
        raise UserError(f"{path}: is not an ONNX file that can be run") from error
    inputs = session.get_inputs()
    shape, kind = list(inputs[0].shape), inputs[0].type
    at = {3: 1, 1: 3}  # where the channels are, and the first of the two sides is not
    channels = next((place for place in at if len(shape) == 4 and shape[place] == 3), None)
    kinds = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}
    if len(inputs) != 1 or channels is None or kind not in kinds:
        given = "; ".join(f"{each.type} {each.shape}" for each in inputs)
        raise UserError(
            f"{path}: must take one input, N x 3 x S x S or N x S x S x 3, float32 or uint8, "
            f"not {printable(given)}"
        )
    sides = [side for place, side in enumerate(shape) if place not in (0, channels)]
    fixed = [side for side in sides if isinstance(side, int)]
    if len(set(fixed)) > 1:
        raise UserError(f"{path}: must take square images, not {sides[0]} x {sides[1]}")

    def answer(faces: np.ndarray, _: np.ndarray) -> np.ndarray:
        samples = _samples(faces, fixed[0] if fixed else faces.shape[1], "rgb")
        pixels, _labels = samples.batch(range(len(faces)))
        images = pixels if kinds[kind] is np.uint8 else pixels.astype(np.float32) / 255
        if channels == 1:
            images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        many = shape[0] if isinstance(shape[0], int) else len(images)
        if len(images) % many:  # a file with a fixed batch: the last face fills it up
            images = np.concatenate([images, images[-1:].repeat(many - len(images) % many, 0)])
        parts = [
            session.run(None, {inputs[0].name: images[start : start + many]})[0]
            for start in range(0, len(images), many)
        ]
        return np.concatenate(parts)[: len(faces)]

    return Classifier(str(path), emotions, answer)
