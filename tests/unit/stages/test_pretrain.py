"""The network that photographs start from: what it is fitted to, and a kill changes nothing."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ferblur.core.files import sha256
from ferblur.core.params import Params, load_params
from ferblur.core.study import EMOTIONS
from ferblur.model import network
from ferblur.rendering.clips import plan
from ferblur.stages import pretrain


def test_the_faces_are_the_demos_kind_in_other_numbers(smoke: Params) -> None:
    drawn = pretrain.rendered(smoke)
    wanted = smoke.pretrain
    assert (drawn.seed, drawn.subjects.train) == (wanted.seed, wanted.subjects)
    assert set(drawn.clips.train.model_dump().values()) == {wanted.clips // 6}
    assert drawn.duplicates.train == 0
    for key in ("native_size", "jpeg_quality", "manner", "mislabelled", "drift", "yaw"):
        assert getattr(drawn, key) == getattr(smoke.synthesize, key)
    assert drawn.seed != smoke.synthesize.seed  # else the built-in people would be among them


def test_a_face_is_a_sample_and_people_are_for_fitting_or_for_validation(smoke: Params) -> None:
    table = pretrain.listed(plan(pretrain.rendered(smoke), "train"))
    rows = pretrain.manifest(table, smoke.pretrain.subjects, 1)
    assert list(rows["source_id"]) == list(table["source_id"])
    assert [EMOTIONS[label] for label in rows["label"]] == list(table["emotion"])
    assert (rows["blur_radius"] == 0).all()
    assert set(rows["flip"]) == {0, 1}
    people = {
        split: set(table.loc[rows["split"] == split, "subject"]) for split in ("train", "val")
    }
    assert people["val"] == {str(smoke.pretrain.subjects - 1)}
    assert not people["train"] & people["val"]


@pytest.mark.slow
def test_a_killed_run_leaves_the_same_weights(project: Path, edit: Callable[..., None]) -> None:
    edit(pretrain={"subjects": 6, "clips": 6, "epochs": 2, "batch_size": 2})
    command = [sys.executable, "-m", "ferblur.stages.pretrain"]
    often = os.environ | {"FERBLUR_CHECKPOINT": "1"}
    process = subprocess.Popen(command, cwd=project, stderr=subprocess.DEVNULL, env=often)
    deadline = time.monotonic() + 120
    while not sorted((project / ".partial").glob("pretrain/*/checkpoint.pt")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()

    def finished() -> dict[str, object]:
        subprocess.run(command, cwd=project, check=True, env=often)
        found: dict[str, object] = json.loads((project / "results/pretrain.json").read_text())
        return found

    continued = finished()
    weights = project / network.RENDERED
    assert continued["sha256"] == sha256(weights)
    assert continued["rendered"] == 12
    assert continued["people"] == 6
    assert int(str(continued["train"])) + int(str(continued["val"])) == continued["faces"]
    weights.unlink()
    assert finished() == continued
    assert not (project / ".partial/pretrain").exists()

    params = load_params(project / "params.yaml").train
    started = params.model_copy(update={"weights": "rendered"})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        model = network.build(started, 6)
    images = torch.from_numpy(np.zeros((2, 64, 64, 3), np.uint8))
    assert model.eval()(images)[0].shape == (2, 6)
