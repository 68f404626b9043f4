"""Scores are means over trainings, intervals hold them; the comparison counts who was right alone.

pytest tests/unit/stages/test_statistics.py
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from face_tables import FIVE, SEVEN
from ferblur.core.files import read_json, write_csv, write_json
from ferblur.core.study import EMOTIONS, LEVELS, MODELS, TASKS
from ferblur.evidence import metrics
from ferblur.stages import statistics

SEEDS = (1, 2, 7)

Predictions = dict[str, dict[int, pd.DataFrame]]
"""Rows by model and seed."""


def write(name: str, seed: int, table: pd.DataFrame, emotions: tuple[str, ...] = EMOTIONS) -> None:
    """Leave what `evaluate` leaves of one training."""
    write_csv(Path(f"data/evaluate/{name}/{seed}.csv"), table)
    scored = {
        str(task): metrics.scores(
            rows["label"].to_numpy(), rows["predicted"].to_numpy(), emotions, "macro"
        )
        for task, rows in table.groupby("task", sort=False)
    }
    write_json(Path(f"results/evaluate/{name}/{seed}/scores.json"), scored)


@pytest.fixture
def predictions(project: Path, edit: Callable[..., None]) -> Predictions:
    """Answers of trainings that differ a little in skill, to 120 images of 20 people."""
    edit(train={"seeds": list(SEEDS)})
    generator = np.random.default_rng(0)
    labels = np.arange(120) % 6
    tables: Predictions = {}
    for name, skill in (("baseline", 0.5), ("second", 0.8)):
        tables[name] = {}
        for seed, better in zip(SEEDS, (-0.05, 0, 0.05), strict=True):
            parts = [
                pd.DataFrame(
                    {"task": task, "sample_id": range(120), "source_id": [*map(str, range(120))],
                     "subject": [f"s{n % 20}" for n in range(120)], "label": labels,
                     "predicted": np.where(
                         generator.random(120) < skill + better, labels, (labels + 1) % 6
                     )}
                )
                for task in TASKS
            ]  # fmt: skip
            tables[name][seed] = pd.concat(parts)
            write(name, seed, tables[name][seed])
    return tables


def of_task(predictions: Predictions, name: str, task: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Labels and predictions of each training."""
    return [
        (rows["label"].to_numpy(), rows["predicted"].to_numpy())
        for table in predictions[name].values()
        for rows in [table[table["task"] == task]]
    ]


def test_scores_are_the_plain_means_over_trainings(predictions: Predictions) -> None:
    statistics.main()
    trainings = read_json(Path("results/statistics/trainings.json"))
    assert list(trainings) == list(MODELS)
    for name in predictions:
        assert list(trainings[name]) == ["1", "2", "7"]
        intervals = read_json(Path(f"results/statistics/{name}.json"))
        assert list(intervals) == list(TASKS)
        for task in TASKS:
            each = [
                metrics.scores(*answers, EMOTIONS, "macro")
                for answers in of_task(predictions, name, task)
            ]
            assert [scored[task] for scored in trainings[name].values()] == each
            assert len({scored["accuracy"] for scored in each}) > 1
            shown = read_json(Path(f"results/metrics/{name}/{task}.json"))
            assert list(shown) == ["accuracy", "f1"]
            for score, value in shown.items():
                assert value == pytest.approx(sum(scored[score] for scored in each) / len(SEEDS))
                assert value == intervals[task][score]["value"]


def test_intervals_hold_their_values(predictions: Predictions) -> None:
    statistics.main()
    curve = pd.read_csv("results/statistics/curve.csv")
    assert curve["level"].tolist() == list(LEVELS)
    for name in predictions:
        intervals = read_json(Path(f"results/statistics/{name}.json"))
        for scored in intervals.values():
            for score in ("accuracy", "f1"):
                assert scored[score]["low"] < scored[score]["value"] < scored[score]["high"]
        for end, column in (("value", name), ("low", f"{name}_low"), ("high", f"{name}_high")):
            accuracies = [intervals[level]["accuracy"][end] for level in LEVELS]
            np.testing.assert_array_equal(curve[column], accuracies)


