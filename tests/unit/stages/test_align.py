"""Counting, continuing and sharing; detection and alignment themselves have their own tests."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from clone import ROOT
from ferblur.alignment import batches, shards
from ferblur.alignment.detection import DETECTORS, Detection
from ferblur.core.errors import UserError
from ferblur.core.files import read_json, sha256
from ferblur.core.params import load_params
from ferblur.core.study import POOLS
from ferblur.rendering.clips import draw, make_renderer, plan, shoot
from ferblur.stages import align, prepare
from torchrun import torchrun

LARGE = Detection((2, 2, 24, 24), (22, 12), (8, 12), 0.9)


class FakeDetector:
    """One face in every image but those whose first pixel is dark; can stop like a killed run."""

    left = 10**9

    def detect(self, images: np.ndarray) -> list[list[Detection]]:
        FakeDetector.left -= 1
        if FakeDetector.left < 0:
            raise KeyboardInterrupt
        return [[LARGE] if image[0, 0].mean() > 60 else [] for image in images]


@pytest.fixture
def ready(
    project: Path, pools: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Path:
    Image.new("RGB", (32, 32)).save(pools / "train/fear/dark.jpg")
    Image.new("RGB", (40, 36), "white").save(pools / "train/fear/wide.jpg")
    edit(
        data={"root": str(pools)},
        prepare={"max_rejected": 1.0},
        align={"size": 48, "batch_size": 2, "max_rejected": 0.9},
    )
    prepare.main()
    monkeypatch.setitem(DETECTORS, "mtcnn", FakeDetector)
    monkeypatch.setattr(shards, "SHARD", 5)
    monkeypatch.setattr(FakeDetector, "left", 10**9)
    return project


def outputs() -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(Path("data/align").iterdir())}


def test_accepted_equals_faces_plus_rejects(ready: Path) -> None:
    align.main()
    counts = read_json(Path("results/align/counts.json"))["train"]
    faces, rejects = (
        pd.read_csv("data/align/train.csv"),
        pd.read_csv("data/align/train-rejects.csv"),
    )
    pixels = np.load("data/align/train.npy")
    assert counts["accepted"] == 14 == len(faces) + len(rejects)
    assert pixels.shape == (len(faces), 48, 48, 3)
    assert pixels.dtype == np.uint8
    assert "fear/dark.jpg" in set(rejects["source_id"])
    assert "fear/wide.jpg" in set(faces["source_id"])
    assert counts["rejected"] == len(rejects)


def test_a_killed_run_continues_to_the_same_bytes(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    align.main()
    whole = outputs()
    monkeypatch.setattr(FakeDetector, "left", 6)
    with pytest.raises(KeyboardInterrupt):
        align.main()
    shards = sorted(Path(".partial/align").glob("*/train-*.json"))
    assert len(shards) == 2
    monkeypatch.setattr(FakeDetector, "left", 10)
    align.main()
    assert outputs() == whole
    assert not Path(".partial/align").exists()


def test_a_file_that_cannot_be_decoded_any_more_is_a_reject(ready: Path, pools: Path) -> None:
    victim = pools / "train/fear/0.jpg"
    victim.write_bytes(victim.read_bytes()[:200])
    (pools / "train/fear/1.jpg").unlink()
    align.main()
    rejects = pd.read_csv("data/align/train-rejects.csv").set_index("source_id")["reason"]
    assert rejects["fear/0.jpg"].startswith("unreadable: ")
    assert rejects["fear/1.jpg"].startswith("unreadable: ")
    counts = read_json(Path("results/align/counts.json"))["train"]
    assert counts["accepted"] == 14 == counts["aligned"] + counts["rejected"]


def test_threads_and_batches_do_not_change_the_bytes(
    ready: Path, monkeypatch: pytest.MonkeyPatch, edit: Callable[..., None]
) -> None:
    align.main()
    whole = outputs()
    monkeypatch.setenv("FERBLUR_PROCESSES", "5")
    monkeypatch.setattr(batches, "PIXELS", 1)
    monkeypatch.setattr(batches, "MEMORY", 1)
    align.main()
    assert outputs() == whole


@pytest.mark.slow
def test_ranks_share_a_pool_and_give_the_same_bytes(
    project: Path, pools: Path, edit: Callable[..., None]
) -> None:
    renderer = make_renderer()
    params = load_params(ROOT / "profiles/demo.yaml").synthesize
    for pool in POOLS:
        frames = [frame for frame in plan(params, pool) if not frame.duplicate_of]
        for frame in frames[:: len(frames) // 40]:
            content = shoot(draw(params, frame), renderer)
            (pools / pool / frame.file).write_bytes(content)
    edit(data={"root": str(pools)})
    prepare.main()
    program = (
        "from ferblur.alignment import shards; from ferblur.stages import align; "
        "shards.SHARD = 16; align.main()"
    )
    Path("program.py").write_text(program)
    hashes = []
    for command in ([sys.executable], torchrun(2), torchrun(3)):
        subprocess.run([*command, "program.py"], check=True)
        hashes.append(outputs())
        assert hashes[-1] == hashes[0]
    assert len(np.load("data/align/train.npy")) > 30


def test_a_pool_without_a_face_is_refused(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeDetector, "detect", lambda self, images: [[] for _ in images])
    with pytest.raises(UserError, match=r"but train lost 14 of 14 images \(100.0%\)"):
        align.main()


def test_one_line_a_pool_says_what_was_lost(
    ready: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    align.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(POOLS)
    counts = read_json(Path("results/align/counts.json"))["train"]
    assert lines[0].startswith(f"train: 14 images, {counts['aligned']} faces found, ")
    assert f"{counts['rejected']} lost (" in lines[0]
    assert "data/align/train-rejects.csv" in lines[0]
    assert lines[1].startswith("deployment: 12 images, ")


def test_losses_stop_the_run_and_a_higher_share_continues_it(
    ready: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    align.main()
    whole = outputs()
    shutil.rmtree("data/align")
    edit(align={"max_rejected": 0.0})
    with pytest.raises(UserError, match=r"^align\.max_rejected: 0, but train lost") as error:
        align.main()
    for line in str(error.value).splitlines():
        listed = re.search(r"listed in (\S+);", line)
        assert listed is not None
        assert len(pd.read_csv(listed[1]))
    edit(align={"max_rejected": 0.9})
    monkeypatch.setattr(FakeDetector, "left", 0)  # no image is searched again
    align.main()
    assert outputs() == whole
    assert not Path(".partial/align").exists()


def test_other_parameters_begin_anew(
    ready: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(align={"max_rejected": 0.0})
    with pytest.raises(UserError, match="max_rejected"):
        align.main()
    edit(align={"max_rejected": 0.9, "enlarge": 64})
    monkeypatch.setattr(FakeDetector, "left", 0)
    with pytest.raises(KeyboardInterrupt):
        align.main()


def test_without_a_detector_all_images_are_taken_whole_and_torch_is_not_loaded(
    ready: Path, edit: Callable[..., None]
) -> None:
    edit(align={"detector": "none"})
    command = [sys.executable, "-c", WITHOUT_TORCH]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed.splitlines()[0] == "train: 14 images, 14 kept whole, none lost"
    faces = pd.read_csv("data/align/train.csv")
    assert set(faces["status"]) == {"kept whole: not searched"}
    assert np.load("data/align/train.npy").shape == (14, 48, 48, 3)
    counts = read_json(Path("results/align/counts.json"))["train"]
    assert (counts["kept_whole"], counts["aligned"], counts["rejected"]) == (14, 0, 0)


WITHOUT_TORCH = """
import sys
from ferblur.stages import align
align.main()
assert not {"torch", "deepface"} & set(sys.modules)
"""
