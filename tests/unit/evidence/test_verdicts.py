"""The claims file is complete and consistent; every relation judges as it says."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from clone import ROOT
from face_tables import FIVE, SEVEN
from ferblur.core.errors import UserError
from ferblur.core.study import EMOTIONS, LEVELS
from ferblur.evidence import architecture, verdicts
from ferblur.evidence.verdicts import Claim, judge

ALL = {claim.id: claim for claim in verdicts.read_claims(ROOT / "paper/claims.yaml")}


def paper(name: str) -> Any:
    return ALL[name].paper


def test_every_part_of_the_paper_is_covered() -> None:
    counts = Counter(name.partition("-")[0] for name in ALL)
    assert counts["table1"] == 8
    assert counts["table2"] == 4
    assert counts["table3"] == 20
    assert counts["fig9"] == 19  # the paper's rows
    assert counts["difference"] == counts["direction"] == 6
    assert counts["cited"] >= 10
    named = ("table1", "table2", "table3", "fig9", "difference", "direction", "cited")
    others = [c for name, c in ALL.items() if name.partition("-")[0] not in named and c.keys]
    assert len(others) >= 30
    assert {f"fig12-{e}" for e in ("anger", "disgust", "fear", "happiness", "sadness")} <= set(ALL)


def test_table_1_adds_up() -> None:
    for model, blurred in (("baseline", 0), ("second", paper("blurred-total"))):
        parts = [paper(f"table1-{model}-{split}") for split in ("train", "val", "test")]
        assert sum(parts) == paper(f"table1-{model}-total")
        assert paper(f"table1-{model}-total") == paper("balanced-total") + blurred
    assert paper("balanced-total") == 6 * paper("balanced-per-class")
    assert paper("deployment-total") == 6 * paper("deployment-per-class")
    assert paper("blurred-total") == 6 * sum(
        paper(f"blurred-{level}") for level in ("low", "medium", "high")
    )
    assert paper("blurred-share") == pytest.approx(
        paper("blurred-total") / paper("second-total"), abs=5e-4
    )


def test_differences_are_those_of_table_3() -> None:
    def accuracy(model: str, level: str) -> float:
        return float(paper(f"table3-{model}-{level.replace('_', '-')}-accuracy"))

    for level in LEVELS:
        assert verdicts.paper_value(
            list(ALL.values()), f"statistics.second.{level}.accuracy"
        ) == accuracy("second", level)
        gain = accuracy("second", level) - accuracy("baseline", level)
        for name in ("difference", "direction"):
            assert paper(f"{name}-{level.replace('_', '-')}") == pytest.approx(gain)
    for sharper, level in pairwise(LEVELS):
        for model in ("baseline", "second"):
            name = f"drop-{model}-{level.replace('_', '-')}"
            if name in ALL:
                assert paper(name) == pytest.approx(
                    accuracy(model, sharper) - accuracy(model, level)
                )
    for model in ("baseline", "second"):
        own = paper(f"table2-{model}-accuracy")
        assert paper(f"unseen-{model}") == pytest.approx(own - accuracy(model, "none"))
    own = paper("table2-second-accuracy") - paper("table2-baseline-accuracy")
    assert paper("difference-test") == pytest.approx(own)
    assert paper("above-chance") == pytest.approx(
        accuracy("baseline", "very_high") - 1 / 6, abs=5e-3
    )


@pytest.mark.parametrize(
    ("name", "model", "level"),
    [("robust-baseline-low", "baseline", "low"), ("robust-second-medium", "second", "medium"),
     ("robust-second-high", "second", "high"), ("cut-off", "baseline", "medium")],
)  # fmt: skip
def test_robustness_is_that_of_table_3(name: str, model: str, level: str) -> None:
    left = (paper(f"table3-{model}-{level}-accuracy") - 1 / 6) / (
        paper(f"table3-{model}-none-accuracy") - 1 / 6
    )
    assert paper(name) == pytest.approx(left, abs=5e-3)
    claim = ALL[name]
    assert left > claim.above if claim.above is not None else left < (claim.below or 0)


def test_one_deviation_of_many_layers_is_one_claim() -> None:
    rows = {
        row["layer"]: row
        for row in architecture.figure9(architecture.googlenet(1000)).to_dict("records")
    }
    inception = [name for name, row in rows.items() if row["type"] == "inception"]
    assert len(inception) == 9
    branch = ALL["third-branch"]
    for name in inception:
        assert rows[name]["window"] != branch.paper  # so it touches each of them
        assert name.removeprefix("inception") in branch.claim.replace("4a to 4e", "4a 4b 4c 4d 4e")
        row = ALL[f"fig9-{name}"]
        assert row.keys == [f"architecture.with_5x5.{name}"]
        assert isinstance(row.paper, dict)
        assert "window" not in row.paper  # by which it would fail a second time


def claim(**entries: object) -> Claim:
    return Claim.model_validate({"id": "x", "place": "V", "claim": "so it is"} | entries)


def bounds(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


@pytest.mark.parametrize(
    ("entries", "fact", "verdict"),
    [
        ({"paper": 15}, 15, "reproduced"),
        ({"paper": 15}, 16, "contradicted"),
        ({"paper": "adam"}, "adam", "reproduced"),
        ({"paper": "adam"}, "adamw", "contradicted"),
        ({"paper": [0, 1]}, [0, 1], "reproduced"),
        ({"paper": [0, 1]}, [0, 2], "contradicted"),
        ({"paper": 0.5, "within": 0.05}, 0.55, "reproduced"),
        ({"paper": 0.5, "within": 0.05}, 0.551, "contradicted"),
        ({"paper": 0.5, "within": 0.05}, bounds(0.52, 0.3, 0.7), "reproduced"),
        ({"above": 0}, 0.01, "reproduced"),
        ({"above": 0}, 0, "contradicted"),
        ({"above": 0}, bounds(0.1, 0.02, 0.2), "reproduced"),
        ({"above": 0}, bounds(0.1, -0.01, 0.2), "undecided"),
        ({"below": 0}, bounds(-0.1, -0.2, -0.01), "reproduced"),
        ({"below": 0}, bounds(-0.1, -0.2, 0.01), "undecided"),
        ({"below": 0}, bounds(0.1, 0.01, 0.2), "contradicted"),
        ({"above": 0}, None, "not_comparable"),
        ({"above": 0}, bounds(-0.1, -0.2, -0.01), "contradicted"),
        ({"paper": 196, "dataset": "affwild2"}, 196, "not_comparable"),
        ({"paper": 196, "dataset": "synthetic"}, 196, "reproduced"),
        ({"paper": 196, "dataset": "synthetic"}, 12, "contradicted"),
        ({"paper": 15, "setting": True}, 15, "reproduced"),
        ({"paper": 15, "setting": True}, 2, "not_comparable"),
    ],
)
def test_verdicts(entries: dict[str, object], fact: object, verdict: str) -> None:
    judged = judge(claim(measured="a.b", **entries), {"a": {"b": fact}}, "synthetic", EMOTIONS)
    assert judged["verdict"] == verdict
    assert bool(judged["reason"]) == (verdict != "reproduced")
    assert judged["measured"] == {"a.b": fact}


@pytest.mark.parametrize(
    ("facts", "verdict", "reason"),
    [
        ([bounds(0.1, -0.01, 0.2)], "undecided", "the interval includes 0"),
        ([bounds(-0.1, -0.2, 0)], "undecided", "the interval includes 0"),
        (
            [bounds(-0.1, -0.2, -0.01)],
            "contradicted",
            "the opposite holds, with all of the interval",
        ),
        ([-1], "contradicted", "not above 0"),
        (
            [bounds(0.1, -0.01, 0.2), bounds(0.1, -0.02, 0.3)],
            "undecided",
            "in all 2: the interval includes 0",
        ),
        (
            [bounds(0.1, -0.01, 0.2), bounds(0.1, 0.05, 0.2), bounds(0.1, -0.02, 0.3)],
            "undecided",
            "a.0, a.2: the interval includes 0",
        ),
        (
            [bounds(0.1, -0.01, 0.2), bounds(-0.1, -0.2, -0.01)],
            "contradicted",
            "a.0: the interval includes 0; a.1: the opposite holds, with all of the interval",
        ),
    ],
)
def test_undecided_is_not_the_opposite(facts: list[Any], verdict: str, reason: str) -> None:
    found = {str(number): fact for number, fact in enumerate(facts)}
    judged = judge(
        claim(measured=[f"a.{key}" for key in found], above=0), {"a": found}, "x", EMOTIONS
    )
    assert (judged["verdict"], judged["reason"]) == (verdict, reason)
    assert len(judged["wrong"]) == sum(f == -1 or f["low"] <= 0 for f in facts)


def test_an_unknown_fact_does_not_hide_a_failure() -> None:
    several = claim(measured=["a.b", "a.c"], above=0)
    assert judge(several, {"a": {"b": None, "c": 1}}, "x", EMOTIONS)["verdict"] == "not_comparable"
    assert judge(several, {"a": {"b": None, "c": -1}}, "x", EMOTIONS)["verdict"] == "contradicted"


def test_the_papers_own_difference_on_test_sets_is_within_chance() -> None:
    spread = 0.0
    for model in ("baseline", "second"):
        share, samples = paper(f"table2-{model}-accuracy"), paper(f"table1-{model}-test")
        spread += share * (1 - share) / samples
    assert abs(paper("direction-test")) < 1.96 * spread**0.5
    assert ALL["direction-test"].note


def test_all_of_several_facts_must_hold() -> None:
    several = claim(measured=["a.b", "a.c"], above=0)
    assert judge(several, {"a": {"b": 1, "c": 2}}, "x", EMOTIONS)["verdict"] == "reproduced"
    judged = judge(several, {"a": {"b": 1, "c": -2}}, "x", EMOTIONS)
    assert judged["verdict"] == "contradicted"
    assert (judged["reason"], judged["wrong"]) == ("a.c: not above 0", ["a.c"])


def test_a_row_names_what_deviates() -> None:
    row = claim(
        measured="layers.one",
        paper={"type": "inception", "window": 5, "parameters": 100000},
        within=0.05,
    )
    facts = {"type": "inception", "window": 3, "parameters": 104000}
    assert judge(row, {"layers": {"one": facts}}, "x", EMOTIONS)["reason"] == "window 3 (paper 5)"
    facts = {"type": "inception", "window": 5, "parameters": 106000}
    judged = judge(row, {"layers": {"one": facts}}, "x", EMOTIONS)
    assert judged["reason"] == "parameters 106K (paper 100K)"
    assert judge(row, {"layers": {"one": {"type": "none"}}}, "x", EMOTIONS)["reason"].startswith(
        "type none"
    )


def test_cited_and_unmeasured_say_so() -> None:
    assert judge(claim(cited="Ko (2018)"), {}, "x", EMOTIONS)["verdict"] == "cited"
    judged = judge(claim(unmeasured="a duration", paper=5), {}, "x", EMOTIONS)
    assert (judged["verdict"], judged["reason"]) == ("not_comparable", "a duration")


def test_a_fact_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(UserError, match=r"claims\.yaml: x: measured: there is no fact 'a\.c'"):
        judge(claim(measured="a.c", paper=1), {"a": {"b": 1}}, "x", EMOTIONS)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("measured: a, cited: somebody, paper: 1", "exactly one of"),
        ("place: V", "exactly one of"),
        ("measured: a", "needs 'paper', 'above' or 'below'"),
        ("measured: a, above: 1, below: 2", "more than one of"),
        ("measured: a, paper: 1, wihtin: 2", "wihtin"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path: Path, entries: str, message: str) -> None:
    path = tmp_path / "claims.yaml"
    place = "" if "place" in entries else "place: V, "
    path.write_text(f"tolerances: []\nclaims:\n- {{id: x, {place}claim: c, {entries}}}\n")
    with pytest.raises(UserError, match=message) as raised:
        verdicts.read_claims(path)
    assert str(path) in str(raised.value)


def test_an_id_given_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    entry = "- {id: same, place: V, claim: c, cited: somebody}\n"
    path.write_text(f"tolerances: []\nclaims:\n{entry}{entry}")
    with pytest.raises(UserError, match="the id same is given twice"):
        verdicts.read_claims(path)


def test_counts_are_complete() -> None:
    judged = {
        f"{kind}-{verdict}": {"kind": kind, "verdict": verdict}
        for kind, possible in verdicts.KINDS.items()
        for verdict in possible
    }
    judged |= {"another": {"kind": "findings", "verdict": "undecided"}}
    found = verdicts.count(judged)
    assert next(iter(found)) == "findings"
    assert found["findings"] == {
        "reproduced": 1, "contradicted": 1, "undecided": 2, "not_comparable": 1,
    }  # fmt: skip
    assert found["other"] == {"not_comparable": 1, "cited": 1}
    assert sum(sum(numbers.values()) for numbers in found.values()) == len(judged)


def test_trainings_are_counted_by_their_values() -> None:
    trainings = [{"differences": {"gain": {"low": value}}} for value in (0.1, 0.0, -0.1)]
    assert verdicts.held(claim(measured="differences.gain.low", above=0), trainings) == {
        "held": 1, "of": 3,
    }  # fmt: skip
    assert verdicts.held(claim(measured="layers.fc", paper=1), trainings) is None
    assert verdicts.held(claim(measured="differences.gain.low", above=0), []) is None


def recalls(emotions: Sequence[str]) -> dict[str, Any]:
    """Facts in which the study's order of emotions is found, as far as they are told apart."""
    order = ("disgust", "sadness", "fear", "anger", "surprise", "happiness")
    share = {name: order.index(name) if name in order else -1 for name in emotions}
    pairs = {
        one: {other: share[one] - share[other] for other in emotions if other != one}
        for one in emotions
    }
    either = dict.fromkeys(("baseline", "second"), pairs)
    recall = {"baseline": {"none": dict.fromkeys(emotions, 0.03)}}
    return {"differences": {"recall": either}, "recall": recall}


