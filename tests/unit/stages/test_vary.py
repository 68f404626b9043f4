"""A variant is trained and scored as the stages train and evaluate do with the same rows.

pytest tests/unit/stages/test_vary.py
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from beyond_project import choose
from ferblur.beyond.training import Variant
from ferblur.beyond.training import train as training
from ferblur.core.errors import UserError
from ferblur.core.files import sha256
from ferblur.core.params import Params, load_params
from ferblur.core.study import LEVELS
from ferblur.dataset.manifest import read_manifest, write_manifest
from ferblur.stages import balance, evaluate, split, train, vary
from side_work import one_by_one

SEEDS = (1, 5)


@pytest.fixture
def ready(aligned: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    edit(
        data={"root": "faces"},
        train={"epochs": 1, "input_size": 32, "auxiliary_weight": 0.0, "seeds": [*SEEDS, 7]},
        split={"blurred_per_class": 4},
    )
    choose(aligned.parents[1], vary={"trainings": len(SEEDS)})
    balance.main()
    split.main()
    monkeypatch.setattr(vary, "side_by_side", one_by_one)
    monkeypatch.setattr(sys, "argv", ["vary", "equal_steps"])
    return aligned


def truth(aligned: Path, **columns: Callable[[pd.Series], pd.Series]) -> None:
    """Write what is known of the training pool: columns from the files' numbers."""
    files = pd.read_csv(aligned / "train.csv")["source_id"]
    numbers = files.str.extract(r"(\d+)")[0].astype(int)
    table = pd.DataFrame({"file": files} | {name: of(numbers) for name, of in columns.items()})
    Path("faces/train").mkdir(parents=True, exist_ok=True)
    table.to_csv("faces/train/truth.csv", index=False)


def outputs(name: str) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(Path("data/vary", name).iterdir())}


def test_equals_the_stages_of_the_study(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vary.main()
    folder = Path("data/vary/equal_steps")
    expected = {f"{seed}.{kind}" for seed in SEEDS for kind in ("csv", "safetensors")}
    assert set(outputs("equal_steps")) == expected | {"manifest.csv"}
    rows = read_manifest(folder / "manifest.csv")
    assert (rows["blur_radius"] == 0).all()
    assert len(rows) == len(read_manifest(Path("data/split/second.csv")))
    write_manifest(Path("data/split/second.csv"), rows)
    monkeypatch.setattr(sys, "argv", ["any", "second", "5"])
    train.main()
    evaluate.main()
    assert sha256(Path("models/second/5/last.safetensors")) == sha256(folder / "5.safetensors")
    study, ours = Path("data/evaluate/second/5.csv"), folder / "5.csv"
    order = list(pd.read_csv(study))
    pd.testing.assert_frame_equal(pd.read_csv(ours)[order], pd.read_csv(study))
    assert sha256(folder / "1.csv") != sha256(ours)


def test_kinds_of_blur_are_noted(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(Path(), vary={"trainings": 1})
    monkeypatch.setattr(sys, "argv", ["vary", "mixture"])
    vary.main()
    assert set(outputs("mixture")) == {"1.csv", "1.safetensors", "manifest.csv"}
    rows, asked = (pd.read_csv(f"data/vary/mixture/{name}.csv") for name in ("manifest", "1"))
    assert set(rows["kernel"]) == {"box", "gaussian", "defocus", "motion"}
    assert list(asked["task"].unique()) == ["test", *LEVELS]
    own = rows[rows["split"] == "test"]
    assert asked.loc[asked["task"] == "test", "sample_id"].tolist() == own["sample_id"].tolist()


def test_a_killed_run_ends_with_the_same_bytes(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vary.main()
    whole = outputs("equal_steps")
    shutil.rmtree("data/vary")  # as DVC does before it runs a stage
    asked: list[int] = []

    def killed(variant: Variant, params: Params, align: Path, seed: int, folder: Path) -> Path:
        asked.append(seed)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return training(variant, params, align, seed, folder)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(vary, "train", killed)
        vary.main()
    assert list(Path(".partial/vary@equal_steps").glob("*/1/last.safetensors"))
    assert not Path("data/vary").exists()
    vary.main()
    assert outputs("equal_steps") == whole
    assert not list(Path(".partial").glob("vary@*/*"))


def test_what_a_variant_is_made_from(ready: Path) -> None:
    truth(ready, clip=lambda number: "clip " + (number // 2).astype(str))
    found = vary.source(Path(load_params().data.root))
    assert found.people["anger/4.jpg"] == "train-1"
    assert found.clips["fear/3.jpg"] == "clip 1"
    assert len(found.baseline) < len(found.second)
    assert found.kernels[0] == "box"
    assert found.strongest == 20


def test_whole_clips(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(Path(), vary={"trainings": 1})
    truth(ready, clip=lambda number: number.astype(str))
    monkeypatch.setattr(sys, "argv", ["vary", "second_by_clip"])
    vary.main()
    rows = read_manifest(Path("data/vary/second_by_clip/manifest.csv"))
    clips = rows["source_id"].str.extract(r"(\d+)")[0]
    assert clips.nunique() == 12
    assert (rows.groupby(clips)["split"].nunique() == 1).all()


@pytest.mark.parametrize("known", [None, "person"])
def test_without_clips_the_user_is_told(
    ready: Path, known: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if known:
        truth(ready, **{known: lambda number: number.astype(str)})
    monkeypatch.setattr(sys, "argv", ["vary", "second_by_clip"])
    with pytest.raises(UserError, match=r"leave the variants by clip out of vary\.variants$"):
        vary.main()


@pytest.mark.parametrize("named", ["", "baseline", "equal_steps mixture"])
def test_a_variant_that_is_not_chosen_is_refused(
    ready: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(Path(), vary={"variants": ["equal_steps", "mixture", "equal_samples"]})
    monkeypatch.setattr(sys, "argv", ["vary", *named.split()])
    known = "name one of vary.variants, equal_steps, mixture, equal_samples"
    with pytest.raises(UserError, match=f"^{known}; not '{named}'$"):
        vary.main()
    assert not Path("data/vary").exists()
