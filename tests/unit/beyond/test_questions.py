"""The numbers of every question, found in a small run whose truths are known.

pytest tests/unit/beyond/test_questions.py
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import beyond_run
from beyond_run import (
    ADAPTED,
    APART,
    LEVEL_MEANS,
    LEVEL_RADII,
    MEANS,
    RADII,
    RESTORED,
    SEEDS,
    TESTS,
    Known,
)
from clone import ROOT
from face_tables import FIVE
from ferblur.alignment.search import keep_whole
from ferblur.beyond.params import load_extensions
from ferblur.beyond.questions import QUESTIONS, Run
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS, LEVELS, MODELS
from ferblur.evidence.robustness import cut_off

CHANCE = 1 / 6
LAST = len(LEVELS)


def run() -> Run:
    return Run(load_params(), load_extensions())


def level_mean(means: tuple[float, ...]) -> float:
    return float(np.mean(means[:LAST]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    """The whole run, made once; the working directory is where it lies."""
    folder = tmp_path_factory.mktemp("beyond")
    (folder / "params.yaml").write_bytes((ROOT / "profiles/smoke.yaml").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield beyond_run.make()


@pytest.fixture(scope="module")
def found(made: Known) -> dict[str, Any]:
    """The numbers of each question."""
    known = run()
    return {name: question(known) for name, question in QUESTIONS.items()}


def test_samples_people_and_their_order(made: Known) -> None:
    known = run()
    assert known.faces["source_id"].tolist() == known.rows["source_id"].tolist()
    assert (known.faces["label"] == known.rows["label"]).all()
    assert len(known.unseen.draws.names) == beyond_run.PEOPLE
    assert known.radii == [*RADII]
    assert known.blurred == [2, 4, 8, 14]
    truth = known.truth()
    assert truth is not None
    assert (truth["subject"] == known.faces["subject"]).all()


@pytest.mark.parametrize("model", MEANS["box"])
def test_breaking_has_the_means_that_were_built_in(found: dict[str, Any], model: str) -> None:
    rows = found["breaking"][model]["table"]
    assert [(row["kernel"], row["radius"]) for row in rows] == beyond_run.blurs()
    for row in rows:
        expected = MEANS[row["kernel"]][model][RADII.index(row["radius"])]
        assert row["accuracy"]["value"] == pytest.approx(expected)
    for kernel, by_model in MEANS.items():
        each = found["breaking"][model]
        known = cut_off(RADII, np.array(by_model[model]), CHANCE)
        value = each["cut_off"][kernel]["value"]
        assert value is None if np.isinf(known) else value == pytest.approx(float(known))
        area = sum(
            (RADII[i + 1] - RADII[i]) * (by_model[model][i] + by_model[model][i + 1]) / 2
            for i in range(len(RADII) - 1)
        )
        assert each["area"][kernel]["value"] == pytest.approx(area / RADII[-1])


def test_corruption_errors_are_over_the_studys_blurred_levels(found: dict[str, Any]) -> None:
    assert found["breaking"]["baseline"]["mce"] == pytest.approx({"value": 1, "low": 1, "high": 1})
    lost = {
        kernel: {model: sum(1 - mean for mean in means[1:LAST]) for model, means in models.items()}
        for kernel, models in MEANS.items()
    }
    for model in MEANS["box"]:
        expected = np.mean([lost[kernel][model] / lost[kernel]["baseline"] for kernel in MEANS])
        assert found["breaking"][model]["mce"]["value"] == pytest.approx(expected)


def test_one_emotion_goes_first_and_one_last(found: dict[str, Any]) -> None:
    by_emotion = found["breaking"]["baseline"]["cut_off_by_emotion"]
    assert list(by_emotion) == [*EMOTIONS]
    order = sorted(by_emotion, key=lambda emotion: by_emotion[emotion]["value"])
    assert (order[0], order[-1]) == ("anger", "happiness")


def test_collapse_is_seen_at_strong_blur(made: Known, found: dict[str, Any]) -> None:
    rows = {r["radius"]: r for r in found["breaking"]["baseline"]["table"] if r["kernel"] == "box"}
    answers = made.swept("baseline", "box", 20)
    shares = [np.bincount(each).max() / beyond_run.SAMPLES for each in answers]
    assert rows[20]["commonest_share"] == pytest.approx(np.mean(shares))
    assert rows[20]["commonest_share"] > 3 * rows[0]["commonest_share"]


def test_transfer_over_kinds(found: dict[str, Any]) -> None:
    second = found["across"]["second"]
    gains = {
        kernel: np.subtract(models["second"], models["baseline"])[1:LAST].mean()
        for kernel, models in MEANS.items()
    }
    assert {k: bounds["value"] for k, bounds in second["gain"].items()} == pytest.approx(gains)
    others = np.mean([gains["gaussian"], gains["motion"]])
    assert second["others"]["value"] == pytest.approx(others)
    assert second["transfer"]["value"] == pytest.approx(others / gains["box"])
    more = found["across"]["mixture"]["others_over_first"]["value"]
    assert more == pytest.approx(gains["box"] - others)  # as much on each kind


def test_capture_finds_misses_eyes_and_cost(made: Known, found: dict[str, Any]) -> None:
    rows = {row["radius"]: row for row in found["captured"]}
    assert list(rows) == [*RADII]
    for radius, row in rows.items():
        missed = beyond_run.MISSED.get(radius, 0) / beyond_run.SAMPLES
        assert row["missed"]["value"] == pytest.approx(missed)
        assert row["eye_error"]["value"] == pytest.approx(radius / 4 / 25)
        for model in MODELS:
            after = MEANS["box"][model][RADII.index(radius)]
            assert row["models"][model]["after"]["value"] == pytest.approx(after)
    cost = rows[beyond_run.WORSE_BEFORE]["models"]["baseline"]["cost"]["value"]
    assert cost == pytest.approx(2 * APART)
    assert rows[4]["models"]["baseline"]["cost"] == {"value": 0, "low": 0, "high": 0}
    right = made.swept("second", "box", 20) == made.labels
    lost = right[:, : beyond_run.MISSED[20.0]].sum() / right.size  # found no more
    assert rows[20]["models"]["second"]["cost"]["value"] == pytest.approx(lost)


def test_leaks_are_those_that_were_built_in(found: dict[str, Any]) -> None:
    for model, by_split in TESTS.items():
        assert list(found["leaked"][model]) == list(by_split)
        for split, mean in by_split.items():
            each = found["leaked"][model][split]
            assert each["accuracy"]["value"] == pytest.approx(mean)
            leak = by_split["by sample"] - mean
            assert each["leak"]["value"] == pytest.approx(leak)
            share = leak / (by_split["by sample"] - CHANCE)
            assert each["leak_share"]["value"] == pytest.approx(share)


def test_remedies_have_their_means_and_the_right_ones_beat(found: dict[str, Any]) -> None:
    table = found["remedied"]
    baseline, second = (MEANS["box"][model] for model in MODELS)
    expected = {model: level_mean(MEANS["box"][model]) for model in MODELS}
    expected |= {name: level_mean(means) for name, means in LEVEL_MEANS.items()}
    for (method, source), gain in RESTORED.items():
        expected[f"{method}, {source} radius"] = level_mean(baseline) + 0.8 * gain
    for name, means in MEANS["box"].items():
        for source, gain in ADAPTED.items():
            expected[f"{name} adapted, {source} radius"] = level_mean(means) + 0.8 * gain
    # estimates are above the threshold wherever blur is
    routed = level_mean((baseline[0], *MEANS["box"]["all_radii"][1:]))
    expected["route from baseline to all_radii"] = routed
    expected["route from baseline to all_radii adapted"] = routed + 0.8 * ADAPTED["estimated"]
    assert {name: each["mean"]["value"] for name, each in table.items()} == pytest.approx(expected)
    for name, each in table.items():
        assert list(each["levels"]) == [*LEVELS], name
        assert each["over_second"]["value"] == pytest.approx(expected[name] - expected["second"])
    beat = [name for name, each in table.items() if each["beats"]]
    adapted = [f"all_radii adapted, {source} radius" for source in ADAPTED]
    routes = [f"route from baseline to all_radii{adapted}" for adapted in ("", " adapted")]
    assert beat == ["all_radii", *adapted, *routes]
    assert len(table["second"]["over_trainings"]) == len(SEEDS)
    assert table["all_radii"]["over_trainings"] == pytest.approx([0.12, 0.12])
    assert table["equal_steps"]["over_trainings"] == pytest.approx([-0.12, -0.12])
    assert table["equal_samples"]["sharp_over_baseline"]["value"] == pytest.approx(-0.15)
    assert second[0] < baseline[0]


def test_faces_that_seem_sharp_are_the_sharp_models(made: Known, found: dict[str, Any]) -> None:
    text = Path("extensions/params.yaml").read_text()
    Path("extensions/params.yaml").write_text(text.replace("threshold: 1.0", "threshold: 2.0"))
    try:
        each = QUESTIONS["remedied"](run())["route from baseline to all_radii"]
    finally:
        Path("extensions/params.yaml").write_text(text)
    sharp = beyond_run.estimated(2) < 2
    assert 0 < sharp.sum() < beyond_run.SAMPLES
    pair = [
        made.swept(model, "box", 2)[: beyond_run.TRAININGS] == made.labels
        for model in ("baseline", "all_radii")
    ]
    assert each["levels"]["low"]["value"] == pytest.approx(np.where(sharp, *pair).mean())


def test_estimates_are_as_far_off_as_they_were_made(found: dict[str, Any]) -> None:
    estimates = found["detected"]["estimates"]
    assert list(estimates) == ["laplacian", "learned"]
    for method, rows in estimates.items():
        assert [(row["kernel"], row["radius"]) for row in rows] == beyond_run.blurs()
        for row in rows:
            if row["kernel"] != "box" or not row["radius"]:
                continue
            off = (0.5 * row["radius"],) * 2 if method == "laplacian" else (0.3, 0.2)
            assert (row["error"]["value"], row["bias"]["value"]) == pytest.approx(off)
    routed = found["detected"]["to_blurred"]
    assert {level: bounds["value"] for level, bounds in routed.items()} == {
        level: float(radius > 0) for level, radius in LEVEL_RADII.items()
    }
    restored = found["detected"]["restored"]
    assert len(restored) == 2 * (4 + 5)
    assert restored[0] == {"method": "wiener", "kernel_source": "true", "level": "low", "radius": 2,
                           "psnr": 31.5, "psnr_blurred": 30.25}  # fmt: skip


def test_explanations(found: dict[str, Any]) -> None:
    fine = found["explained"]["expressions"]["centroid"]
    assert fine["by_emotion"] == pytest.approx(beyond_run.CENTROIDS)
    assert fine["correlation"]["baseline"]["value"] < 0
    places = np.array(found["explained"]["attention"]["second"]["none"])
    np.testing.assert_allclose(places.sum(axis=1), [0.2, 0.4, 0.4])
    groups = found["explained"]["groups"]
    assert list(groups) == ["sex", "age", "skin"]
    assert groups["sex"]["women"]["samples"] == 60
    assert list(groups["skin"]) == ["african", "asian", "caucasian"]


def test_scores_by_group_are_those_of_the_people_in_it(made: Known, found: dict[str, Any]) -> None:
    truth = beyond_run.truth(made).set_index("file").loc[made.rows["source_id"]]
    woman = truth["gender"].to_numpy() < 0.5
    for level, radius in LEVEL_RADII.items():
        right = made.swept("baseline", "box", radius) == made.labels
        bounds = found["explained"]["groups"]["sex"]["women"]["models"]["baseline"][level]
        assert bounds["accuracy"]["value"] == pytest.approx(right[:, woman].mean())
        apart = right[:, woman].mean() - right[:, ~woman].mean()
        assert bounds["apart"]["value"] == pytest.approx(apart)


def test_photographs_have_one_variant_and_no_truth(project: Path) -> None:
    beyond_run.make(variants=("equal_steps",), methods=(), who=False)
    known = run()
    found = {name: question(known) for name, question in QUESTIONS.items()}
    assert found["leaked"] == {}
    assert list(found["breaking"]) == [*MODELS]
    assert list(found["across"]) == ["second"]
    adapted = [f"{model} adapted, {source} radius" for model in MODELS for source in ADAPTED]
    routes = [f"route from baseline to second{adapted}" for adapted in ("", " adapted")]
    assert list(found["remedied"]) == [*MODELS, "equal_steps", *adapted, *routes]
    assert found["detected"]["restored"] == []
    assert "groups" not in found["explained"]


def test_people_whom_the_truth_does_not_describe_make_no_groups(project: Path) -> None:
    made = beyond_run.make(variants=("equal_steps",), methods=())
    path = Path("datasets/made/deployment/truth.csv")
    beyond_run.truth(made)[["file", "subject"]].to_csv(path, index=False)
    assert QUESTIONS["explained"](run())["groups"] == {}
    beyond_run.truth(made)[1:].to_csv(path, index=False)  # one sample is not listed
    assert run().truth() is None


def test_some_emotions_may_have_no_known_expression(project: Path) -> None:
    beyond_run.make(variants=("equal_steps",), methods=())
    path = Path("data/explain/expressions.csv")
    pd.read_csv(path)[:0].to_csv(path, index=False)
    assert QUESTIONS["explained"](run())["expressions"]["centroid"]["by_emotion"] == {}


def test_faces_that_were_aligned_already_are_not_searched_for(project: Path) -> None:
    beyond_run.make(variants=("equal_steps",), methods=())
    path, picture = Path("data/capture/faces.csv"), np.zeros((128, 128, 3), np.uint8)
    _, kept = keep_whole(picture, run().params.align, "not searched")
    table = pd.read_csv(path).assign(status=str(kept["status"]), faces=0)
    table.to_csv(path, index=False)
    assert QUESTIONS["captured"](run()) == []


def test_one_split_more_of_one_model_is_shown(project: Path) -> None:
    beyond_run.make(variants=("baseline_by_person",), methods=())
    found = QUESTIONS["leaked"](run())
    assert {model: list(splits) for model, splits in found.items()} == {
        "baseline": ["by sample", "by person"], "second": ["by sample"]
    }  # fmt: skip
    assert "baseline_by_person" not in QUESTIONS["remedied"](run())


def test_five_emotions(project: Path) -> None:
    made = beyond_run.make(emotions=FIVE)
    known = run()
    found = {name: question(known) for name, question in QUESTIONS.items()}
    assert known.swept.chance == 0.2
    assert list(found["breaking"]["baseline"]["cut_off_by_emotion"]) == [*FIVE]
    assert list(found["explained"]["expressions"]["centroid"]["by_emotion"]) == [*FIVE]
    right = (made.swept("second", "box", 8) == made.labels).mean()
    assert found["remedied"]["second"]["levels"]["high"]["value"] == pytest.approx(right)