def test_trainings_that_differ_widen_the_intervals(
    predictions: Predictions, edit: Callable[..., None]
) -> None:
    edit(statistics={"resamples": 4000})
    labels, predicted = of_task(predictions, "second", "none")[0]
    wrong = np.flatnonzero(labels == predicted)[:48]  # the first training loses 0.4
    widths = []
    for lost in (wrong[:0], wrong):
        for seed, table in predictions["second"].items():
            rows = table.copy()
            answers = predicted.copy()
            if seed == SEEDS[0]:
                answers[lost] = (labels[lost] + 1) % 6
            rows.loc[rows["task"] == "none", "predicted"] = answers
            write("second", seed, rows)
        statistics.main()
        found = [
            read_json(Path("results/statistics/second.json"))["none"]["accuracy"],
            read_json(Path("results/statistics/recall.json"))["second"]["none"]["anger"],
        ]
        widths.append(np.array([bounds["high"] - bounds["low"] for bounds in found]))
    # one training of three 0.4 lower: the mean deviates by 0.4 / 3; two of two drawn, by 0.27
    assert (widths[1] - widths[0] > (0.2, 0.1)).all()


def test_recalls_are_means_and_confusions_sums(predictions: Predictions) -> None:
    statistics.main()
    recalls = read_json(Path("results/statistics/recall.json"))
    confusions = read_json(Path("results/statistics/confusion.json"))
    for name in predictions:
        assert list(confusions[name]) == list(TASKS)
        for task in TASKS:
            answers = of_task(predictions, name, task)
            summed = sum(metrics.confusion(*each, EMOTIONS) for each in answers)
            np.testing.assert_array_equal(confusions[name][task], summed)
        for level in LEVELS:
            each = [
                metrics.recall(*answers, EMOTIONS) for answers in of_task(predictions, name, level)
            ]
            for emotion in EMOTIONS:
                bounds = recalls[name][level][emotion]
                assert bounds["value"] == pytest.approx(np.mean([one[emotion] for one in each]))
                assert bounds["low"] <= bounds["value"] <= bounds["high"]


def test_comparison_counts_who_was_right_alone(predictions: Predictions) -> None:
    statistics.main()
    comparison = read_json(Path("results/statistics/comparison.json"))
    assert comparison["chance"] == pytest.approx(1 / 6)
    assert (comparison["resampled"], comparison["clusters"]) == ("subject", 20)
    assert (comparison["samples"], comparison["trainings"]) == (120, 3)
    for level in LEVELS:
        assert list(comparison["mcnemar"][level]) == ["1", "2", "7"]
        pairs = zip(*(of_task(predictions, name, level) for name in MODELS), strict=True)
        for seed, pair in zip(SEEDS, pairs, strict=True):
            baseline, second = (labels == predicted for labels, predicted in pair)
            found = comparison["mcnemar"][level][str(seed)]
            assert found["only_second"] == int((second & ~baseline).sum())
            assert found["only_first"] == int((baseline & ~second).sum())
            assert found["p_value"] < 0.05


def test_images_are_resampled_where_subjects_are_unknown(predictions: Predictions) -> None:
    for name, trainings in predictions.items():
        for seed, rows in trainings.items():
            write_csv(Path(f"data/evaluate/{name}/{seed}.csv"), rows.assign(subject=""))
    statistics.main()
    comparison = read_json(Path("results/statistics/comparison.json"))
    assert (comparison["resampled"], comparison["clusters"]) == ("image", 120)


