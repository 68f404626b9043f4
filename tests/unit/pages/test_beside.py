"""What is said of runs on other datasets, word for word.

pytest tests/unit/pages/test_beside.py
"""

from typing import Any

import pytest

from face_tables import FIVE
from ferblur.core.study import EMOTIONS, LEVELS, MODELS, TASKS
from ferblur.pages import beside


def bounds(value: float, around: float = 0.1) -> dict[str, float]:
    return {"value": value, "low": value - around, "high": value + around}


def entry(verdict: str = "reproduced", **changes: Any) -> dict[str, Any]:
    return {
        "kind": "findings", "verdict": verdict, "reason": "", "relation": "> 0", "paper": 0.1,
        "measured": {"differences.gain.low": bounds(0.12, 0.07)}, "wrong": [], "place": "V",
        "claim": "It gains",
    } | changes  # fmt: skip


WIDE = entry(
    "undecided", measured={"differences.gain.low": bounds(0.03, 0.05)},
    wrong=["differences.gain.low"], reason="the interval includes 0",
)  # fmt: skip
SEVERAL = {f"differences.gain.{level}": bounds(gain) for level, gain in
           (("low", 0.05), ("medium", 0.2), ("high", -0.2))}  # fmt: skip
MIXED = entry(
    "contradicted", measured=SEVERAL, wrong=["differences.gain.low", "differences.gain.high"],
    reason="…",
)  # fmt: skip
NO_FEAR = entry("not_comparable", measured={}, reason="no fear among the classes")
ALIKE = entry(
    "contradicted", relation="± 0.05", paper=0, measured={"x.test": bounds(0.2)},
    wrong=["x.test"], reason="differs by +0.2",
)  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (entry(), WIDE,
         "On rendered faces reproduced (0.120 [0.050, 0.190]; criterion > 0), on photographs "
         "undecided (0.030 [−0.020, 0.080]): the interval includes 0."),
        (WIDE, entry(),
         "On rendered faces undecided (0.030 [−0.020, 0.080]; criterion > 0): the interval "
         "includes 0; on photographs reproduced (0.120 [0.050, 0.190])."),
        (entry(measured=SEVERAL), MIXED,
         "On rendered faces reproduced (all 3 hold; criterion > 0), on photographs contradicted "
         "(1 of 3 hold, but not gain.low 0.050 [−0.050, 0.150] and gain.high −0.200 [−0.300, "
         "−0.100])."),
        (MIXED, NO_FEAR,
         "On rendered faces contradicted (1 of 3 hold; criterion > 0), on photographs not "
         "comparable (no fear among the classes)."),
        (NO_FEAR, WIDE,
         "On rendered faces not comparable (no fear among the classes), on photographs undecided "
         "(0.030 [−0.020, 0.080]; criterion > 0): the interval includes 0."),
        (ALIKE, entry(relation="± 0.05", paper=0, measured={"x.test": bounds(0.01)}),
         "On rendered faces contradicted (0.200 [0.100, 0.300]; criterion 0 ± 0.05): differs by "
         "+0.2; on photographs reproduced (0.010 [−0.090, 0.110])."),
    ],
)  # fmt: skip
def test_a_differing_verdict_has_a_sentence(
    ours: dict[str, Any], theirs: dict[str, Any], said: str
) -> None:
    assert beside.difference("synthetic", ours, "photographs", theirs) == said


def test_a_fact_of_which_none_holds_is_not_called_an_exception() -> None:
    none = entry("undecided", measured=SEVERAL, wrong=[*SEVERAL])
    said = beside.difference("mine", entry(measured=SEVERAL), "synthetic", none)
    assert said.startswith("On mine reproduced (all 3 hold; criterion > 0), on rendered faces ")
    assert "undecided (0 of 3 hold: gain.low 0.050 [" in said


def test_a_column_has_the_verdict_and_what_was_measured() -> None:
    assert beside.cell(WIDE) == {
        "verdict": "undecided",
        "measured": "0.030 [−0.020, 0.080]",
        "said": "undecided: 0.030 [−0.020, 0.080]",
    }
    assert beside.cell(MIXED)["said"] == "contradicted: 1 of 3 hold"
    assert beside.cell(MIXED)["measured"].count("gain.") == 3
    assert beside.cell(NO_FEAR)["said"] == "not comparable"


def test_only_claims_that_depend_on_the_dataset_have_columns() -> None:
    ours = {"a": entry(), "b": entry(kind="protocol"), "c": entry(kind="architecture")}
    theirs = {"a": WIDE, "c": entry(kind="architecture")}  # b is newer
    cells = beside.cells(ours, {"photographs": theirs})
    assert {name: [*found] for name, found in cells.items()} == {
        "a": ["photographs"],
        "b": [],
        "c": [],
    }


def test_the_counts_are_said() -> None:
    ours = {"a": entry(), "b": WIDE, "c": entry()}
    theirs = {"a": entry(), "b": WIDE, "c": NO_FEAR}
    assert beside.content("synthetic", ours, {"photographs": found(theirs)})["others"][0][
        "summary"
    ] == (
        "On rendered faces 2 of the 3 findings that can be judged hold, on photographs 1 of 2; of "
        "the 2 that can be judged on both, 1 hold on both, and 2 have the same verdict."
    )


