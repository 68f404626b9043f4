"""Every sample once at every level, and scores that follow from the rows."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import confusion_matrix, f1_score, recall_score

from clone import ROOT
from face_tables import FIVE, SEVEN
from ferblur.core.errors import UserError
from ferblur.core.files import read_json
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS, LEVELS
from ferblur.dataset.manifest import read_manifest
from ferblur.evidence.metrics import confusion, recall, scores
from ferblur.model import network
from ferblur.stages import balance, evaluate, split


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model for each of the smoke profile's seeds."""
    folder = tmp_path_factory.mktemp("models")
    params = load_params(ROOT / "profiles/smoke.yaml").train
    for seed in params.seeds:
        torch.manual_seed(seed)
        model = network.build(params, 6).train()
        with torch.no_grad():  # batch statistics, without which a fresh model answers a constant
            for _ in range(15):
                model(torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8))
        network.save(folder / f"{seed}/last.safetensors", model)
    return folder


@pytest.fixture
def rows(aligned: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    balance.main()
    split.main()
    shutil.copytree(models, "models/second")
    monkeypatch.setattr(sys, "argv", ["evaluate", "second", "2"])
    evaluate.main()
    return pd.read_csv("data/evaluate/second/2.csv")


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
    found = {
        name: read_json(Path(f"results/evaluate/second/2/{name}.json"))
        for name in ("scores", "recall", "confusion")
    }
    assert all(list(by) == ["test", *LEVELS] for by in found.values())
    for task in ("test", *LEVELS):
        part = rows[rows["task"] == task]
        labels, predicted = part["label"].to_numpy(), part["predicted"].to_numpy()
        assert found["scores"][task] == scores(labels, predicted, EMOTIONS, "macro")
        assert found["confusion"][task] == confusion(labels, predicted, EMOTIONS).tolist()
        assert found["recall"][task] == recall(labels, predicted, EMOTIONS)
        assert list(found["recall"][task]) == list(EMOTIONS)
    sharp = pd.read_csv("data/evaluate/second/2-sharp.csv")
    part = rows[rows["task"] == "none"]
    assert sharp["actual"].tolist() == [EMOTIONS[label] for label in part["label"]]
    assert sharp["predicted"].tolist() == [EMOTIONS[label] for label in part["predicted"]]


def test_each_training_is_scored_for_itself(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Path("data/evaluate/second/2.csv").read_bytes()
    monkeypatch.setattr(sys, "argv", ["evaluate", "second", "1"])
    evaluate.main()
    other = pd.read_csv("data/evaluate/second/1.csv")
    columns = ["task", "sample_id", "source_id", "subject", "label"]
    assert other[columns].equals(rows[columns])
    assert not other[list(EMOTIONS)].equals(rows[list(EMOTIONS)])
    assert Path("data/evaluate/second/2.csv").read_bytes() == before
    assert {path.name for path in Path("results/evaluate/second").iterdir()} == {"1", "2"}
    monkeypatch.setattr(sys, "argv", ["evaluate", "second", "3"])
    with pytest.raises(UserError, match=r"a seed of train\.seeds, 1, 2, not 'second 3'"):
        evaluate.main()


def test_blur_changes_what_the_model_sees(rows: pd.DataFrame) -> None:
    logits = {level: rows.loc[rows["task"] == level, list(EMOTIONS)].to_numpy() for level in LEVELS}
    for level in LEVELS[1:]:
        assert not np.array_equal(logits[level], logits["none"])


def test_subjects_are_carried_on(rows: pd.DataFrame) -> None:
    names = set(rows.loc[rows["task"] == "none", "subject"])
    assert names <= {f"deployment-{number}" for number in range(3)}


@pytest.mark.parametrize("classes", [FIVE, SEVEN])
def test_any_classes_are_scored_by_name(
    aligned: Path, monkeypatch: pytest.MonkeyPatch, classes: tuple[str, ...]
) -> None:
    balance.main()
    split.main()
    torch.manual_seed(0)
    model = network.build(load_params().train, len(classes)).train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8))
    network.save(Path("models/second/2/last.safetensors"), model)
    monkeypatch.setattr(sys, "argv", ["evaluate", "second", "2"])
    evaluate.main()
    rows = pd.read_csv("data/evaluate/second/2.csv")
    assert rows.columns[-len(classes) :].tolist() == list(classes)
    assert (rows[list(classes)].to_numpy().argmax(axis=1) == rows["predicted"]).all()
    sharp = pd.read_csv("data/evaluate/second/2-sharp.csv")
    part = rows[rows["task"] == "none"].reset_index()
    assert sharp["actual"].equals(part["source_id"].str.partition("/")[0].rename("actual"))
    assert sharp["predicted"].tolist() == [classes[label] for label in part["predicted"]]
    names = part["source_id"].str.partition("/")[0], [classes[n] for n in part["predicted"]]
    found = {
        name: read_json(Path(f"results/evaluate/second/2/{name}.json"))["none"]
        for name in ("scores", "recall", "confusion")
    }
    assert found["scores"]["f1"] == pytest.approx(f1_score(*names, average="macro"))
    shares = recall_score(*names, average=None, labels=list(classes))
    assert list(found["recall"].items()) == [*zip(classes, shares.tolist(), strict=True)]
    counts = confusion_matrix(*names, labels=list(classes))
    assert found["confusion"] == counts.tolist()