def test_same_seed_same_bytes(predictions: Predictions, edit: Callable[..., None]) -> None:
    contents = []
    for seed in (1, 1, 2):
        edit(statistics={"seed": seed})
        statistics.main()
        contents.append(Path("results/statistics/second.json").read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_one_training_has_intervals_too(
    predictions: Predictions, edit: Callable[..., None]
) -> None:
    statistics.main()
    edit(train={"seeds": [7]})
    statistics.main()  # the others' files still lie there
    comparison = read_json(Path("results/statistics/comparison.json"))
    assert comparison["trainings"] == 1
    found = read_json(Path("results/statistics/second.json"))["low"]["accuracy"]
    assert (
        found["value"]
        == metrics.scores(*of_task(predictions, "second", "low")[2], EMOTIONS, "macro")["accuracy"]
    )
    assert found["low"] < found["value"] < found["high"]
    assert list(read_json(Path("results/statistics/trainings.json"))["second"]) == ["7"]


def test_trainings_that_saw_other_samples_are_refused(predictions: Predictions) -> None:
    rows = predictions["second"][2]
    write("second", 2, rows.assign(source_id=rows["source_id"].to_numpy()[::-1]))
    with pytest.raises(RuntimeError, match="test: the trainings were not shown the same samples"):
        statistics.main()


def test_differences_are_those_of_the_means(predictions: Predictions) -> None:
    statistics.main()
    found = read_json(Path("results/statistics/differences.json"))
    accuracies = {
        name: {
            task: float(
                np.mean([(labels == predicted).mean()
                         for labels, predicted in of_task(predictions, name, task)])
            )
            for task in TASKS
        }
        for name in predictions
    }  # fmt: skip
    baseline, second = accuracies["baseline"], accuracies["second"]
    recalls = read_json(Path("results/statistics/recall.json"))["baseline"]["none"]
    pairs = found["recall"]["baseline"]
    expected = {
        second["low"] - baseline["low"]: found["gain"]["low"],
        second["test"] - baseline["test"]: found["gain"]["test"],
        baseline["low"] - baseline["medium"]: found["drop"]["baseline"]["medium"],
        second["high"] - 1 / 6: found["above_chance"]["second"]["high"],
        baseline["test"] - baseline["none"]: found["unseen"]["baseline"],
        (second["high"] - 1 / 6) / (second["none"] - 1 / 6): found["kept"]["second"]["high"],
        recalls["fear"]["value"] - recalls["anger"]["value"]: pairs["fear"]["anger"],
    }
    for value, bounds in expected.items():
        assert bounds["value"] == pytest.approx(value)
        assert bounds["low"] < value < bounds["high"]
    assert found["gain"]["low"]["low"] > 0  # 0.8 against 0.5 right


def test_a_model_at_chance_keeps_nothing(predictions: Predictions) -> None:
    for seed, rows in predictions["baseline"].items():
        write("baseline", seed, rows.assign(predicted=(rows["label"] + 1) % 6))
    statistics.main()
    found = read_json(Path("results/statistics/differences.json"))
    assert set(found["kept"]["baseline"].values()) == {None}
    assert set(found["kept_gain"].values()) == {None}
    assert found["kept"]["second"]["low"] is not None


@pytest.mark.parametrize("emotions", [FIVE, SEVEN])
def test_any_classes_have_their_recalls_and_chance(
    project: Path, edit: Callable[..., None], emotions: tuple[str, ...]
) -> None:
    edit(train={"seeds": [1]}, data={"emotions": list(emotions)})
    generator = np.random.default_rng(0)
    labels = np.arange(140) % len(emotions)
    for name in MODELS:
        parts = [
            pd.DataFrame(
                {"task": task, "sample_id": range(140), "source_id": [*map(str, range(140))],
                 "subject": "", "label": labels,
                 "predicted": np.where(generator.random(140) < 0.7, labels, len(emotions) - 1)}
            )
            for task in TASKS
        ]  # fmt: skip
        write(name, 1, pd.concat(parts), emotions)
    statistics.main()
    sharp = parts[1]
    comparison = read_json(Path("results/statistics/comparison.json"))
    assert comparison["chance"] == pytest.approx(1 / len(emotions))
    recalls = read_json(Path("results/statistics/recall.json"))["second"]["none"]
    assert list(recalls) == list(emotions)
    for label, emotion in enumerate(emotions):
        of_one = sharp[sharp["label"] == label]
        share = (of_one["predicted"] == label).mean()
        assert recalls[emotion]["value"] == pytest.approx(share)
    confusion = np.array(read_json(Path("results/statistics/confusion.json"))["second"]["none"])
    assert confusion.shape == (len(emotions), len(emotions))
    assert confusion.sum() == 140
    found = read_json(Path("results/statistics/differences.json"))
    accuracy = (sharp["label"] == sharp["predicted"]).mean()
    above = found["above_chance"]["second"]["none"]["value"]
    assert above == pytest.approx(accuracy - 1 / len(emotions))
    assert list(found["recall"]["second"]) == list(emotions)
