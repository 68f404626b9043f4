"""Other people's networks are asked about every unseen sample, and compared with both models.

pytest tests/unit/stages/test_networks.py
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

import keras_file
from face_tables import FIVE, SEVEN
from ferblur.core.errors import UserError
from ferblur.core.files import read_json, sha256, write_json
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS, LEVELS, MODELS
from ferblur.dataset.manifest import read_manifest
from ferblur.foreign import networks as foreign
from ferblur.stages import balance, networks, statistics

SEEDS = (1, 2)


def published(path: Path, name: str, seed: int) -> foreign.Published:
    """A network from random weights, under another's name."""
    kernel = np.random.default_rng(seed).normal(size=(9, 9, 1, 7))
    keras_file.write_like_fer(path, kernel)
    return replace(foreign.FER, name=name, file=path, hash=sha256(path))


def guessed(rows: pd.DataFrame, subjects: pd.Series, emotions: tuple[str, ...], seed: int) -> None:
    """Leave predictions of both models, right three times in four, as stage `evaluate` does."""
    for number, model in enumerate(MODELS):
        for training in SEEDS:
            draw = np.random.default_rng([seed, number, training])
            tables = []
            for task in ("test", *LEVELS):
                others = (rows["label"] + draw.integers(1, len(emotions), len(rows))) % len(
                    emotions
                )
                predicted = rows["label"].where(draw.random(len(rows)) < 0.75, others)
                tables.append(
                    rows[["sample_id", "source_id"]].assign(
                        task=task, subject=subjects, label=rows["label"], predicted=predicted
                    )
                )
            path = Path(f"data/evaluate/{model}/{training}.csv")
            path.parent.mkdir(parents=True, exist_ok=True)
            pd.concat(tables).to_csv(path, index=False)


