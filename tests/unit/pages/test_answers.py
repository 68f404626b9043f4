"""Every sentence says its number and its direction, and says so where nothing is sure.

pytest tests/unit/pages/test_answers.py
"""

from typing import Any

import pytest

from ferblur.core.study import LEVELS, MODELS
from ferblur.pages import answers
from ferblur.pages.wording import shown

Bounds = dict[str, Any]

BEYOND: Bounds = {"value": None, "low": None, "high": None}


def at(value: float, low: float | None = None, high: float | None = None) -> Bounds:
    """An interval, by default of half as much on either side."""
    half = abs(value) / 2
    return {
        "value": value,
        "low": value - half if low is None else low,
        "high": value + half if high is None else high,
    }


OPEN = at(0.02, -0.01, 0.05)
LESS = at(-0.1)


def broken(**emotions: Bounds) -> dict[str, Any]:
    rows = [
        {"kernel": "box", "radius": 0.0, "commonest_share": 0.2, "ece": 0.05},
        {"kernel": "box", "radius": 20.0, "commonest_share": 0.7, "ece": 0.41},
        {"kernel": "motion", "radius": 30.0, "commonest_share": 0.99, "ece": 0.99},
    ]
    return {
        model: {"cut_off": {"box": cut_off}, "cut_off_by_emotion": emotions, "table": rows,
                "mce": at(0.9), "relative_mce": at(0.5)}
        for model, cut_off in zip(MODELS, (at(4.25, 3, 5), BEYOND), strict=True)
    }  # fmt: skip


def test_cut_offs_have_a_unit_and_an_interval() -> None:
    said = answers.breaking(broken(fear=at(3.0, 2, 4), anger=at(6.0, 5, None), disgust=at(4.0)))
    assert "at a box radius of 4.2 px [3.0, 5.0] for the baseline" in said
    assert "beyond the sweep [beyond the sweep, beyond the sweep] for the second model" in said
    assert "fear goes first (3.0 px [2.0, 4.0])" in said
    assert "anger last (6.0 px [5.0, " in said


def test_an_interval_may_end_beyond_the_sweep() -> None:
    assert answers.radius({"value": 6, "low": 5, "high": None}) == "6.0 px [5.0, beyond the sweep]"


def test_an_emotion_beyond_the_sweep_goes_last() -> None:
    said = answers.breaking(broken(fear=at(3.0), anger=BEYOND, disgust=at(4.0)))
    assert "fear goes first" in said
    assert "anger last (beyond the sweep" in said
    said = answers.breaking(broken(fear=at(3.0), anger=BEYOND, disgust=BEYOND))
    assert "anger and disgust last (beyond the sweep" in said
    at_once = answers.breaking(broken(fear=at(0.0), anger=at(2.0)))
    assert "fear goes first (0.0 px" in at_once


def test_of_emotions_that_go_together_none_is_first() -> None:
    assert "goes first" not in answers.breaking(broken(fear=BEYOND, anger=BEYOND))
    assert "goes first" not in answers.breaking(broken(fear=at(2.0)))


def test_errors_are_said_against_the_baselines() -> None:
    found = broken(fear=at(3.0))
    said = answers.errors(found)
    assert "over 1 kinds of blur" in said
    assert "90.0 % [45.0, 135.0] for the second model, and relative to sharp faces 50.0 %" in said
    assert "the baseline's is 100 %" in said
    for each in found.values():
        each |= {"mce": None, "relative_mce": None}
    assert answers.errors(found).startswith("not known")


def transferred(others: Bounds, transfer: Bounds | None, more: Bounds | None) -> dict[str, Any]:
    gain = {"box": at(0.2), "gaussian": at(0.1), "motion": at(0.0)}
    second = {"gain": gain, "others": others, "transfer": transfer}
    mixture = {"mixture": second | {"others_over_first": more}} if more else {}
    return {"second": second} | mixture


@pytest.mark.parametrize(
    ("others", "begins"),
    [(at(0.1), "Yes: "), (LESS, "No, it harms: "), (OPEN, "That is not sure: ")],
)
def test_transfer_in_each_direction(others: Bounds, begins: str) -> None:
    said = answers.across(transferred(others, at(0.5), None))
    assert said.startswith(begins)
    assert shown(at(0.2)) in said
    assert f"{shown(others)} on Gaussian and motion blur" in said
    assert f"a share of {shown(at(0.5))} of it" in said
    assert said.endswith(".")


