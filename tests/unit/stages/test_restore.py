"""Estimates of every blur of the sweep, and the baseline's answers to faces restored by each way.

pytest tests/unit/stages/test_restore.py
"""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image

from clone import ROOT
from ferblur.beyond import deblurring
from ferblur.beyond.blurring import weights
from ferblur.beyond.cells import cells
from ferblur.beyond.deblurring import restorations
from ferblur.beyond.params import load_extensions
from ferblur.core.params import load_params
from ferblur.core.study import LEVELS
from ferblur.dataset.blur import box_blur
from ferblur.model import network
from ferblur.restoration import wiener
from ferblur.stages import balance, restore
from small_networks import untrained

OUTPUTS = ("baseline.npy", "cells.csv", "estimates.csv")


def serially(_: object, work: Callable[..., Any], calls: list[Any], __: str) -> list[Any]:
    """`side_by_side`, in this process, of what another one could be given."""
    work, calls = pickle.loads(pickle.dumps((work, calls)))
    return [work(*call) for call in calls]


@pytest.fixture
def choose(project: Path) -> Callable[..., None]:
    """Write extensions/params.yaml with few blurs: choose(restore={"methods": []})."""

    def write(**sections: dict[str, object]) -> None:
        content = yaml.safe_load((ROOT / "extensions/params.yaml").read_text())
        content["sweep"] |= {"kernels": ["box", "motion"], "radii": [0, 3, 14]}
        content["restore"] |= {"trees": 5, "copies": 2, "methods": ["wiener"]}
        for name, values in sections.items():
            content[name] |= values
        (project / "extensions").mkdir(exist_ok=True)
        (project / "extensions/params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))

    write()
    return write


@pytest.fixture
def ready(
    project: Path, aligned: Path, choose: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project with drawn samples and the baseline's models."""
    balance.main()
    params = load_params()
    pixels = np.load(aligned / "train.npy")[:, ::2, ::2]
    for seed in params.train.seeds:
        path = project / f"models/baseline/{seed}/last.safetensors"
        path.parent.mkdir(parents=True)
        untrained(path, params.train, len(params.data.emotions), pixels[seed:][:24])
    monkeypatch.setattr(restore, "side_by_side", serially)
    return project


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(f"data/restore/{name}.csv")


def written() -> dict[str, bytes]:
    return {name: Path("data/restore", name).read_bytes() for name in OUTPUTS}


def test_estimates_and_answers_are_those_of_each_sample(ready: Path) -> None:
    restore.main()
    check_estimates()
    check_answers()


def check_estimates() -> None:
    found, params = read("estimates"), load_params()
    assert list(found) == ["kernel", "radius", "sample_id", "laplacian", "learned"]
    drawn = pd.read_csv("data/balance/deployment.csv")
    blurs = cells(load_extensions().sweep, params.blur)
    assert found[["kernel", "radius", "sample_id"]].to_numpy().tolist() == [
        [*blur, sample] for blur in blurs for sample in drawn["sample_id"]
    ]
    estimates = found[["laplacian", "learned"]]
    assert estimates.to_numpy().min() >= 0
    assert estimates.to_numpy().max() <= 14
    means = found[found["kernel"] == "box"].groupby("radius")["learned"].mean()
    assert means[0] < means[2] < means[8] < means[14]


def check_answers() -> None:
    params = load_params()
    found, logits = read("cells"), np.load("data/restore/baseline.npy")
    columns = ["method", "kernel_source", "level", "radius"]
    assert list(found) == [*columns, "psnr", "psnr_blurred"]
    assert found[columns].to_numpy().tolist() == [
        list(done) for done in restorations(["wiener"], params.blur)
    ]
    drawn = pd.read_csv("data/balance/deployment.csv", dtype={"source_id": "str"})
    assert logits.shape == (len(params.train.seeds), 2 * len(LEVELS) - 1, len(drawn), 6)
    assert logits.dtype == np.float32
    low = found.query("kernel_source == 'true' and level == 'low'")
    assert (low["psnr"] > low["psnr_blurred"]).all()

    (place,) = found.index[(found["kernel_source"] == "estimated") & (found["level"] == "medium")]
    estimates = read("estimates").query(f"kernel == 'box' and radius == {params.blur.medium}")
    names = pd.read_csv("data/align/deployment.csv", dtype=str)["source_id"].tolist()
    model = network.load(Path("models/baseline/2/last.safetensors"))
    pixels = np.load("data/align/deployment.npy")
    for number in range(3):
        sharp = pixels[names.index(drawn["source_id"][number])]
        face = box_blur(sharp, params.blur.medium)
        radius = float(estimates["learned"].iloc[number])
        restored = wiener.restore(face, weights("box", radius)) if radius >= 0.25 else face
        size = (params.train.input_size,) * 2
        sample = np.array(Image.fromarray(restored).resize(size, Image.Resampling.BILINEAR))
        with torch.no_grad():
            expected, _ = model(torch.from_numpy(sample[None]))
        np.testing.assert_allclose(logits[1, place, number], expected[0], rtol=1e-4, atol=1e-4)


def test_a_killed_run_goes_on(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restore.main()
    once = written()
    for name in OUTPUTS:
        Path("data/restore", name).unlink()
    done: list[object] = []
    method = deblurring.restore

    def killed(*given: Any) -> Any:
        if len(done) == 4:
            raise KeyboardInterrupt
        done.append(given[0])
        return method(*given)

    monkeypatch.setattr(restore, "restore", killed)
    with pytest.raises(KeyboardInterrupt):
        restore.main()
    assert not Path("data/restore/cells.csv").exists()
    monkeypatch.setattr(restore, "features", None)  # all is measured already

    def counted(*given: Any) -> Any:
        assert given[0] not in done
        return method(*given)

    monkeypatch.setattr(restore, "restore", counted)
    restore.main()
    assert written() == once
    assert not [path for path in Path(".partial").iterdir() if path.is_dir()]


def test_without_methods_there_are_estimates(ready: Path, choose: Callable[..., None]) -> None:
    choose(restore={"methods": []})
    restore.main()
    assert len(read("cells")) == 0
    assert np.load("data/restore/baseline.npy").shape[1] == 0
    assert len(read("estimates")) > 0
