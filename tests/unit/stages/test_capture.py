"""Frames are blurred, searched and asked about, radius by radius, in the order of the samples.

pytest tests/unit/stages/test_capture.py
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image, ImageFilter

from clone import ROOT
from ferblur.alignment import search
from ferblur.alignment.detection import DETECTORS, Detection
from ferblur.beyond.frames import frame_radii
from ferblur.beyond.training import ask
from ferblur.core.errors import UserError
from ferblur.core.files import sha256
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS, MODELS
from ferblur.dataset.blur import sigma
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.evidence.capturing import eye_error
from ferblur.stages import align, balance, capture, prepare
from small_networks import untrained

RADII = [0, 2, 4, 8, 14]  # the levels'
SEEDS = (1, 2)


class Contrast:
    """One face in every image of some contrast, which blur takes away; can stop like a kill."""

    left = 10**9

    def detect(self, images: np.ndarray) -> list[list[Detection]]:
        Contrast.left -= 1
        if Contrast.left < 0:
            raise KeyboardInterrupt
        shift = [int(image[10, 10, 0]) % 3 for image in images]
        return [
            [Detection((2 + by, 2, 24, 28), (21, 12 + by), (9, 12), 0.9)] if _seen(image) else []
            for image, by in zip(images, shift, strict=True)
        ]


def _seen(image: np.ndarray) -> bool:
    return float(image.std()) > 36


def one_by_one(
    params: object, work: Callable[..., Any], calls: Sequence[tuple[Any, ...]], what: str
) -> list[Any]:
    """As `side_by_side`, in this process, where the detector is another."""
    return [work(*call) for call in calls]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained networks that tell pictures apart, one for each model and seed."""
    folder = tmp_path_factory.mktemp("networks")
    params = load_params(ROOT / "profiles/smoke.yaml").train
    for number, model in enumerate(MODELS):
        for seed in SEEDS:
            pictures = np.random.default_rng([number, seed]).integers(
                0, 256, (12, 64, 64, 3), dtype=np.uint8
            )
            untrained(folder / f"{model}/{seed}/last.safetensors", params, 6, pictures)
    return folder


@pytest.fixture
def ready(
    project: Path, pools: Path, models: Path, edit: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:  # fmt: skip
    """What the stage reads, made by the stages before it from pictures of 32 px."""
    for shade, emotion in enumerate(EMOTIONS):  # plain: without a face at any radius
        Image.new("RGB", (32, 32), (40 * shade,) * 3).save(
            pools / "deployment" / emotion / "plain.png"
        )
    edit(
        data={"root": str(pools)},
        prepare={"max_rejected": 1.0},
        align={"size": 48, "batch_size": 2, "max_rejected": 0.9},
        balance={"deployment_per_class": "smallest"},
    )
    monkeypatch.setitem(DETECTORS, "mtcnn", Contrast)
    monkeypatch.setattr(Contrast, "left", 10**9)
    monkeypatch.setattr(capture, "side_by_side", one_by_one)
    extensions = yaml.safe_load((ROOT / "extensions/params.yaml").read_text())
    extensions["sweep"]["radii"] = [0, 4]
    Path("extensions").mkdir()
    Path("extensions/params.yaml").write_text(yaml.safe_dump(extensions, sort_keys=False))
    Path("models").symlink_to(models)
    prepare.main()
    align.main()
    balance.main()
    return project


def outputs() -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(Path("data/capture").iterdir())}


def made() -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    faces = pd.read_csv("data/capture/faces.csv", dtype={"source_id": str})
    return faces, {model: np.load(f"data/capture/{model}.npy") for model in MODELS}