def test_there_is_no_share_of_a_gain_that_is_not_sure() -> None:
    assert "a share" not in answers.across(transferred(OPEN, None, None))


@pytest.mark.parametrize(
    ("more", "says"), [(at(0.1), "sure."), (LESS, "surely less."), (OPEN, "not sure.")]
)
def test_a_mixture_of_kinds_in_each_direction(more: Bounds, says: str) -> None:
    said = answers.across(transferred(at(0.1), at(0.5), more))
    assert f"gains {shown(more)} more there, which is {says}" in said


def row(radius: float, missed: float, error: float | None, *costs: float) -> dict[str, Any]:
    models = {model: {"cost": at(cost)} for model, cost in zip(MODELS, costs, strict=True)}
    eyes = None if error is None else at(error)
    return {"radius": radius, "missed": at(missed), "eye_error": eyes, "models": models}


def test_capture_says_misses_eyes_and_the_largest_change() -> None:
    rows = [row(0, 0.01, 0, 0, 0), row(8, 0.1, 0.05, -0.3, 0.02), row(20, 0.4, 0.25, 0.1, 0.04)]
    said = answers.captured(rows)
    assert "40.0 % [20.0, 60.0] are not found at 20 px (1.0 % [0.5, 1.5] sharp)" in said
    assert "25.0 % [12.5, 37.5] of their distance" in said
    assert f"the baseline {shown(at(-0.3))} at 8 px" in said  # whatever its sign
    assert f"the second model {shown(at(0.04))} at 20 px" in said
    rows[-1]["eye_error"] = None
    said = answers.captured(rows)
    assert "eyes" not in said
    assert "sharp); blurring" in said


def split(accuracy: float, share: float | None) -> dict[str, Any]:
    return {"accuracy": at(accuracy), "leak_share": None if share is None else at(share)}


def test_leaks_of_both_models() -> None:
    studys = split(0.9, 0)
    said = answers.leaked(
        {"baseline": {"by sample": studys, "by clip": split(0.7, 0.25),
                      "by person": split(0.6, 0.4)},
         "second": {"by sample": studys, "by person": split(0.95, -0.05)}}
    )  # fmt: skip
    assert f"of the baseline's {shown(at(0.9))} there remain {shown(at(0.7))}" in said
    assert "by clip, so that 25.0 % [12.5, 37.5] of what exceeds chance was leakage" in said
    assert f"{shown(at(0.6))} where the split is by person" in said
    assert "−5.0 % [−7.5, −2.5]" in said  # accuracy rose


def test_a_model_without_another_split_or_above_chance_is_not_said_to_leak() -> None:
    studys = split(0.2, 0)
    said = answers.leaked(
        {"baseline": {"by sample": studys},
         "second": {"by sample": studys, "by clip": split(0.2, None)}}
    )  # fmt: skip
    assert "baseline" not in said
    assert said.endswith("where the split is by clip.")


def remedy(
    mean: float, over: Bounds, *trainings: float, beats: bool = False, sharp: float = 0.01
) -> dict[str, Any]:
    return {"mean": at(mean), "over_baseline": at(mean - 0.4), "over_second": over, "beats": beats,
            "over_trainings": list(trainings), "sharp_over_baseline": at(sharp)}  # fmt: skip


STUDYS = {"baseline": remedy(0.4, LESS, -0.1, -0.1), "second": remedy(0.5, at(0.0), 0, 0)}


def test_a_remedy_that_beats() -> None:
    better = remedy(0.6, at(0.1), 0.08, 0.12, beats=True)
    others = {"equal_steps": remedy(0.7, at(0.2), 0.3, -0.1)}  # better on average, and not sure
    said = answers.remedied(STUDYS | others | {"all_radii": better})
    assert said.startswith("yes, the best of them the model of blur by any radius: ")
    assert f"it is {shown(at(0.1))} more accurate than the second model" in said
    assert "(by training 0.08 and 0.12)" in said
    assert f"{shown(at(0.01))} more than the baseline" in said
    more = {"route from baseline to all_radii": remedy(0.65, at(0.15), 0.1, 0.2, beats=True)}
    said = answers.remedied(STUDYS | others | {"all_radii": better} | more)
    route = (
        "a route that asks the baseline where it sees no blur, and else the model of blur by any"
    )
    assert said.startswith(f"yes, 2 of 3 ways do, the best of them {route} radius: ")


