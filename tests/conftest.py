"""Fixtures: parameters, small real images, and a project folder to run stages in."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image
from torchvision.models import GoogLeNet

from clone import ROOT, Clone
from ferblur.core.files import sha256
from ferblur.core.params import Params, load_params
from ferblur.core.study import EMOTIONS, POOLS

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # what is compared is the CPU's, on any machine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what runs the whole pipeline, several ranks or a container."""
    for item in items:
        room = item.path.relative_to(ROOT / "tests").parts[0]
        if room != "unit" or {"clone", "finished"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture
def smoke() -> Params:
    """The smoke profile's parameters."""
    return load_params(ROOT / "profiles/smoke.yaml")


@pytest.fixture
def picture() -> Callable[..., np.ndarray]:
    """Make a smooth, detailed H x W x 3 uint8 image from a seed."""

    def make(seed: int, height: int = 128, width: int = 128) -> np.ndarray:
        coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        resized = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        return np.asarray(resized)

    return make


@pytest.fixture
def pools(tmp_path: Path, picture: Callable[..., np.ndarray]) -> Path:
    """A dataset in the documented layout: two different pictures of each emotion in each pool."""
    seed = 0
    for pool in POOLS:
        for emotion in EMOTIONS:
            folder = tmp_path / "faces" / pool / emotion
            folder.mkdir(parents=True)
            for number in range(2):
                seed += 1
                Image.fromarray(picture(seed, 32, 32)).save(folder / f"{number}.jpg", quality=95)
    return tmp_path / "faces"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with the smoke profile, as the working directory."""
    (tmp_path / "params.yaml").write_bytes((ROOT / "profiles/smoke.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def edit(project: Path) -> Callable[..., None]:
    """Change values of the project's params.yaml: edit(train={"epochs": 1})."""

    def change(**sections: dict[str, object]) -> None:
        content = yaml.safe_load((project / "params.yaml").read_text())
        for name, values in sections.items():
            content[name] |= values
        (project / "params.yaml").write_text(yaml.safe_dump(content))

    return change


@pytest.fixture
def classes() -> tuple[str, ...]:
    """The emotions of `aligned`; a test may have others: parametrize("classes", […])."""
    return EMOTIONS


@pytest.fixture
def aligned(
    project: Path, edit: Callable[..., None], picture: Callable[..., np.ndarray],
    classes: tuple[str, ...],
) -> Path:  # fmt: skip
    """What `align` leaves: 64 px pictures of 3 people of each emotion, more of happiness."""
    if classes != EMOTIONS:
        edit(data={"emotions": list(classes)})
    folder = project / "data/align"
    folder.mkdir(parents=True)
    for start, pool in enumerate(POOLS):
        rows = [
            {"source_id": f"{emotion}/{number}.jpg", "label": label, "emotion": emotion,
             "subject": f"{pool}-{number % 3}", "status": "aligned"}
            for label, emotion in enumerate(classes)
            for number in range(12 if emotion == "happiness" else 8)
        ]  # fmt: skip
        pixels = [picture(1000 * start + index, 64, 64) for index in range(len(rows))]
        np.save(folder / f"{pool}.npy", np.stack(pixels))
        pd.DataFrame(rows).to_csv(folder / f"{pool}.csv", index=False)
    (project / "data/prepare").mkdir()
    (project / "data/prepare/near_duplicates.csv").write_text("pool,file,group\n")  # none
    return folder


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A file of the structure torchvision distributes for GoogLeNet, named after its own hash."""
    torch.manual_seed(0)
    plain = tmp_path / "plain.pth"
    torch.save(GoogLeNet(num_classes=1000, aux_logits=True, init_weights=False).state_dict(), plain)
    return plain.rename(tmp_path / f"googlenet-{sha256(plain)[:8]}.pth")


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The smoke profile, run once; `first` names the stages that ran."""
    made = Clone(tmp_path_factory.mktemp("clone"))
    made.run("python", "-m", "ferblur.commands.preflight", "smoke")
    made.commit("smoke")
    made.first = made.ran()
    made.commit("results")
    return made


@pytest.fixture
def finished(clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the smoke run to edit, but for its models, as the working directory."""
    folder = tmp_path / "finished"
    left_out = shutil.ignore_patterns(".git", ".dvc", "models", "dist")
    shutil.copytree(clone.folder, folder, ignore=left_out)
    (folder / "models").symlink_to(clone.folder / "models")
    monkeypatch.chdir(folder)
    return folder
