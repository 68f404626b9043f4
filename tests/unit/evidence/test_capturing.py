"""What is missed counts as wrong, and eyes are measured where they are found.

pytest tests/unit/evidence/test_capturing.py
"""

import numpy as np
import pytest

from ferblur.core.params import Statistics
from ferblur.evidence.capturing import captured
from ferblur.evidence.unseen import Unseen

SETTINGS = Statistics(seed=1, resamples=200, confidence=0.95)
COUNT, RADII = 120, [0, 4, 20]
LABELS = np.arange(COUNT) % 4
MISSED = np.array([0, 0, 30])  # of the first samples
NOTHING = {"value": 0, "low": 0, "high": 0}


@pytest.fixture
def unseen() -> Unseen:
    return Unseen.draw(LABELS, (np.arange(COUNT) // 4).astype(str), 4, SETTINGS)


def answers(*right: int) -> np.ndarray:
    """Two trainings that are right in the last so many samples, by radius."""
    place = np.arange(COUNT)[::-1]
    return np.stack([[np.where(place < n, LABELS, (LABELS + 1) % 4) for n in right]] * 2)


def test_known_misses_errors_and_costs(unseen: Unseen) -> None:
    missed = np.arange(COUNT) < MISSED[:, None]
    error = np.where(missed, np.nan, np.array([0, 0.02, 0.3])[:, None])
    error[2, -30:] = 0.6
    after = {"baseline": answers(96, 72, 24), "second": answers(96, 84, 108)}
    before = {"baseline": answers(96, 60, 24), "second": answers(96, 84, 108)}
    for each in before.values():
        each[:, missed] = 4
    rows = captured(unseen, RADII, missed, error, before, after)
    assert [row["radius"] for row in rows] == RADII
    assert [row["missed"]["value"] for row in rows] == [0, 0, 0.25]
    assert rows[0]["eye_error"] == NOTHING
    assert rows[1]["eye_error"]["value"] == pytest.approx(0.02)
    assert rows[2]["eye_error"]["value"] == pytest.approx((60 * 0.3 + 30 * 0.6) / 90)
    assert 0.3 < rows[2]["eye_error"]["low"] < rows[2]["eye_error"]["high"] < 0.6
    baseline, second = ([row["models"][m] for row in rows] for m in ("baseline", "second"))
    assert [row["after"]["value"] for row in baseline] == pytest.approx([0.8, 0.6, 0.2])
    assert [row["before"]["value"] for row in baseline] == pytest.approx([0.8, 0.5, 0.2])
    assert baseline[0]["cost"] == NOTHING  # the same answers, in every draw
    assert baseline[1]["cost"]["value"] == pytest.approx(0.1)
    assert baseline[1]["cost"]["low"] >= 0  # of nobody is it less
    assert baseline[2]["cost"] == NOTHING  # who is missed would not have been recognised
    assert second[2]["after"]["value"] == pytest.approx(0.9)
    assert second[2]["before"]["value"] == pytest.approx(0.75)
    assert second[2]["cost"]["value"] == pytest.approx(0.15)


def test_a_face_that_is_missed_by_one_training_alone_is_wrong_there(unseen: Unseen) -> None:
    after = {"baseline": answers(120, 120, 120)}
    before = {"baseline": after["baseline"].copy()}
    before["baseline"][0, 1, :60] = 4
    error, missed = np.zeros((3, COUNT)), np.zeros((3, COUNT), bool)
    row = captured(unseen, RADII, missed, error, before, after)[1]["models"]["baseline"]
    assert row["before"]["value"] == pytest.approx(0.75)


def test_where_no_face_is_found_nothing_is_known_of_eyes(unseen: Unseen) -> None:
    missed = np.zeros((3, COUNT), bool)
    missed[2] = True
    error = np.where(missed, np.nan, 0.1)
    after = {"baseline": answers(96, 72, 24)}
    before = {"baseline": np.where(missed, 4, after["baseline"])}
    last = captured(unseen, RADII, missed, error, before, after)[2]
    assert last["eye_error"] is None
    assert last["missed"] == {"value": 1, "low": 1, "high": 1}
    assert last["models"]["baseline"]["before"] == NOTHING