def test_what_names_an_emotion_that_is_not_there_is_not_comparable() -> None:
    assert sum(bool(entry.emotions) for entry in ALL.values()) == 9
    for name, entry in ALL.items():
        if "recall" in str(entry.measured) and entry.dataset is None:
            assert entry.emotions, name
            assert judge(entry, recalls(EMOTIONS), "x", EMOTIONS)["reason"] == ""
            judged = judge(entry, recalls(FIVE), "x", FIVE)
            if "fear" in entry.emotions:
                assert judged["verdict"] == "not_comparable", name
                assert judged["reason"] == "no fear among the classes"
                assert not [key for key in judged["measured"] if "fear" in key]
                assert judged["relation"]
            else:
                assert judged["verdict"] == "reproduced", name
    two = ("happiness", "surprise")
    judged = judge(ALL["fig12-sadness"], recalls(two), "x", two)
    assert judged["reason"] == "no anger and no disgust and no sadness among the classes"


def test_a_class_beyond_the_studys_is_not_compared() -> None:
    judged = judge(ALL["fig12-disgust"], recalls(SEVEN), "x", SEVEN)
    assert judged["verdict"] == "reproduced"  # neutral is recognised worse still
    assert judged["reason"] == "only the study's emotions are compared"
    assert not [key for key in judged["measured"] if "neutral" in key]