@pytest.fixture
def asked(
    aligned: Path, classes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Run the stage on networks of these names; returns its results."""
    path = aligned / "deployment.csv"
    table = pd.read_csv(path, dtype={"subject": str})
    table = table.assign(width=40 + np.arange(len(table)) % 30, height=60)
    table["image_width"] = table["image_height"] = 64
    table.to_csv(path, index=False)
    balance.main()
    rows = read_manifest(Path("data/balance/deployment.csv"))
    subjects = rows["source_id"].map(table.set_index("source_id")["subject"])
    guessed(rows, subjects, classes, 0)

    def run(*names: str) -> dict[str, Any]:
        made = [published(Path(f"weights/{name}.h5"), name, len(name)) for name in names]
        monkeypatch.setattr(networks, "there", lambda: made)
        networks.main()
        return read_json(Path("results/networks.json"))

    return run


Asked = Callable[..., dict[str, Any]]


def test_every_unseen_sample_is_asked_at_every_level(asked: Asked) -> None:
    asked("fer")
    rows = pd.read_csv("data/networks/fer.csv")
    deployment = read_manifest(Path("data/balance/deployment.csv"))
    ours = pd.read_csv("data/evaluate/second/1.csv").query("task != 'test'")
    shared = ["task", "sample_id", "source_id", "subject", "label"]
    assert rows[shared].equals(ours[shared].reset_index(drop=True))
    assert list(rows.columns) == [*shared, "predicted", *EMOTIONS]
    assert (rows[list(EMOTIONS)].to_numpy().argmax(axis=1) == rows["predicted"]).all()
    logits = {level: rows.loc[rows["task"] == level, list(EMOTIONS)].to_numpy() for level in LEVELS}
    for level in LEVELS:
        assert len(logits[level]) == len(deployment)
        assert level == "none" or not np.allclose(logits[level], logits["none"], atol=1e-4)


@pytest.mark.parametrize("classes", [EMOTIONS, FIVE, SEVEN])
def test_scores_and_differences_follow_from_the_rows(
    asked: Asked, classes: tuple[str, ...]
) -> None:
    found = asked("fer")
    rows = pd.read_csv("data/networks/fer.csv")
    assert [*rows.columns[6:]] == [*classes]
    network = found["networks"]["fer"]
    assert network["left_out"] == [name for name in foreign.KNOWN if name not in classes]
    for level in LEVELS:
        part = rows[rows["task"] == level]
        right = accuracy_score(part["label"], part["predicted"])
        scores = network["scores"][level]
        assert scores["accuracy"]["value"] == pytest.approx(right)
        f1 = f1_score(part["label"], part["predicted"], average="macro",
                      labels=range(len(classes)), zero_division=0)  # fmt: skip
        assert scores["f1"]["value"] == pytest.approx(f1)
        for model in MODELS:
            tables = [pd.read_csv(f"data/evaluate/{model}/{seed}.csv") for seed in SEEDS]
            ours = np.mean([
                accuracy_score(table["label"], table["predicted"])
                for table in (each[each["task"] == level] for each in tables)
            ])  # fmt: skip
            difference = network[f"{model}_minus"][level]
            assert difference["value"] == pytest.approx(ours - right)
            assert difference["low"] <= difference["value"] <= difference["high"]


def test_what_the_intervals_are_over_is_said(asked: Asked, edit: Callable[..., None]) -> None:
    found = asked("fer", "deepface")
    assert list(found["networks"]) == ["fer", "deepface"]
    params = load_params()
    assert found["confidence"] == params.statistics.confidence
    assert (found["samples"], found["trainings"], found["clusters"]) == (30, 2, 3)
    assert found["intervals_over"] == {
        "scores": ["subject"],
        "differences": ["subject", "training"],
    }
    assert found["networks"]["deepface"]["sha256"] == sha256(Path("weights/deepface.h5"))
    edit(train={"seeds": [1]})
    assert asked("fer")["intervals_over"]["differences"] == ["subject"]


def test_one_network_changes_nothing_for_another(asked: Asked) -> None:
    both = asked("fer", "deepface")["networks"]
    assert asked("fer")["networks"] == {"fer": both["fer"]}


def test_differences_are_resampled_in_pairs(asked: Asked, edit: Callable[..., None]) -> None:
    # a network that answers as the only training does: no person makes a difference
    asked("fer")
    rows = pd.read_csv("data/networks/fer.csv")
    for model in MODELS:
        own = pd.read_csv(f"data/evaluate/{model}/1.csv").query("task == 'test'")
        pd.concat([own, rows]).to_csv(f"data/evaluate/{model}/1.csv", index=False)
    edit(train={"seeds": [1]})
    network = asked("fer")["networks"]["fer"]
    nothing = {"value": 0, "low": 0, "high": 0}
    for model in MODELS:
        assert network[f"{model}_minus"] == dict.fromkeys(LEVELS, nothing)
    assert (
        network["scores"]["none"]["accuracy"]["low"]
        < (network["scores"]["none"]["accuracy"]["high"])
    )


def test_the_models_are_resampled_as_in_statistics(asked: Asked) -> None:
    # second minus network, less baseline minus network, is the gain that `statistics` has
    for model in MODELS:
        for seed in SEEDS:
            scores = {task: {"accuracy": 0.75, "f1": 0.75} for task in ("test", *LEVELS)}
            path = Path(f"results/evaluate/{model}/{seed}/scores.json")
            write_json(path, scores)
    statistics.main()
    gain = read_json(Path("results/statistics/differences.json"))["gain"]
    network = asked("fer")["networks"]["fer"]
    for level in LEVELS:
        second, baseline = (network[f"{model}_minus"][level]["value"] for model in MODELS[::-1])
        assert second - baseline == pytest.approx(gain[level]["value"])


@pytest.mark.parametrize("classes", [("anger", "contempt", "fear")])
def test_an_emotion_that_a_network_lacks_is_said(asked: Asked) -> None:
    with pytest.raises(UserError, match=r"data\.emotions: fer's network does not know contempt"):
        asked("fer")
    assert not Path("results/networks.json").exists()


def test_the_bytes_are_the_same_again(asked: Asked) -> None:
    def made() -> list[bytes]:
        asked("fer")
        files = ("data/networks/fer.csv", "results/networks.json")
        return [Path(name).read_bytes() for name in files]

    assert made() == made()
