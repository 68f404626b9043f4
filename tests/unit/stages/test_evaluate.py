"""Every sample once at every level, and scores that follow from the rows."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ferblur.core.files import read_json
from ferblur.core.params import Params
from ferblur.core.study import EMOTIONS, LEVELS
from ferblur.dataset.manifest import read_manifest
from ferblur.evidence.metrics import scores
from ferblur.model import network
from ferblur.stages import balance, evaluate, split


@pytest.fixture
def rows(aligned: Path, smoke: Params, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    balance.main()
    split.main()
    torch.manual_seed(0)
    model = network.build(smoke.train).train()
    with torch.no_grad():  # batch statistics, without which a fresh model answers a constant
        for _ in range(15):
            model(torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8))
    network.save(Path("models/second/last.safetensors"), model)
    monkeypatch.setattr(sys, "argv", ["evaluate", "second"])
    evaluate.main()
    return pd.read_csv("data/evaluate/second.csv")


def test_every_sample_is_predicted_once(rows: pd.DataFrame) -> None:
    assert list(rows["task"].unique()) == ["test", *LEVELS]
    deployment = read_manifest(Path("data/balance/deployment.csv"))
    for level in LEVELS:
        assert rows.loc[rows["task"] == level, "sample_id"].tolist() == list(range(30))
        assert (rows.loc[rows["task"] == level, "label"].to_numpy() == deployment["label"]).all()
    own = read_manifest(Path("data/split/second.csv")).query("split == 'test'")
    assert rows.loc[rows["task"] == "test", "sample_id"].tolist() == own["sample_id"].tolist()


def test_scores_follow_from_the_rows(rows: pd.DataFrame) -> None:
    assert (rows[list(EMOTIONS)].to_numpy().argmax(axis=1) == rows["predicted"]).all()
    recalls = read_json(Path("results/evaluate/second/recall.json"))
    confusions = read_json(Path("results/evaluate/second/confusion.json"))
    for task, part in rows.groupby("task"):
        labels, predicted = part["label"].to_numpy(), part["predicted"].to_numpy()
        assert read_json(Path(f"results/evaluate/second/{task}.json")) == scores(
            labels, predicted, "macro"
        )
        assert np.array(confusions[str(task)]).sum() == len(part)
        assert list(recalls[str(task)]) == list(EMOTIONS)


def test_blur_changes_what_the_model_sees(rows: pd.DataFrame) -> None:
    logits = {level: rows.loc[rows["task"] == level, list(EMOTIONS)].to_numpy() for level in LEVELS}
    for level in LEVELS[1:]:
        assert not np.array_equal(logits[level], logits["none"])


def test_subjects_are_carried_on(rows: pd.DataFrame) -> None:
    names = set(rows.loc[rows["task"] == "none", "subject"])
    assert names <= {f"deployment-{number}" for number in range(3)}
