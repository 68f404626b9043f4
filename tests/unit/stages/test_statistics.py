"""Intervals hold their values; the comparison counts who was right alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ferblur.core.files import read_json, write_csv, write_json
from ferblur.core.study import LEVELS
from ferblur.evidence.metrics import scores
from ferblur.stages import statistics


@pytest.fixture
def predictions(project: Path) -> dict[str, pd.DataFrame]:
    generator = np.random.default_rng(0)
    tables = {}
    for name, skill in (("baseline", 0.5), ("second", 0.8)):
        parts = []
        for task in ("test", *LEVELS):
            labels = np.arange(120) % 6
            right = generator.random(120) < skill
            predicted = np.where(right, labels, (labels + 1) % 6)
            parts.append(
                pd.DataFrame(
                    {"task": task, "sample_id": range(120), "source_id": [*map(str, range(120))],
                     "subject": [f"s{n % 20}" for n in range(120)], "label": labels,
                     "predicted": predicted}
                )
            )  # fmt: skip
            write_json(
                Path(f"results/evaluate/{name}/{task}.json"), scores(labels, predicted, "macro")
            )
        tables[name] = pd.concat(parts)
        write_csv(Path(f"data/evaluate/{name}.csv"), tables[name])
    return tables


def test_intervals_hold_their_values(predictions: dict[str, pd.DataFrame]) -> None:
    statistics.main()
    curve = pd.read_csv("results/statistics/curve.csv")
    assert curve["level"].tolist() == list(LEVELS)
    for name in predictions:
        intervals = read_json(Path(f"results/statistics/{name}.json"))
        assert list(intervals) == ["test", *LEVELS]
        for scored in intervals.values():
            for score in ("accuracy", "f1"):
                assert scored[score]["low"] < scored[score]["value"] < scored[score]["high"]
        np.testing.assert_array_equal(
            curve[name], [intervals[level]["accuracy"]["value"] for level in LEVELS]
        )


def test_comparison_counts_who_was_right_alone(predictions: dict[str, pd.DataFrame]) -> None:
    statistics.main()
    comparison = read_json(Path("results/statistics/comparison.json"))
    assert comparison["chance"] == pytest.approx(1 / 6)
    assert (comparison["resampled"], comparison["clusters"]) == ("subject", 20)
    for level in LEVELS:
        right = {
            name: (rows["label"] == rows["predicted"])[rows["task"] == level]
            for name, rows in predictions.items()
        }
        found = comparison["mcnemar"][level]
        assert found["only_second"] == int((right["second"] & ~right["baseline"]).sum())
        assert found["p_value"] < 0.05


def test_images_are_resampled_where_subjects_are_unknown(
    predictions: dict[str, pd.DataFrame],
) -> None:
    for name, rows in predictions.items():
        write_csv(Path(f"data/evaluate/{name}.csv"), rows.assign(subject=""))
    statistics.main()
    comparison = read_json(Path("results/statistics/comparison.json"))
    assert (comparison["resampled"], comparison["clusters"]) == ("image", 120)


def test_same_seed_same_bytes(
    predictions: dict[str, pd.DataFrame], edit: Callable[..., None]
) -> None:
    contents = []
    for seed in (1, 1, 2):
        edit(statistics={"seed": seed})
        statistics.main()
        contents.append(Path("results/statistics/second.json").read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_differences_are_those_of_the_scores(predictions: dict[str, pd.DataFrame]) -> None:
    statistics.main()
    found = read_json(Path("results/statistics/differences.json"))
    accuracies = {
        name: {
            task: float((rows["label"] == rows["predicted"]).mean())
            for task, rows in table.groupby("task")
        }
        for name, table in predictions.items()
    }
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


def test_a_model_at_chance_keeps_nothing(predictions: dict[str, pd.DataFrame]) -> None:
    rows = predictions["baseline"]
    lost = rows.assign(predicted=(rows["label"] + 1) % 6)
    write_csv(Path("data/evaluate/baseline.csv"), lost)
    statistics.main()
    found = read_json(Path("results/statistics/differences.json"))
    assert set(found["kept"]["baseline"].values()) == {None}
    assert set(found["kept_gain"].values()) == {None}
    assert found["kept"]["second"]["low"] is not None
