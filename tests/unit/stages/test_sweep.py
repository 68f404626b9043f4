"""Every kind and strength of blur is asked about; the study's own as stage evaluate does.

pytest tests/unit/stages/test_sweep.py
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from beyond_project import choose
from ferblur.beyond.cells import Cell, cells
from ferblur.beyond.params import load_extensions
from ferblur.beyond.processes import side_by_side
from ferblur.beyond.training import ask
from ferblur.core.errors import UserError
from ferblur.core.files import sha256
from ferblur.core.params import Params, load_params
from ferblur.core.study import EMOTIONS, LEVELS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.stages import balance, evaluate, split, sweep
from side_work import one_by_one
from small_networks import untrained

MODELS = {"baseline": "models/baseline", "second": "models/second", "mixture": "data/vary/mixture"}


@pytest.fixture
def project_beyond(aligned: Path, edit: Callable[..., None]) -> Path:
    """A project with choices beyond the paper."""
    edit(train={"seeds": [1, 2], "input_size": 32})
    choose(
        aligned.parents[1],
        vary={"trainings": 1},
        sweep={"kernels": ["box", "motion"], "radii": [0, 3], "models": MODELS},
        route={"blurred": "mixture"},
    )
    return aligned


@pytest.fixture
def ready(project_beyond: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with untrained models in it."""
    balance.main()
    split.main()
    pictures = np.load(project_beyond / "train.npy")
    for seed, path in ((1, "models/baseline/1/last"), (2, "models/baseline/2/last"),
                       (1, "data/vary/mixture/1")):  # fmt: skip
        own = pictures[seed::3, ::2, ::2]
        untrained(Path(f"{path}.safetensors"), load_params().train, 6, own)
    monkeypatch.setattr(sweep, "side_by_side", one_by_one)
    monkeypatch.setattr(sys, "argv", ["sweep", "baseline"])
    return project_beyond


def blurs() -> list[Cell]:
    return cells(load_extensions().sweep, load_params().blur)


def test_the_studys_levels_equal_those_of_evaluate(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep.main()
    found = np.load("data/sweep/baseline.npy")
    assert found.dtype == np.float32
    samples = read_manifest(Path("data/balance/deployment.csv"))
    assert found.shape == (2, len(blurs()), len(samples), 6)
    assert np.isfinite(found).all()
    for number, seed in enumerate((1, 2)):
        monkeypatch.setattr(sys, "argv", ["evaluate", "baseline", str(seed)])
        evaluate.main()
        rows = pd.read_csv(f"data/evaluate/baseline/{seed}.csv")
        for level in LEVELS:
            cell = blurs().index(Cell("box", load_params().blur.radius(level)))
            expected = rows.loc[rows["task"] == level, list(EMOTIONS)].to_numpy(np.float32)
            np.testing.assert_array_equal(found[number, cell], expected)


def test_every_cell_is_of_its_kernel_and_radius(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["sweep", "mixture"])
    sweep.main()
    found = np.load("data/sweep/mixture.npy")
    assert found.shape[:2] == (1, 11)  # one training of a variant; sharp, five radii of two kinds
    rows = read_manifest(Path("data/balance/deployment.csv"))
    for number, (kernel, radius) in enumerate(blurs()):
        if number % 4 == 0:
            blurred = rows.assign(kernel=kernel, blur_radius=radius)
            faces = Faces.open(ready, "deployment")
            logits = ask(Path("data/vary/mixture/1.safetensors"), blurred, faces, load_params())
            np.testing.assert_array_equal(found[0, number], logits)
    assert len({cell.tobytes() for cell in found[0]}) == 11


def test_a_killed_run_goes_on_to_the_same_bytes(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["sweep", "mixture"])
    sweep.main()
    whole = sha256(Path("data/sweep/mixture.npy"))
    shutil.rmtree("data/sweep")  # as DVC does before it runs a stage
    asked: list[float] = []

    def counted(weights: Path, rows: pd.DataFrame, faces: Faces, params: Params) -> np.ndarray:
        asked.append(rows["blur_radius"].iloc[0])
        if len(asked) == 4:
            raise KeyboardInterrupt
        return ask(weights, rows, faces, params)

    monkeypatch.setattr(sweep, "ask", counted)
    with pytest.raises(KeyboardInterrupt):
        sweep.main()
    assert not Path("data/sweep").exists()
    sweep.main()
    assert asked == [cell.radius for cell in [*blurs()[:4], *blurs()[3:]]]
    assert sha256(Path("data/sweep/mixture.npy")) == whole
    assert not list(Path(".partial").glob("sweep@*/*"))


def test_processes_of_their_own_answer_the_same(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = {"kernels": ["box"], "radii": [0], "models": MODELS}
    choose(Path(), vary={"trainings": 1}, sweep=only, route={"blurred": "mixture"})
    monkeypatch.setattr(sys, "argv", ["sweep", "mixture"])
    sweep.main()
    whole = sha256(Path("data/sweep/mixture.npy"))
    monkeypatch.setenv("TQDM_DISABLE", "")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("FERBLUR_PROCESSES", "2")
    monkeypatch.setattr(sweep, "side_by_side", side_by_side)
    sweep.main()
    assert sha256(Path("data/sweep/mixture.npy")) == whole


@pytest.mark.parametrize("named", ["", "equal_steps", "baseline second"])
def test_a_model_that_is_not_swept_is_refused(
    project_beyond: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["sweep", *named.split()])
    known = "name one of sweep.models, baseline, second, mixture"
    with pytest.raises(UserError, match=f"^{known}; not '{named}'$"):
        sweep.main()