@pytest.mark.parametrize(
    ("emotions", "difference"),
    [
        (FIVE, "without fear"),
        (SEVEN, "with neutral"),
        (("anger", "contempt", "disgust", "happiness", "sadness", "surprise"),
         "without fear and with contempt"),
    ],
)  # fmt: skip
def test_what_is_about_six_classes_needs_them(emotions: tuple[str, ...], difference: str) -> None:
    facts = {"evaluated": {"emotions": 6}, "labels": [0, 1, 2, 3, 4, 5],
             "splits": {"baseline": {"total": 78_240}}, "rarest": {"train": "disgust"}}  # fmt: skip
    why = f"the classes are not the study's: {difference}"
    for name in ("classes", "labels", "balanced-total", "disgust-rarest"):
        assert judge(ALL[name], facts, "affwild2", EMOTIONS)["verdict"] == "reproduced"
        judged = judge(ALL[name], facts, "affwild2", emotions)
        assert (judged["verdict"], judged["reason"]) == ("not_comparable", why)
    assert judge(ALL["balanced-total"], facts, "x", emotions)["reason"] == (
        "the number is affwild2's, this is x"
    )


def test_another_order_has_other_labels_and_nothing_else() -> None:
    order = EMOTIONS[::-1]
    facts = {"evaluated": {"emotions": 6}, "labels": [5, 4, 3, 2, 1, 0],
             "splits": {"baseline": {"total": 12}}}  # fmt: skip
    assert judge(ALL["classes"], facts, "x", order)["verdict"] == "reproduced"
    judged = judge(ALL["labels"], facts, "x", order)
    assert judged["reason"] == "the classes are not the study's: in another order"
    assert judge(ALL["labels"], facts, "x", EMOTIONS)["verdict"] == "contradicted"  # a fault
    assert judge(ALL["balanced-total"], facts, "affwild2", order)["verdict"] == "contradicted"
