"""A known leak is found, none where there is none, and test sets have people of their own.

pytest tests/unit/evidence/test_leakage.py
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from ferblur.core.params import Statistics
from ferblur.evidence.leakage import splits

SETTINGS = Statistics(seed=1, resamples=300, confidence=0.95)
CLASSES = 4


def rows(right: float, count: int = 400, people: int = 50, shift: int = 0) -> pd.DataFrame:
    """A test set of which a share is recognised, other samples by each `shift`."""
    labels = np.arange(count) % CLASSES
    place = (np.arange(count) + shift) * 7 % count
    predicted = np.where(place < round(right * count), labels, (labels + 1) % CLASSES)
    drawn = np.random.default_rng(count).integers(0, people, count)
    drawn[:people] = np.arange(people)
    return pd.DataFrame(
        {"source_id": [f"{n}.jpg" for n in range(count)], "subject": [f"s{n}" for n in drawn],
         "label": labels, "predicted": predicted}
    )  # fmt: skip


def test_a_known_leak() -> None:
    tests = {
        "baseline": {
            "by sample": [rows(0.95), rows(0.95, shift=3)],
            "by person": [rows(0.7, 240, 30), rows(0.6, 240, 30)],
        }
    }
    found = splits(tests, CLASSES, SETTINGS, "macro")["baseline"]
    studys, person = found["by sample"], found["by person"]
    assert (studys["samples"], studys["people"]) == (400, 50)
    assert (person["samples"], person["people"]) == (240, 30)
    for each, tables in zip((studys, person), tests["baseline"].values(), strict=True):
        for name, score in (
            ("accuracy", [accuracy_score(t["label"], t["predicted"]) for t in tables]),
            ("f1", [f1_score(t["label"], t["predicted"], average="macro") for t in tables]),
        ):
            assert each[name]["value"] == pytest.approx(np.mean(score))
            assert each[name]["low"] < each[name]["value"] < each[name]["high"]
    assert person["leak"]["value"] == pytest.approx(0.3)
    assert person["leak"]["low"] > 0
    assert person["leak_share"]["value"] == pytest.approx(0.3 / 0.7)  # of 0.95 above a quarter
    nothing = {"value": 0, "low": 0, "high": 0}
    assert studys["leak"] == nothing
    assert studys["leak_share"] == nothing


def test_without_a_leak_the_interval_includes_0() -> None:
    """Each test set draws its own people, so the difference is not 0 in every draw."""
    tests = {"second": {"by sample": [rows(0.7)], "by clip": [rows(0.7)]}}
    leak = splits(tests, CLASSES, SETTINGS, "macro")["second"]["by clip"]["leak"]
    assert leak["value"] == pytest.approx(0)
    assert leak["low"] < 0 < leak["high"]


@pytest.mark.parametrize("right", [0.25, 0.2, 0.26])
def test_there_is_no_share_of_what_is_not_above_chance(right: float) -> None:
    tests = {"baseline": {"by sample": [rows(right)], "by person": [rows(0.25)]}}
    found = splits(tests, CLASSES, SETTINGS, "macro")["baseline"]["by person"]
    assert found["leak_share"] is None
    assert found["leak"]["value"] == pytest.approx(right - 0.25)


def test_a_split_more_or_a_model_more_changes_nothing_for_those_before() -> None:
    baseline = {"by sample": [rows(0.9)], "by clip": [rows(0.8, shift=1)]}
    alone = splits({"baseline": baseline}, CLASSES, SETTINGS, "macro")
    more = {"baseline": baseline | {"by person": [rows(0.7)]}, "second": baseline}
    found = splits(more, CLASSES, SETTINGS, "macro")
    for name in baseline:
        assert found["baseline"][name] == alone["baseline"][name]
    assert found["second"]["by clip"]["accuracy"]["value"] == 0.8


def test_images_are_drawn_where_nobody_is_named() -> None:
    nameless = rows(0.9).assign(subject="")
    found = splits({"baseline": {"by sample": [nameless]}}, CLASSES, SETTINGS, "weighted")
    assert found["baseline"]["by sample"]["people"] == 400
