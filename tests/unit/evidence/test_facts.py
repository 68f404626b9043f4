"""Facts are counted from what the stages left, and every key claims.yaml names is among them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clone import ROOT
from face_tables import FIVE, SEVEN
from ferblur.core.files import read_json, write_json
from ferblur.core.params import Params, load_params
from ferblur.core.study import EMOTIONS, MODELS, TASKS
from ferblur.evidence import facts, verdicts
from ferblur.evidence.architecture import describe
from ferblur.stages import balance, split


def test_every_claim_finds_its_facts(finished: Path) -> None:
    found = facts.gather(load_params())
    for claim in verdicts.read_claims():
        for key in claim.keys:
            verdicts.look_up(found, key)


def test_facts_are_those_of_the_files(finished: Path) -> None:
    params = load_params()
    found = facts.gather(params)
    second = pd.read_csv("data/split/second.csv")
    assert found["splits"]["second"]["total"] == len(second)
    assert found["shares"]["second"]["train"] == pytest.approx((second["split"] == "train").mean())
    assert found["blurred"]["low"] == params.split.blurred_per_class
    assert found["blurred"]["very_high"] == 0
    assert found["blurred"]["total"] == 18 * params.split.blurred_per_class
    assert found["balanced"]["imbalance"] == found["blurred"]["sharp_over_baseline"] == 1
    assert found["deployment"]["total"] == 6 * params.balance.deployment_per_class
    assert found["duplicates"] == {"left": 0, "train": 3, "deployment": 2}
    assert found["image"]["width"] == found["image"]["height"] == 128
    assert found["rarest"] == {"train": "disgust", "deployment": None}  # there, four are
    assert found["imbalance"]["train"] == pytest.approx(16 / 6)
    assert found["shared"] == 0
    assert found["evaluated"] == {"emotions": 6, "blurred_sets": 4}
    counts = read_json(Path("results/align/counts.json"))
    aligned = sum(counts[pool]["aligned"] for pool in ("train", "deployment"))
    assert found["aligned"]["share"] == pytest.approx(
        aligned / sum(counts[pool]["accepted"] for pool in ("train", "deployment"))
    )


def test_unknown_subjects_cannot_be_judged(finished: Path) -> None:
    path = Path("results/prepare/counts.json")
    counts = read_json(path)
    counts["train"]["subjects"] = 0
    write_json(path, counts)
    assert facts.pools(load_params())["shared"] is None
    write_json(path, counts | {"in_both_pools": 2})
    assert facts.pools(load_params())["shared"] == 2


def test_a_third_branch_of_several_sizes_has_no_one_size(project: Path) -> None:
    described = describe(6)
    write_json(facts.ARCHITECTURE, described)
    found = facts.architecture()["architecture"]
    assert found["third_branch"] == 3
    assert found["with_5x5"]["inception3a"]["window"] == 5
    next(row for row in described["figure9"] if row["type"] == "inception")["window"] = 5
    write_json(facts.ARCHITECTURE, described)
    assert facts.architecture()["architecture"]["third_branch"] == [3, 5]


def test_the_box_is_the_square_of_the_radius() -> None:
    assert facts.blur() == {"blur": {"box": 25}}


def test_a_blur_that_is_no_box_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "box_blur", lambda image, radius: np.roll(image, 1))
    assert facts.blur()["blur"]["box"] != 25


def test_a_lost_class_is_no_balance(finished: Path) -> None:
    params = load_params()
    path = Path("data/balance/train.csv")
    table = pd.read_csv(path)
    table[table["label"] != 2].to_csv(path, index=False)
    assert facts.samples(params)["balanced"]["imbalance"] is None


def test_images_of_several_sizes_have_no_one_size(finished: Path) -> None:
    path = Path("results/prepare/counts.json")
    counts = read_json(path)
    counts["train"]["width"] = [96, 128]
    write_json(path, counts)
    assert facts.pools(load_params())["image"]["width"] is None


def test_curves_are_means_over_trainings(finished: Path) -> None:
    params = load_params()
    curves = facts.scores(params)["curves"]
    for model in MODELS:
        ends = [
            read_json(Path(f"results/train/{model}/{seed}/summary.json"))["last"]
            for seed in params.train.seeds
        ]
        assert len(ends) == 2
        shown = read_json(Path(f"results/metrics/{model}/test.json"))["accuracy"]
        for name, value in (("train", 0.0), ("val", shown)):
            mean = sum(end[f"{name}/accuracy"] for end in ends) / 2
            key = "train" if name == "train" else "validation_minus_test"
            assert curves[model][key] == pytest.approx(mean - value)


def test_each_pair_of_trainings_has_its_own_differences(project: Path) -> None:
    right = {"baseline": {"3": 0.9, "1": 0.8}, "second": {"3": 0.85, "1": 0.95}}
    scored = {
        model: {
            seed: {
                task: {"accuracy": first - 0.1 * place, "f1": 0.0}
                for place, task in enumerate(TASKS)
            }
            for seed, first in by.items()
        }
        for model, by in right.items()
    }
    write_json(Path("results/statistics/trainings.json"), scored)
    third, first = (found["differences"] for found in facts.of_trainings(1 / 6))
    assert third["gain"]["low"] == pytest.approx(-0.05)
    assert first["gain"]["low"] == pytest.approx(0.15)
    assert third["drop"]["baseline"]["medium"] == pytest.approx(0.1)
    assert first["above_chance"]["second"]["none"] == pytest.approx(0.85 - 1 / 6)
    assert first["unseen"] == pytest.approx({"baseline": 0.1, "second": 0.1})
    claims = {claim.id: claim for claim in verdicts.read_claims(ROOT / "paper/claims.yaml")}
    assert verdicts.held(claims["direction-low"], facts.of_trainings(1 / 6)) == {"held": 1, "of": 2}


def test_few_people_prove_nothing(finished: Path) -> None:
    params = load_params()
    path = Path("results/statistics/comparison.json")
    comparison = read_json(path)
    unknown = {}
    for people, own in ((10, 10), (9, 10), (10, 9)):
        write_json(path, comparison | {"clusters": people, "clusters_own": own})
        found = facts.scores(params)["differences"]
        checked = (found["gain"]["low"], found["gain"]["test"], found["unseen"]["second"],
                   found["recall"]["second"]["fear"]["anger"])  # fmt: skip
        unknown[people, own] = [value is None for value in checked]
    assert unknown == {
        (10, 10): [False, False, False, False],
        (9, 10): [True, False, True, True],
        (10, 9): [False, True, True, False],
    }


LABELS = {FIVE: [0, 1, 2, 3, 4], SEVEN: [2, 4, 3, 6, 1, 5, 0], EMOTIONS: [0, 1, 2, 3, 4, 5]}
"""By classes: their labels in alphabetical order."""


@pytest.mark.parametrize("classes", LABELS)
def test_any_classes_are_counted(
    aligned: Path, edit: Callable[..., None], classes: tuple[str, ...]
) -> None:
    edit(balance={"deployment_per_class": "smallest"})
    for stage in (balance, split):
        stage.main()
    params = load_params()
    found = facts.samples(params)
    assert found["labels"] == LABELS[classes]
    assert found["balanced"]["imbalance"] == found["balanced"]["over_majority"] == 1
    # the number is the data's, not the parameter
    expected = {"per_class": 8, "of_smallest": 1, "total": 8 * len(classes)}
    assert found["deployment"] == expected
    assert found["blurred"]["low"] == params.split.blurred_per_class
    assert found["splits"]["baseline"]["total"] == 12 * len(classes)


def test_people_in_both_pools_are_not_different_people(finished: Path) -> None:
    path = Path("results/prepare/counts.json")
    write_json(path, read_json(path) | {"people_in_both_pools": 3})
    assert facts.pools(load_params())["shared"] == 3


def test_where_no_face_is_searched_none_is_missed(finished: Path, smoke: Params) -> None:
    assert facts.pools(smoke)["aligned"]["share"] > 0.9
    whole = smoke.model_copy(update={"align": smoke.align.model_copy(update={"detector": "none"})})
    assert facts.pools(whole)["aligned"]["share"] is None