def test_where_none_beats_the_nearest_is_named() -> None:
    others = {"equal_steps": remedy(0.3, LESS, -0.2, -0.3),
              "wiener, estimated radius": remedy(0.45, LESS, -0.1, 0.001, sharp=-0.2),
              "wiener, true radius": remedy(0.9, at(0.3), 0.2, 0.3, beats=True)}  # fmt: skip
    said = answers.remedied(STUDYS | others)
    assert said.startswith("no; the nearest is Wiener's filter with the estimated radius: ")
    assert shown(LESS) in said
    assert "by training −0.1 and 0.001" in said


def test_the_studys_own_models_are_no_remedies() -> None:
    """The baseline may be better than the second model; that is Table III's to say."""
    better = STUDYS | {"baseline": remedy(0.6, at(0.1), 0.1, 0.1, beats=True)}
    said = answers.remedied(better | {"mixture": remedy(0.45, LESS, -0.1, -0.1)})
    assert said.startswith("no; the nearest is the model of several kinds of blur: ")


def test_controls_are_said_where_they_were_trained() -> None:
    said = answers.controlled(STUDYS)
    assert said == (
        f"over the five levels the second model gains {shown(at(0.1))} over the baseline."
    )
    said = answers.controlled(STUDYS | {"equal_steps": remedy(0.38, LESS, 0, 0)})
    assert f"as many steps on sharp samples alone gain {shown(at(-0.02))}." in said
    assert "in the place of" not in said


def test_what_undoing_blur_gains() -> None:
    assert answers.deblurred(STUDYS) == "not tried."
    tried = {
        "wiener, true radius": remedy(0.5, at(0.05), 0, 0),
        "richardson_lucy, true radius": remedy(0.6, at(0.1), 0, 0),
        "wiener, estimated radius": remedy(0.3, LESS, 0, 0),
        "richardson_lucy, estimated radius": remedy(0.2, at(-0.3), 0, 0),
        "second adapted, true radius": remedy(0.9, at(0.3), 0, 0),  # undoes nothing
    }
    said = answers.deblurred(STUDYS | tried)
    levels = "which over the five levels is"
    best = f"where the true radius is undone, the best is Richardson-Lucy, {levels}"
    assert f"{best} {shown(at(0.2))} more accurate than the baseline as it is" in said
    best = f"where the estimated radius is undone, the best is Wiener's filter, {levels}"
    assert f"{best} {shown(at(-0.1))} more accurate than the baseline as it is" in said
    assert f"and {shown(LESS)} more than the second model" in said


def test_what_adapting_gains() -> None:
    assert answers.adapted(STUDYS) == "not tried."
    tried = {
        "wiener, true radius": remedy(0.9, at(0.3), 0, 0),  # adapts nothing
        "baseline adapted, true radius": remedy(0.7, at(0.15), 0, 0),
        "baseline adapted, estimated radius": remedy(0.5, LESS, 0, 0),
        "mixture adapted, estimated radius": remedy(0.6, at(0.1), 0, 0),
    }
    said = answers.adapted(STUDYS | tried)
    assert "the true radius is adapted to, the best is the baseline, which over" in said
    assert "the best is the model of several kinds of blur, which over" in said
    assert f"the baseline itself, which has seen no blur, gains {shown(at(0.1))} by the" in said
    assert f"leaves {shown(LESS)} against the second model" in said


def test_estimates_are_said_in_px() -> None:
    def rows(*errors: float) -> list[dict[str, Any]]:
        kinds = [("box", 0.0), ("box", 4.0), ("box", 20.0), ("gaussian", 20.0)]
        return [
            {"kernel": kernel, "radius": radius, "error": at(error)}
            for (kernel, radius), error in zip(kinds, errors, strict=True)
        ]

    found = {"estimates": {"laplacian": rows(0.5, 3, 2, 9), "learned": rows(0.25, 0.5, 1, 9)}}
    said = answers.detected(found)
    assert "by its Laplacian 0.50 px off on sharp faces" in said
    assert "at most 3.00 px [1.50, 4.50] (at 4 px)" in said
    assert "by a forest on its spectrum 0.25 px off on sharp faces and at most 1.00 px" in said


