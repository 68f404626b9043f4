"""Which remedy beats the second model, and which only nearly does; routes and estimates by hand.

pytest tests/unit/evidence/test_remedies.py
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error

from ferblur.core.params import Statistics
from ferblur.evidence.remedies import compared, estimates, routed
from ferblur.evidence.unseen import Unseen

SETTINGS = Statistics(seed=1, resamples=300, confidence=0.95)
LEVELS = ("none", "low", "high")
COUNT = 400
LABELS = np.arange(COUNT) % 4


@pytest.fixture
def unseen() -> Unseen:
    people = (np.arange(COUNT) % 80).astype(str)  # of whom each shows easy and hard samples
    return Unseen.draw(LABELS, people, 4, SETTINGS)


def answers(
    sharp: float, low: float, high: float, apart: Sequence[float] = (0, 0)
) -> dict[str, np.ndarray]:
    """The shares that are right at each level, and how much more in each training."""
    place = np.arange(COUNT) * 7 % COUNT
    return {
        level: np.stack(
            [
                np.where(place < round(COUNT * (right + more)), LABELS, (LABELS + 1) % 4)
                for more in apart
            ]
        )
        for level, right in zip(LEVELS, (sharp, low, high), strict=True)
    }


STUDYS = {"baseline": answers(0.8, 0.5, 0.2), "second": answers(0.75, 0.6, 0.4)}


def found(unseen: Unseen, remedy: dict[str, np.ndarray]) -> dict[str, object]:
    table = compared(unseen, STUDYS | {"remedy": remedy}, "baseline", "second", {})
    assert list(table) == ["baseline", "second", "remedy"]
    return dict(table["remedy"])


def test_differences_are_of_scikit_learns_accuracies(unseen: Unseen) -> None:
    remedy = answers(0.81, 0.7, 0.6, (0.02, -0.02))
    table = compared(unseen, STUDYS | {"remedy": remedy}, "baseline", "second", {})
    each = table["remedy"]
    scores = {
        level: np.mean([accuracy_score(LABELS, training) for training in predicted])
        for level, predicted in remedy.items()
    }
    assert {level: bounds["value"] for level, bounds in each["levels"].items()} == pytest.approx(
        scores
    )
    mean = np.mean(list(scores.values()))
    assert each["mean"]["value"] == pytest.approx(mean)
    assert each["over_baseline"]["value"] == pytest.approx(mean - 0.5)
    assert each["over_second"]["value"] == pytest.approx(mean - 1.75 / 3)
    assert each["sharp_over_baseline"]["value"] == pytest.approx(0.01)
    assert each["over_trainings"] == pytest.approx([mean + 0.02 - 1.75 / 3, mean - 0.02 - 1.75 / 3])


def test_the_studys_models_are_exactly_as_good_as_themselves(unseen: Unseen) -> None:
    table = compared(unseen, STUDYS, "baseline", "second", {})
    nothing = {"value": 0, "low": 0, "high": 0}
    assert table["baseline"]["over_baseline"] == nothing
    assert table["baseline"]["sharp_over_baseline"] == nothing
    assert table["second"]["over_second"] == nothing
    assert table["second"]["over_trainings"] == [0, 0]
    assert table["second"]["beats"] is False


def test_a_better_remedy_beats(unseen: Unseen) -> None:
    assert found(unseen, answers(0.8, 0.7, 0.6))["beats"] is True


def test_less_than_a_point_less_on_sharp_faces_is_close(unseen: Unseen) -> None:
    assert found(unseen, answers(0.7925, 0.8, 0.7))["beats"] is True
    lost = found(unseen, answers(0.78, 0.8, 0.7))
    assert lost["beats"] is False  # although its mean is surely above
    assert lost["over_second"]["low"] > 0  # type: ignore[index]


def test_one_of_many_trainings_that_is_not_better_does_not_beat(unseen: Unseen) -> None:
    studys = {"baseline": answers(0.8, 0.5, 0.2, (0,) * 6),
              "second": answers(0.75, 0.6, 0.4, (0,) * 6)}  # fmt: skip
    better, remedy = (answers(0.85, 0.9, 0.9, (0,) * 6) for _ in range(2))
    for level in LEVELS:
        remedy[level][4] = studys["second"][level][4]
    ways = studys | {"better": better, "remedy": remedy}
    table = compared(unseen, ways, "baseline", "second", {})
    assert table["better"]["beats"] is True
    assert table["remedy"]["over_trainings"][4] == 0
    assert table["remedy"]["over_second"]["low"] > 0  # for nearly all draws have others too
    assert table["remedy"]["sharp_over_baseline"]["value"] > 0
    assert table["remedy"]["beats"] is False


def test_an_interval_that_includes_0_does_not_beat(unseen: Unseen) -> None:
    """Better in each training, but not for most of the people."""
    remedy = {level: each.copy() for level, each in STUDYS["second"].items()}
    remedy["none"] = STUDYS["baseline"]["none"]
    people = np.arange(COUNT) % 80
    helped, harmed = people < 12, (people >= 12) & (people < 24)
    for level in ("low", "high"):
        remedy[level][:, helped] = LABELS[helped]
        remedy[level][:, harmed] = (LABELS[harmed] + 1) % 4
    lost = found(unseen, remedy)
    assert min(lost["over_trainings"]) > 0  # type: ignore[call-overload]
    bounds = lost["over_second"]
    assert bounds["low"] <= 0 < bounds["value"]  # type: ignore[index]
    assert lost["sharp_over_baseline"]["value"] >= 0  # type: ignore[index]
    assert lost["beats"] is False


def test_routes_ask_the_blurred_model_from_the_threshold_on() -> None:
    sharp = {"none": np.zeros((2, 4), int), "low": np.zeros((2, 4), int)}
    blurred = {"none": np.ones((2, 4), int), "low": np.ones((2, 4), int)}
    radii = {"none": np.array([0, 0.99, 1, 5]), "low": np.array([1, 0, 0, 2.5])}
    chosen = routed(sharp, blurred, radii, 1)
    assert chosen["none"].tolist() == [[0, 0, 1, 1]] * 2
    assert chosen["low"].tolist() == [[1, 0, 0, 1]] * 2


def test_a_variant_of_fewer_trainings_is_held_against_the_same_seeds(unseen: Unseen) -> None:
    """As three trainings of the second model and two of a variant."""
    studys = {"baseline": answers(0.8, 0.5, 0.2, (0, 0, 0)),
              "second": answers(0.75, 0.6, 0.4, (0, 0.02, -0.3))}  # fmt: skip
    remedy = answers(0.8, 0.7, 0.6, (0.01, 0.01))
    each = compared(unseen, studys | {"remedy": remedy}, "baseline", "second", {})["remedy"]
    over = (0.8 + 0.7 + 0.6) / 3 - (0.75 + 0.6 + 0.4) / 3
    assert each["over_trainings"] == pytest.approx([over + 0.01, over - 0.01], abs=0.002)
    route = routed(studys["baseline"], remedy, {level: np.zeros(COUNT) for level in LEVELS}, 1)
    for level, predicted in route.items():
        np.testing.assert_array_equal(predicted, studys["baseline"][level][:2])


def test_errors_and_biases_of_estimates(unseen: Unseen) -> None:
    draw = np.random.default_rng(2)
    blurs = [("box", 0.0), ("box", 4.0), ("gaussian", 4.0)]
    table = pd.concat(
        pd.DataFrame({"kernel": kernel, "radius": radius, "sample_id": range(COUNT),
                      "rough": radius + draw.normal(0.5, 1, COUNT), "exact": radius})
        for kernel, radius in blurs
    )  # fmt: skip
    known = estimates(unseen, table, ("rough", "exact"))
    assert list(known) == ["rough", "exact"]
    for (kernel, radius), row in zip(blurs, known["rough"], strict=True):
        assert (row["kernel"], row["radius"]) == (kernel, radius)
        rows = table[(table["kernel"] == kernel) & (table["radius"] == radius)]
        error = mean_absolute_error(rows["radius"], rows["rough"])
        assert row["error"]["value"] == pytest.approx(error)
        assert row["bias"]["value"] == pytest.approx((rows["rough"] - radius).mean())
        assert row["error"]["low"] < error < row["error"]["high"]
    assert [row["error"]["value"] for row in known["exact"]] == [0, 0, 0]


def test_trainings_of_the_model_that_answers_are_drawn_with_it(unseen: Unseen) -> None:
    """The same answers under another name differ by nothing, whichever trainings are drawn."""
    apart = answers(0.8, 0.5, 0.2, (0.1, -0.1))
    studys = STUDYS | {"baseline": apart}
    asked = compared(unseen, studys | {"same": apart}, "baseline", "second", {"same": "baseline"})
    assert asked["same"]["over_baseline"] == {"value": 0, "low": 0, "high": 0}
    alone = compared(unseen, studys | {"same": apart}, "baseline", "second", {})
    assert alone["same"]["over_baseline"]["low"] < 0 < alone["same"]["over_baseline"]["high"]
