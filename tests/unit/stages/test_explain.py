"""What expressions change, and where the models look: one row each, from the run's own models."""

import pickle
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image, ImageFilter

from clone import ROOT
from face_tables import SEVEN
from ferblur.beyond import attention, changes
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS, LEVELS, MODELS
from ferblur.model import network
from ferblur.stages import balance, explain
from small_networks import untrained

ACTIONS = ("eyeWideLeft", "jawOpen")
COLUMNS = {"source_id": "str"}


def serially(_: object, work: Callable[..., Any], calls: list[Any], __: str) -> list[Any]:
    """`side_by_side`, in this process, of what another one could be given."""
    work, calls = pickle.loads(pickle.dumps((work, calls)))
    return [work(*call) for call in calls]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """A network for each model, that tells pictures apart, by the number of classes."""
    params = load_params(ROOT / "profiles/smoke.yaml").train
    shape = (24, params.input_size, params.input_size, 3)

    @cache
    def folder(classes: int) -> Path:
        made = tmp_path_factory.mktemp("models")
        for seed, model in enumerate(MODELS):
            pictures = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
            path = made / f"{model}/2/last.safetensors"
            path.parent.mkdir(parents=True)
            untrained(path, params, classes, pictures)
        return made

    return folder


@pytest.fixture
def ready(
    project: Path, aligned: Path, edit: Callable[..., None], models: Callable[[int], Path],
    classes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch,
) -> Path:  # fmt: skip
    """A project with drawn samples and a training of each model, and two people to render."""
    edit(train={"seeds": [2]})
    balance.main()
    shutil.copytree(models(len(classes)), project / "models")
    content = yaml.safe_load((ROOT / "extensions/params.yaml").read_text())
    content["explain"]["people"] = 2
    (project / "extensions").mkdir()
    (project / "extensions/params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    monkeypatch.setattr(explain, "side_by_side", serially)
    monkeypatch.setattr(explain, "ACTIONS", ACTIONS)
    monkeypatch.setattr(network, "load", cache(network.load))  # which takes longer than to ask
    return project


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(f"data/explain/{name}.csv")


def written() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path("data/explain").iterdir())}


def test_a_row_for_each_person_and_place(ready: Path) -> None:
    explain.main()
    seed = yaml.safe_load((ready / "extensions/params.yaml").read_text())["explain"]["seed"]
    for name, what, shown in (
        (
            "expressions",
            "emotion",
            {emotion: changes.prototype(emotion, 1) for emotion in EMOTIONS},
        ),
        ("actions", "action", {action: {action: 1.0} for action in ACTIONS}),
    ):
        found = read(name)
        assert list(found) == [what, "person", "centroid", "above_8", "amount"]
        assert found[what].tolist() == [each for each in shown for _ in range(2)]
        assert found["person"].tolist() == [0, 1] * len(shown)
        expected = changes.changes(changes.person(seed, 1), [*shown.values()])
        second = found.loc[found["person"] == 1, list(changes.Change._fields)]
        assert second.to_numpy().tolist() == [list(change) for change in expected]

    found = read("attention")
    assert list(found) == ["model", "seed", "level", "emotion", "row", "column", "share"]
    params = load_params()
    groups = found.groupby(["model", "seed", "level", "emotion"], sort=False)["share"]
    assert [*groups.groups] == [
        (model, seed, level, emotion)
        for model in MODELS for seed in params.train.seeds for level in LEVELS
        for emotion in EMOTIONS
    ]  # fmt: skip
    np.testing.assert_allclose(groups.sum(), 1)
    assert found["share"].between(0, 1).all()
    assert found.groupby(["row", "column"]).ngroups == len(found) / len(groups)


def test_attention_is_of_the_blurred_faces_of_each_emotion(ready: Path) -> None:
    explain.main()
    params = load_params()
    drawn = pd.read_csv("data/balance/deployment.csv", dtype=COLUMNS)
    faces = pd.read_csv("data/align/deployment.csv", dtype=COLUMNS)["source_id"].tolist()
    pixels, size = np.load("data/align/deployment.npy"), (params.train.input_size,) * 2
    wanted = drawn[drawn["label"] == EMOTIONS.index("fear")]
    model = network.load(Path("models/second/2/last.safetensors"))
    features: list[torch.Tensor] = []
    model.googlenet.inception5b.register_forward_hook(lambda *given: features.append(given[2]))
    shares = []
    for name in wanted["source_id"]:
        blurred = Image.fromarray(pixels[faces.index(name)]).filter(
            ImageFilter.BoxBlur(params.blur.high)
        )
        sample = np.asarray(blurred.resize(size, Image.Resampling.BILINEAR))
        with torch.no_grad():
            logits, _ = model(torch.from_numpy(sample[None].copy()))
        row = model.googlenet.fc.weight[int(logits.argmax())].detach().numpy()
        positive = np.einsum("k,khw->hw", row, features[-1][0].numpy()).clip(min=0)
        shares.append(positive / positive.sum())
    found = read("attention").query(
        "model == 'second' and seed == 2 and level == 'high' and emotion == 'fear'"
    )
    assert (wanted["flip"] == 0).all()
    np.testing.assert_allclose(found["share"], np.mean(shares, axis=0).ravel(), rtol=1e-3)


@pytest.mark.parametrize("classes", [SEVEN])
def test_an_emotion_nobody_renders_is_looked_at_all_the_same(
    ready: Path, classes: tuple[str, ...]
) -> None:
    explain.main()
    rendered = [emotion for emotion in classes if emotion != "neutral"]
    assert read("expressions")["emotion"].unique().tolist() == rendered
    assert read("attention")["emotion"].unique().tolist() == list(classes)


def test_a_killed_run_goes_on(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    explain.main()
    once = written()
    for path in Path("data/explain").iterdir():
        path.unlink()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(attention, "evidence", killed)
        with pytest.raises(KeyboardInterrupt):
            explain.main()
    with monkeypatch.context() as patch:
        patch.setattr(explain, "changes", killed)  # nobody is rendered a second time
        explain.main()
    assert written() == once
    assert not Path(".partial/explain").exists()


def test_a_missing_model_is_named(ready: Path) -> None:
    Path("models/second/2/last.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"models/second/2/last\.safetensors"):
        explain.main()
