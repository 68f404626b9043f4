"""What is shown of the committed answers: what they rest on, tables, and what is drawn.

pytest tests/unit/pages/test_beyond.py
"""

import json
from typing import Any

import pytest

import beyond_run
from answered import answered
from ferblur.core.study import LEVELS, MODELS
from ferblur.pages import beyond
from ferblur.pages.wording import shown


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the small run answers."""
    return answered(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def made(found: dict[str, Any]) -> dict[str, Any]:
    """What is shown of it as the rendered faces' run, and again as another's."""
    content = beyond.content({"synthetic": found, "photographs": found})
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    return content


def test_each_dataset_is_shown_in_the_order_given(made: dict[str, Any]) -> None:
    assert [each["dataset"] for each in made["beyond"]] == ["synthetic", "photographs"]
    assert [each["name"] for each in made["beyond"]] == ["rendered faces", "photographs"]
    assert [bool(each["drawn"]) for each in made["beyond"]] == [True, False]


def test_nothing_is_shown_where_nothing_is_committed() -> None:
    assert beyond.content({})["beyond"] == []


def test_answers_are_said_as_they_are(found: dict[str, Any], made: dict[str, Any]) -> None:
    assert made["beyond"][0]["answers"] == found["answers"]


def test_it_says_what_the_answers_rest_on(found: dict[str, Any]) -> None:
    assert beyond.about("synthetic", found) == (
        "The committed run on rendered faces shows 120 samples of 30 unseen people at each blur to "
        "models of which each was trained 3 times, or 2 times where it is a variant of them. "
        "Intervals (95 %) cover the choice of people and of trainings, but not of whom the models "
        "are trained on."
    )
    plain = {"samples": 1230, "clusters": 1100, "trainings": 1, "variant_trainings": 1,
             "confidence": 0.9, "resampled": "image"}  # fmt: skip
    assert beyond.about("mine", plain) == (
        "The committed run on mine shows 1,230 samples of 1,100 images of unseen people at each "
        "blur to models of which each was trained once. Intervals (90 %) cover the choice of "
        "images, but not of whom the models are trained on."
    )


def test_a_row_has_the_columns_of_its_table(made: dict[str, Any]) -> None:
    for name, table in made["beyond_tables"].items():
        assert set(table["numbers"]) <= set(table["columns"])
        for each in made["beyond"]:
            assert each[name]
            for row in each[name]:
                assert set(row) == set(table["columns"])
                assert all(isinstance(cell, str) for cell in row.values())


def test_leaks_are_a_row_for_each_model_and_split(
    found: dict[str, Any], made: dict[str, Any]
) -> None:
    rows = made["beyond"][0]["leaked"]
    assert [(row["model"], row["split"]) for row in rows] == [
        (model, f"by {split}") for model in MODELS for split in ("sample", "clip", "person")
    ]
    first, second, *_ = rows
    assert first["leak_share"] == ""  # it is what the others are compared with
    assert second["accuracy"] == shown(found["leaked"]["baseline"]["by clip"]["accuracy"])
    assert second["leak_share"].startswith("0.191 [")  # (0.95 - 0.8) / (0.95 - 1 / 6)
    assert (first["samples"], first["people"]) == ("120", "30")
    for split in found["leaked"]["baseline"].values():
        nobody = split | {"people": split["samples"]}  # where nobody knows who is shown
        assert beyond.leaked({"baseline": {"by sample": nobody}})[0]["people"] == ""
    assert beyond.leaked({}) == []


def test_remedies_are_sorted_behind_the_studys_models(
    found: dict[str, Any], made: dict[str, Any]
) -> None:
    rows = made["beyond"][0]["remedied"]
    assert len(rows) == len(found["remedied"])
    assert [row["remedy"] for row in rows[:2]] == list(MODELS)
    means = [float(row["mean"].split()[0]) for row in rows[2:]]
    assert means == sorted(means, reverse=True)
    assert rows[0]["over_baseline"] == rows[1]["over_second"] == ""
    assert rows[0]["beats"] == rows[1]["beats"] == ""
    best = {row["remedy"]: row for row in rows}["any radius"]
    assert best["beats"] == "yes"
    assert best["none"].startswith("0.800 [")
    assert {row["beats"] for row in rows[2:]} == {"yes", "no"}


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        ("baseline", "baseline"),
        ("all_radii", "any radius"),
        ("my_own", "my own"),
        ("richardson_lucy, true radius", "Richardson-Lucy, true radius"),
        ("my_way, estimated radius", "my way, estimated radius"),
        ("route from baseline to all_radii", "route: baseline or any radius"),
    ],
)
def test_remedies_have_names(remedy: str, said: str) -> None:
    assert beyond.called(remedy) == said


def test_the_sweep_is_drawn_from_sharp_on(made: dict[str, Any]) -> None:
    drawn = made["beyond"][0]["drawn"]["swept"]
    assert drawn["chance"] == pytest.approx(1 / 6)
    assert tuple(drawn["kernels"]) == beyond_run.KERNELS
    for kernel, curves in drawn["kernels"].items():
        assert list(curves) == [*MODELS, "several kinds of blur", "any radius"]
        for model, name in zip(beyond_run.MEANS[kernel], curves, strict=True):
            curve = curves[name]
            assert curve["radii"] == list(beyond_run.RADII)
            values = [bounds["value"] for bounds in curve["accuracy"]]
            assert values == pytest.approx(beyond_run.MEANS[kernel][model], abs=0.01)


def test_causes_are_drawn(found: dict[str, Any], made: dict[str, Any]) -> None:
    drawn = made["beyond"][0]["drawn"]["causes"]
    assert {name: each["centroid"] for name, each in drawn["emotions"].items()} == pytest.approx(
        beyond_run.CENTROIDS
    )
    anger = found["breaking"]["second"]["cut_off_by_emotion"]["anger"]
    assert drawn["emotions"]["anger"]["cut_off"]["second"] == anger
    assert drawn["collapse"]["baseline"]["radius"] == list(beyond_run.RADII)
    for shares in drawn["collapse"].values():
        assert shares["commonest_share"][-1] > shares["commonest_share"][0]


def test_a_run_without_ways_or_names_is_shown(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    five = ("anger", "disgust", "happiness", "sadness", "surprise")
    plain = answered(
        tmp_path_factory.mktemp("plain"),
        emotions=five,
        variants=("equal_steps",),
        methods=(),
        who=False,
    )
    (each,) = beyond.content({"photographs": plain})["beyond"]
    assert each["leaked"] == []
    assert {"baseline", "second"} < {row["remedy"] for row in each["remedied"]}
    assert each["drawn"]["swept"]["chance"] == pytest.approx(1 / 5)
    assert set(each["drawn"]["causes"]["emotions"]) == set(five)
    assert len(LEVELS) == len(plain["remedied"]["baseline"]["levels"])