def test_every_radius_has_every_sample_in_order(ready: Path) -> None:
    capture.main()
    faces, logits = made()
    samples = read_manifest(Path("data/balance/deployment.csv"))
    assert list(faces.columns) == [
        "radius", "frame_radius", "sample_id", "source_id", "status", "faces", "x", "y", "width",
        "height", "left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y", "angle", "confidence",
    ]  # fmt: skip
    assert faces["radius"].tolist() == [radius for radius in RADII for _ in range(len(samples))]
    for name in ("sample_id", "source_id"):
        assert faces[name].tolist() == samples[name].tolist() * len(RADII)
    deviations = [sigma(radius) for radius in faces["frame_radius"]]
    expected = [sigma(radius) * np.sqrt(24 * 28) / 48 for radius in faces["radius"]]
    assert deviations == pytest.approx(expected)
    for found in logits.values():
        assert found.shape == (len(SEEDS), len(RADII), len(samples), 6)
        assert found.dtype == np.float32
    there = (faces["status"] == "aligned").to_numpy().reshape(len(RADII), -1)
    assert there[0].all()
    assert there.sum(axis=1).tolist() == sorted(there.sum(axis=1), reverse=True)
    assert 0 < there.sum() < there.size
    assert not there[-1].any()  # so that no model is asked
    for found in logits.values():
        assert (np.isnan(found).all(axis=3) == ~there).all()
        assert (np.isnan(found).any(axis=3) == ~there).all()
    assert faces.loc[~there.ravel(), "x":].isna().all(axis=None)
    assert not faces.loc[there.ravel(), "x":].isna().any(axis=None)


def test_without_blur_it_is_what_align_and_evaluate_have(ready: Path) -> None:
    capture.main()
    faces, logits = made()
    samples = read_manifest(Path("data/balance/deployment.csv"))
    sharp = faces[faces["radius"] == 0]
    aligned = Faces.open(Path("data/align"), "deployment")
    theirs = aligned.table.iloc[aligned.rows(samples["source_id"])]
    columns = list(faces.columns[4:])
    assert sharp[columns].to_numpy().tolist() == theirs[columns].to_numpy().tolist()
    assert not eye_error(sharp, theirs).any()
    for model, found in logits.items():
        for number, seed in enumerate(SEEDS):
            weights = Path(f"models/{model}/{seed}/last.safetensors")
            asked = ask(weights, samples, aligned, load_params())
            np.testing.assert_array_equal(found[number, 0], asked)
            assert np.ptp(asked, axis=0).all()  # samples differ


def test_with_blur_it_is_what_comes_of_blurred_pictures(ready: Path) -> None:
    capture.main()
    faces, logits = made()
    params = load_params()
    samples = read_manifest(Path("data/balance/deployment.csv"))
    aligned = Faces.open(Path("data/align"), "deployment")
    table = aligned.table.iloc[aligned.rows(samples["source_id"])].reset_index(drop=True)
    radii = frame_radii(table, 2, params.align.size)
    place = RADII.index(2)
    rows = faces[faces["radius"] == 2].reset_index(drop=True)
    assert rows["frame_radius"].tolist() == pytest.approx(radii)
    pixels, there = [], []
    for number, (source, radius) in enumerate(
        zip(samples["source_id"], radii.tolist(), strict=True)
    ):
        picture = Image.open(Path(params.data.root) / "deployment" / source)
        blurred = np.asarray(picture.convert("RGB").filter(ImageFilter.BoxBlur(radius)))
        [found] = Contrast().detect(blurred[None])
        face, row = search.align_image(blurred, search.View(blurred, 1), found, params.align)
        assert rows.loc[number, "status"] == row["status"]
        if face is not None:
            assert rows[list(row)].iloc[number].tolist() == list(row.values())
            pixels.append(face)
            there.append(number)
    assert there
    apart = Faces(np.stack(pixels), table.iloc[there].reset_index(drop=True))
    for model, found_logits in logits.items():
        weights = Path(f"models/{model}/1/last.safetensors")
        expected = ask(weights, samples.iloc[there], apart, params)
        np.testing.assert_allclose(found_logits[0, place, there], expected, rtol=1e-5, atol=1e-5)


