"""Each face is normalised for its blur: the true one, or the one estimated; sharp ones as ever.

pytest tests/unit/stages/test_adapt.py
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from beyond_project import choose
from ferblur.beyond.adaptation import Statistics, measure
from ferblur.beyond.cells import radii
from ferblur.beyond.params import load_extensions
from ferblur.core.errors import UserError
from ferblur.core.files import sha256
from ferblur.core.params import load_params
from ferblur.core.study import LEVELS
from ferblur.dataset.manifest import read_manifest
from ferblur.stages import adapt, balance, evaluate, split
from side_work import one_by_one
from small_networks import untrained

MODELS = {"baseline": "models/baseline", "second": "models/second", "mixture": "data/vary/mixture"}


@pytest.fixture
def ready(aligned: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an untrained baseline, and estimates: all sharp, but for one face."""
    edit(train={"seeds": [1, 2], "input_size": 32})
    choose(
        aligned.parents[1],
        vary={"trainings": 1},
        sweep={"kernels": ["box"], "radii": [0, 3], "models": MODELS},
        route={"blurred": "mixture"},
    )
    balance.main()
    split.main()
    for seed in (1, 2):
        own = np.load(aligned / "train.npy")[seed::3, ::2, ::2]
        untrained(Path(f"models/baseline/{seed}/last.safetensors"), load_params().train, 6, own)
    rows = read_manifest(Path("data/balance/deployment.csv"))
    known = radii(load_extensions().sweep, load_params().blur)
    table = pd.concat(
        [
            pd.DataFrame(
                {"kernel": kernel, "radius": radius, "sample_id": rows["sample_id"], "learned": 0.1}
            )
            for kernel in ("box", "motion")
            for radius in known
        ],
        ignore_index=True,
    )
    table.loc[table["kernel"] == "motion", "learned"] = 99.0  # of another kind, not asked for
    table.loc[table["sample_id"] == 1, "learned"] = table["radius"] + 0.2
    Path("data/restore").mkdir(parents=True)
    table.to_csv("data/restore/estimates.csv", index=False)
    monkeypatch.setattr(adapt, "side_by_side", one_by_one)
    monkeypatch.setattr(sys, "argv", ["adapt", "baseline"])
    return aligned


def test_a_face_is_normalised_for_its_blur(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapt.main()
    found = np.load("data/adapt/baseline.npy", allow_pickle=False)
    rows = read_manifest(Path("data/balance/deployment.csv"))
    assert found.dtype == np.float32
    assert found.shape == (2, 2, len(LEVELS), len(rows), 6)
    one = (rows["sample_id"] == 1).to_numpy()
    for number, seed in enumerate((1, 2)):
        monkeypatch.setattr(sys, "argv", ["evaluate", "baseline", str(seed)])
        evaluate.main()
        table = pd.read_csv(f"data/evaluate/baseline/{seed}.csv")
        for place, level in enumerate(LEVELS):
            plain = table.loc[table["task"] == level].iloc[:, 6:].to_numpy(np.float32)
            true, estimated = found[number, :, place]
            # those that are taken for sharp are asked as stage evaluate asks
            np.testing.assert_allclose(estimated[~one], plain[~one], rtol=1e-4, atol=1e-4)
            np.testing.assert_allclose(estimated[one], true[one], rtol=1e-4, atol=1e-4)
            changed = abs(true - plain).max()
            assert changed < 1e-4 if level == "none" else changed > 0.01


def test_a_killed_run_goes_on_to_the_same_bytes(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapt.main()
    whole = sha256(Path("data/adapt/baseline.npy"))
    shutil.rmtree("data/adapt")  # as DVC does before it runs a stage
    answer, asked = adapt.answer, list[str]()

    def once(path: Path, *rest: Any) -> np.ndarray:
        asked.append(path.parent.name)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return answer(path, *rest)

    monkeypatch.setattr(adapt, "answer", once)
    with pytest.raises(KeyboardInterrupt):
        adapt.main()
    assert not Path("data/adapt").exists()
    measured: list[int] = []

    def counted(*arguments: Any) -> Statistics:
        measured.append(1)
        return measure(*arguments)

    monkeypatch.setattr(adapt, "measure", counted)
    adapt.main()
    assert sha256(Path("data/adapt/baseline.npy")) == whole
    known = radii(load_extensions().sweep, load_params().blur)
    assert len(measured) == len(known) - 1  # for the second training alone
    assert not list(Path(".partial").glob("adapt@*/*"))


@pytest.mark.parametrize("named", ["", "equal_steps", "baseline second"])
def test_a_model_that_is_not_swept_is_refused(
    ready: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["adapt", *named.split()])
    with pytest.raises(UserError, match=f"^name one of sweep.models, .*; not '{named}'$"):
        adapt.main()