def found(claims: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What evidence.other_runs reads."""
    score = {"accuracy": bounds(0.5), "f1": bounds(0.4)}
    return {
        "claims": claims,
        "params": {
            "data": {"emotions": list(FIVE)},
            "align": {"size": 128},
            "blur": {"none": 0, "low": 2, "medium": 4, "high": 8, "very_high": 14},
            "pretrain": {"clips": 12000, "frames": 2},
            "train": {"weights": "rendered"},
        },
        "trainings": {},
        "prepared": {"train": {"accepted": 1300, "subjects": 700},
                     "deployment": {"accepted": 600, "subjects": 0}},
        "comparison": {"chance": 0.2, "confidence": 0.95, "samples": 400, "trainings": 3,
                       "resampled": "subject", "clusters": 300, "clusters_own": 200},
        "differences": {"gain": {task: bounds(0.1) for task in TASKS},
                        "unseen": {model: bounds(0.2) for model in MODELS}},
        "scores": {model: dict.fromkeys(TASKS, score) for model in MODELS},
        "networks": {},
    } | changes  # fmt: skip


def test_what_the_other_faces_are_is_said() -> None:
    assert beside.about("photographs", found({})) == (
        "The dataset photographs has 1,300 images of 700 people to train on and 600 images to test "
        "on, of which 400, as many of each emotion, are shown at each level of blur. The classes "
        "are anger, disgust, happiness, sadness and surprise, so guessing is right in 0.2 of the "
        "cases; the study's are 6. Each model was trained 3 times, from a network pretrained on "
        "24,000 rendered faces. Intervals (95 %) cover the choice of people, 300 unseen and 200 in "
        "the own test sets, and of trainings; no interval covers which people and pictures the "
        "models are trained on."
    )


@pytest.mark.parametrize(
    ("weights", "start"),
    [("none", "from a random start"), ("imagenet", "from ImageNet's weights")],
)
def test_one_training_of_images_is_said(weights: str, start: str) -> None:
    plain = found({})
    plain["params"] |= {"train": {"weights": weights}, "data": {"emotions": list(EMOTIONS)}}
    del plain["params"]["pretrain"]  # an older run knows none
    plain["comparison"] |= {"trainings": 1, "resampled": "image"}
    said = beside.about("mine", plain)
    assert (
        f"Each model was trained once, {start}. Intervals (95 %) cover the choice of images,"
        in (said)
    )
    assert "and of trainings" not in said
    assert "the study's are" not in said


def test_table_3_has_both_models_the_papers_values_and_other_networks() -> None:
    claims = {"table3-baseline-very-high-f1": {"paper": 0.1, "kind": "findings",
                                               "verdict": "not_comparable"}}  # fmt: skip
    score = {"accuracy": bounds(0.3), "f1": bounds(0.2)}
    network = {"scores": dict.fromkeys(LEVELS, score), "second_minus": {"high": bounds(0.2)}}
    table = beside.levels(found(claims, networks={"fer": network}))
    assert [each["level"] for each in table] == [
        "none (0 px)", "low (2 px)", "medium (4 px)", "high (8 px)", "very high (14 px)",
    ]  # fmt: skip
    for each in table:
        assert [row["model"] for row in each["rows"]] == ["baseline", "second", "fer"]
        for row in each["rows"]:
            assert [*row] == [*beside.SCORES_COLUMNS][1:]
    baseline, second, fer = table[-1]["rows"]
    assert (baseline["f1_paper"], second["f1_paper"], fer["f1_paper"]) == ("0.10", "", "")
    assert baseline["over"] == "0.100 [0.000, 0.200]"
    assert (second["over"], fer["over"]) == ("", "")
    assert table[-2]["rows"][2]["over"] == "0.200 [0.100, 0.300]"


def test_where_the_second_model_is_better_than_a_network_is_said() -> None:
    gains = {"none": -0.2, "low": 0.05, "medium": 0.2, "high": 0.3, "very_high": 0.2}
    over = {level: bounds(gain) for level, gain in gains.items()}
    scores = {level: {"accuracy": bounds(0.6 - gain)} for level, gain in gains.items()}
    known = {"scores": scores, "second_minus": over, "left_out": ["fear", "neutral"]}
    said = beside.network("fer", {"networks": {"fer": known}})
    assert said == (
        "The network of the package fer, trained by others on other faces, and asked without its "
        "classes fear and neutral, scores 0.800, 0.550, 0.400, 0.300 and 0.400 on the same faces, "
        "from sharp to the strongest blur. The second model is more accurate at medium, high and "
        "very high, with all of the interval, and less at none; the interval of the difference "
        "includes 0 at low."
    )


def test_the_loss_on_unseen_people_is_said() -> None:
    assert beside.own(found({})) == (
        "On its own test set the baseline scores 0.500 [0.400, 0.600], which is 0.200 [0.100, "
        "0.300] more than on sharp faces of unseen people; the second model scores 0.500 [0.400, "
        "0.600], which is 0.200 [0.100, 0.300] more than on sharp faces of unseen people."
    )


def test_nothing_is_shown_where_nothing_is_committed() -> None:
    assert beside.content("synthetic", {"a": entry()}, {})["others"] == []