def test_images_without_a_face_are_asked_whole_where_align_keeps_them(
    ready: Path, edit: Callable[..., None]
) -> None:
    edit(align={"no_face": "keep"})
    align.main()
    balance.main()
    capture.main()
    faces, logits = made()
    samples = read_manifest(Path("data/balance/deployment.csv"))
    assert len(samples) == 18  # the plain ones too
    assert set(faces["status"]) == {"aligned", "kept whole: no face"}
    whole = samples["source_id"].str.endswith("plain.png").to_numpy()
    sharp = faces[faces["radius"] == 2].reset_index(drop=True)
    deviations = sharp["frame_radius"].map(sigma).to_numpy()
    assert deviations[whole] == pytest.approx(sigma(2) * 32 / 48)
    assert deviations[~whole] == pytest.approx(sigma(2) * np.sqrt(24 * 28) / 48)
    for found in logits.values():
        assert not np.isnan(found).any()


def test_a_killed_run_continues_to_the_same_bytes(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Contrast, "left", 15)  # 6 batches a radius
    with pytest.raises(KeyboardInterrupt):
        capture.main()
    assert not Path("data/capture").exists()
    [work] = Path(".partial/capture").iterdir()
    assert sorted(path.name for path in work.glob("*.json")) == ["0.json", "1.json"]
    asked: list[Path] = []

    def stops(weights: Path, *rest: Any) -> np.ndarray:
        asked.append(weights)
        if len(asked) == 6:
            raise KeyboardInterrupt
        return ask(weights, *rest)

    monkeypatch.setattr(Contrast, "left", 18)  # three radii are left
    monkeypatch.setattr(capture, "ask", stops)
    with pytest.raises(KeyboardInterrupt):
        capture.main()
    assert Contrast.left == 0
    first = len(asked)
    capture.main()
    continued = outputs()
    assert not Path(".partial/capture").exists()
    total = len(asked) - 1
    monkeypatch.setattr(Contrast, "left", 10**9)
    monkeypatch.setattr(capture, "ask", ask)
    capture.main()
    assert outputs() == continued
    assert first < total


def test_other_inputs_begin_anew(
    ready: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Contrast, "left", 15)
    with pytest.raises(KeyboardInterrupt):
        capture.main()
    edit(align={"max_rejected": 0.8, "interpolation": "nearest"})
    monkeypatch.setattr(Contrast, "left", 29)
    with pytest.raises(KeyboardInterrupt):
        capture.main()
    assert len(list(Path(".partial/capture").iterdir())) == 2


def test_a_missing_training_and_a_wrong_parameter_are_named(ready: Path) -> None:
    Path("models").unlink()
    with pytest.raises(FileNotFoundError) as error:
        capture.main()
    assert str(error.value.filename) == "models/baseline/1.safetensors"
    file = Path("extensions/params.yaml")
    file.write_text(file.read_text().replace("radii:", "radius:"))
    with pytest.raises(UserError, match=r"extensions/params\.yaml: sweep\.radi"):
        capture.main()


def test_processes_give_what_one_gives(ready: Path, edit: Callable[..., None]) -> None:
    edit(align={"detector": "none"}, train={"seeds": [1]})
    align.main()
    balance.main()
    capture.main()
    table, (faces, logits) = sha256(Path("data/capture/faces.csv")), made()
    assert set(faces["status"]) == {"kept whole: not searched"}
    subprocess.run(
        [sys.executable, "-m", "ferblur.stages.capture"], check=True, capture_output=True,
        env={**os.environ, "FERBLUR_PROCESSES": "2"},
    )  # fmt: skip
    assert sha256(Path("data/capture/faces.csv")) == table
    for model, found in made()[1].items():
        assert not np.isnan(found).any()
        # this process has other instructions than those that a stage is pinned to
        np.testing.assert_allclose(found, logits[model], rtol=1e-4, atol=1e-4)