@pytest.mark.parametrize(
    ("bounds", "begins"),
    [(at(0.6), "the finer an expression, the more blur it stands"),
     (at(-0.6), "the coarser an expression, the more blur it stands"),
     (at(-0.6, -0.9, 0.1), "that is not sure")],
)  # fmt: skip
def test_fineness_in_each_direction(bounds: Bounds, begins: str) -> None:
    fine = {"by_emotion": {"fear": 8.0, "anger": 12.04, "happiness": 3.96},
            "correlation": {"baseline": bounds, "second": at(0.3)}}  # fmt: skip
    said = answers.explained({"expressions": {"centroid": fine}})
    assert said.startswith(f"{begins}: over 3 emotions")
    assert f"{shown(bounds)} for the baseline and {shown(at(0.3))} for the second model" in said
    assert (
        "anger changes the finest detail (12.0 cycles per face), happiness the coarsest (4.0)"
        in said
    )


def test_nothing_is_said_of_emotions_whose_expression_is_not_known() -> None:
    fine = {"by_emotion": {}, "correlation": dict.fromkeys(MODELS, at(0.0))}
    said = answers.explained({"expressions": {"centroid": fine}})
    assert said.startswith("not known")


def test_collapse_is_that_of_the_studys_kind_of_blur() -> None:
    said = answers.collapsed(broken(fear=at(3.0)))
    assert said.count("commonest answer to 20 % of sharp faces and to 70 % at 20 px") == 2
    assert "calibration error of 0.05 and 0.41" in said


def test_where_the_models_look() -> None:
    places = [[0.1, 0.1, 0.1], [0.1, 0.2, 0.1], [0.1, 0.1, 0.1]]
    levels = dict.fromkeys(LEVELS, places) | {LEVELS[-1]: [[0.0, 0.1, 0.0], *places[1:]]}
    said = answers.looking({"attention": dict.fromkeys(MODELS, levels)})
    assert said.startswith("the class activation map has 3 by 3 places: of the baseline's evidence")
    assert (
        said.count("30 % lies in the uppermost row on sharp faces and 10 % at the strongest") == 2
    )
    assert "no place has more than 20 %" in said


def test_who_is_recognised_less_well() -> None:
    levels = {"none": {"apart": OPEN}, "very_high": {"apart": at(-0.3)}}
    groups = {"sex": {"women": {"models": {"second": levels}}}, "age": {}}
    said = answers.unequal({"groups": groups})
    assert said.startswith("of 2 differences between a group and all others, 1 have an interval")
    assert f"{shown(at(-0.3))}, women at very high blur by the second model" in said


@pytest.mark.parametrize("found", [{}, {"groups": {}}, {"groups": {"sex": {}, "age": {}}}])
def test_without_groups_the_dataset_does_not_say(found: dict[str, Any]) -> None:
    assert answers.unequal(found) == "the dataset does not say who is shown."


def test_questions_without_numbers_are_left_out_and_others_stand_in_order() -> None:
    found = {"breaking": broken(fear=at(3.0)), "across": {}, "captured": [], "remedied": STUDYS
             | {"mixture": remedy(0.4, LESS, 0, 0)}}  # fmt: skip
    said = answers.answers(found)
    assert [each["key"] for each in said] == [
        "breaking", "errors", "collapsed", "controlled", "deblurred", "adapted", "remedied"
    ]  # fmt: skip
    for each in said:
        assert each["question"].endswith("?")
        assert each["answer"][0].isupper()
        assert each["answer"].endswith(".")
        assert "None" not in each["answer"]


def test_names_lists_and_shares() -> None:
    assert answers.name("equal_steps") == "a model of the second's samples, all sharp"
    assert answers.name("my_own") == "my own"
    adapted = answers.name("mixture adapted, estimated radius")
    assert adapted == "the model of several kinds of blur, adapted to the estimated radius"
    assert answers.name("wiener, true radius") == "Wiener's filter with the true radius"
    assert answers.joined(["a"]) == "a"
    assert answers.joined(["a", "b", "c"], "or") == "a, b or c"
    assert answers.points(at(0.5)) == "50.0 % [25.0, 75.0]"
    assert answers.points({"value": -0.0, "low": -0.1, "high": 0.0}) == "0.0 % [−10.0, 0.0]"
    assert [answers.sure(each) for each in (at(0.1), LESS, OPEN, at(0.0))] == [1, -1, 0, 0]
