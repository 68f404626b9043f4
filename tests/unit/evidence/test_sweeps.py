"""The sweep's scores, areas, cut-offs and corruption errors, computed by hand and by scikit-learn.

pytest tests/unit/evidence/test_sweeps.py
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score, f1_score

from ferblur.core.params import Statistics
from ferblur.evidence.robustness import cut_off
from ferblur.evidence.sweeps import Swept, across, breaking
from ferblur.evidence.unseen import Unseen

SETTINGS = Statistics(seed=1, resamples=200, confidence=0.95)
RADII = [0, 2, 4, 8]
LEVELS = [2.0, 8.0]
KERNELS = ("box", "gaussian", "motion")
BLURS = [("box", 0.0), *((kernel, float(radius)) for kernel in KERNELS for radius in RADII[1:])]
COUNT = 400

Right = Mapping[str, Sequence[float]]
"""By kind of blur, the share that is right at each radius above 0."""


def logits(right: Right, sharp: float, classes: int = 4, trainings: int = 2) -> np.ndarray:
    """Trainings that are right in these shares of the samples, the same first ones in each."""
    labels = np.arange(COUNT) % classes
    shares = [sharp, *(share for kernel in KERNELS for share in right[kernel])]
    answers = [
        np.where(np.arange(COUNT) < share * COUNT, labels, (labels + 1) % classes)
        for share in shares
    ]
    made = np.random.default_rng(0).uniform(0, 0.5, (trainings, len(shares), COUNT, classes))
    sure = 0.6 + np.random.default_rng(1).random(made.shape[:3])
    np.put_along_axis(made, np.stack([answers] * trainings)[..., None], sure[..., None], axis=-1)
    return made.astype(np.float32)


def swept(models: Mapping[str, np.ndarray], classes: int = 4, average: str = "macro") -> Swept:
    people = np.random.default_rng(2).integers(0, 40, COUNT)  # of whom some show easier samples
    unseen = Unseen.draw(np.arange(COUNT) % classes, people.astype(str), classes, SETTINGS)
    return Swept(unseen, models, BLURS, average)


BASELINE = logits(dict.fromkeys(KERNELS, (0.7, 0.5, 0.3)), 0.9)
SECOND = logits(
    {"box": (0.8, 0.7, 0.5), "gaussian": (0.75, 0.6, 0.45), "motion": (0.7, 0.5, 0.3)}, 0.85
)
MIXTURE = logits(dict.fromkeys(KERNELS, (0.8, 0.7, 0.5)), 0.85)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_scores_are_scikit_learns(average: str) -> None:
    random = np.random.default_rng(3).normal(size=(2, len(BLURS), COUNT, 4)).astype(np.float32)
    random[..., 0] += 0.5
    found = swept({"baseline": random}, average=average)
    for place, (kernel, radius) in enumerate(BLURS):
        labels, answers = np.arange(COUNT) % 4, random[:, place].argmax(axis=-1)
        by_class = [f1_score(labels, each, average=None) for each in answers]
        for name, each in (
            ("accuracy", [accuracy_score(labels, each) for each in answers]),
            ("f1", [f1_score(labels, each, average=average) for each in answers]),
        ):
            values = getattr(found, name)("baseline", kernel, radius)
            assert values.shape == (201,)
            assert values[0] == pytest.approx(np.mean(each))
        by_class_found = found.by_class("baseline", kernel, radius)[0]
        np.testing.assert_allclose(by_class_found, np.mean(by_class, axis=0))


def test_radius_0_is_one_for_all_kinds() -> None:
    found = swept({"baseline": BASELINE})
    assert found.kernels == [*KERNELS]
    assert found.radii == RADII
    for kernel in KERNELS:
        assert found.place(kernel, 0) == 0
        assert found.accuracy("baseline", kernel, 0)[0] == 0.9
    assert found.place("motion", 8) == len(BLURS) - 1


def test_area_is_that_of_trapezoids() -> None:
    found = swept({"baseline": BASELINE})
    by_hand = (2 * (0.9 + 0.7) / 2 + 2 * (0.7 + 0.5) / 2 + 4 * (0.5 + 0.3) / 2) / 8
    for kernel in KERNELS:
        assert found.area("baseline", kernel)[0] == pytest.approx(by_hand)


def test_cut_off_is_the_known_radius() -> None:
    found = swept({"baseline": BASELINE, "second": SECOND})
    half = 0.25 + (0.9 - 0.25) / 2  # 0.575, between 0.7 at 2 px and 0.5 at 4
    known = found.cut_off("baseline", "box")
    assert known["value"] == pytest.approx(2 + 2 * (0.7 - half) / 0.2)
    assert 2 < (known["low"] or 0) < (known["value"] or 0) < (known["high"] or 0) < 6
    half = 0.25 + (0.85 - 0.25) / 2
    assert found.cut_off("second", "box")["value"] == pytest.approx(4 + 4 * (0.7 - half) / 0.2)


def test_a_model_that_holds_is_cut_off_beyond_the_sweep() -> None:
    holds = logits(dict.fromkeys(KERNELS, (0.9, 0.9, 0.8)), 0.9)
    found = breaking(swept({"baseline": holds}), LEVELS, "abcd")["baseline"]
    assert found["cut_off"] == dict.fromkeys(KERNELS, dict.fromkeys(("value", "low", "high")))


def test_cut_offs_by_class_are_of_each_ones_f1() -> None:
    found = swept({"baseline": BASELINE})
    by_class = found.cut_offs_by_class("baseline", "box")
    assert by_class.shape == (201, 4)
    labels = np.arange(COUNT) % 4
    scores = [
        f1_score(labels, BASELINE[0, place].argmax(axis=-1), average=None) for place in range(4)
    ]
    np.testing.assert_allclose(by_class[0], cut_off(RADII, np.transpose(scores), 0.25))


def test_corruption_errors_are_hendrycks_and_dietterichs() -> None:
    found = swept({"baseline": BASELINE, "second": SECOND})
    # sums of errors at 2 and 8 px, for box, Gaussian and motion
    expected = np.mean([(0.2 + 0.5) / 1.0, (0.25 + 0.55) / 1.0, (0.3 + 0.7) / 1.0])
    error = found.corruption_error("second", "baseline", LEVELS, relative=False)
    assert error[0] == pytest.approx(expected)
    # what they exceed the error on sharp faces by: 0.15 of the one, 0.1 of the other
    expected = np.mean([(0.7 - 0.3) / 0.8, (0.8 - 0.3) / 0.8, (1.0 - 0.3) / 0.8])
    error = found.corruption_error("second", "baseline", LEVELS, relative=True)
    assert error[0] == pytest.approx(expected)


def test_the_references_own_corruption_error_is_1_in_every_draw() -> None:
    found = swept({"baseline": BASELINE})
    for relative in (False, True):
        values = found.corruption_error("baseline", "baseline", LEVELS, relative)
        np.testing.assert_allclose(values, 1)


def test_there_is_no_relative_error_where_the_reference_loses_nothing() -> None:
    flat = logits(dict.fromkeys(KERNELS, (0.9, 0.9, 0.9)), 0.9)
    found = breaking(swept({"baseline": flat, "second": SECOND}), LEVELS, "abcd")
    for model in found:
        assert found[model]["relative_mce"] is None
        assert found[model]["mce"]["value"] > 0
    perfect = logits(dict.fromkeys(KERNELS, (1, 1, 1)), 1)
    found = breaking(swept({"baseline": perfect}), LEVELS, "abcd")
    assert found["baseline"]["mce"] is None


def test_breaking_lists_every_blur_with_calibration_and_collapse() -> None:
    found = breaking(swept({"baseline": BASELINE, "second": SECOND}), LEVELS, ["a", "b", "c", "d"])
    assert list(found) == ["baseline", "second"]
    assert list(found["second"]["cut_off_by_emotion"]) == ["a", "b", "c", "d"]
    assert [(row["kernel"], row["radius"]) for row in found["second"]["table"]] == BLURS
    labels = np.arange(COUNT) % 4
    for place, row in enumerate(found["second"]["table"]):
        errors, shares = [], []
        for each in SECOND[:, place].astype(float):
            probabilities = softmax(each, axis=-1)
            table = pd.DataFrame({"sure": probabilities.max(axis=1)})
            table["right"] = (probabilities.argmax(axis=1) == labels).astype(float)
            bins = pd.cut(table["sure"], [end / 10 for end in range(11)])
            parts = [part for _, part in table.groupby(bins, observed=True)]
            gaps = [len(part) * abs(part["sure"].mean() - part["right"].mean()) for part in parts]
            errors.append(sum(gaps) / COUNT)
            shares.append(pd.Series(each.argmax(axis=1)).value_counts(normalize=True).iloc[0])
        assert row["ece"] == pytest.approx(np.mean(errors))
        assert row["commonest_share"] == pytest.approx(np.mean(shares))
        assert row["accuracy"]["low"] <= row["accuracy"]["value"] <= row["accuracy"]["high"]


def test_transfer_is_the_share_of_the_gain_on_other_kinds() -> None:
    found = across(swept({"baseline": BASELINE, "second": SECOND, "mixture": MIXTURE}), LEVELS)
    assert list(found) == ["second", "mixture"]  # and not the first
    second = found["second"]
    gains = {kernel: bounds["value"] for kernel, bounds in second["gain"].items()}
    assert gains == pytest.approx({"box": 0.15, "gaussian": 0.1, "motion": 0})
    assert second["others"]["value"] == pytest.approx(0.05)
    assert second["transfer"]["value"] == pytest.approx(1 / 3)
    assert found["mixture"]["transfer"]["value"] == pytest.approx(1)
    assert found["mixture"]["others_over_first"]["value"] == pytest.approx(0.1)
    assert found["mixture"]["others_over_first"]["low"] > 0
    assert "others_over_first" not in second


@pytest.mark.parametrize("second", [BASELINE, BASELINE[:, ::-1]], ids=["no gain", "worse"])
def test_there_is_no_transfer_of_a_gain_that_is_not_sure(second: np.ndarray) -> None:
    found = across(swept({"baseline": BASELINE, "second": second}), LEVELS)
    assert found["second"]["transfer"] is None


def test_with_one_kind_of_blur_nothing_is_across() -> None:
    unseen = swept({}).unseen
    found = Swept(unseen, {"baseline": BASELINE, "second": SECOND}, BLURS[:4], "macro")
    assert across(found, LEVELS) == {}
    assert list(breaking(found, LEVELS, "abcd")["second"]["area"]) == ["box"]


def test_chance_follows_the_number_of_emotions() -> None:
    five = logits(dict.fromkeys(KERNELS, (0.7, 0.5, 0.3)), 0.9, classes=5)
    found = swept({"baseline": five}, classes=5)
    assert found.chance == 0.2
    half = 0.2 + 0.7 / 2
    known = found.cut_off("baseline", "box")["value"]
    assert known == pytest.approx(2 + 2 * (0.7 - half) / 0.2)
