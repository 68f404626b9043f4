"""Tables I to III hold the pipeline's numbers at full precision."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ferblur.core.files import write_json
from ferblur.core.study import LEVELS
from ferblur.stages import architecture, balance, split, tables


@pytest.fixture
def made(aligned: Path) -> dict[str, dict[str, float]]:
    balance.main()
    split.main()
    values: dict[str, dict[str, float]] = {}
    for offset, model in enumerate(("baseline", "second")):
        values[model] = {}
        intervals = {}
        for position, task in enumerate(("test", *LEVELS)):
            value = (7 * position + offset + 1) / 97
            values[model][task] = value
            intervals[task] = {
                score: {"value": value, "low": value / 2, "high": value * 1.5}
                for score in ("accuracy", "f1")
            }
        write_json(Path(f"results/statistics/{model}.json"), intervals)
    architecture.main()
    tables.main()
    return values


def test_table_1_counts_the_manifests(made: object) -> None:
    table = pd.read_csv("paper/tables/table1.csv")
    assert table["set"].tolist() == ["Training", "Validation", "Testing", "Total"]
    assert table["baseline"].tolist() == [50, 14, 8, 72]
    assert table["second"].tolist() == [88, 25, 13, 126]


def test_tables_2_and_3_are_the_statistics(made: dict[str, dict[str, float]]) -> None:
    second, third = (pd.read_csv(f"paper/tables/table{number}.csv") for number in (2, 3))
    assert third["level"].tolist() == list(LEVELS)
    assert third["radius"].tolist() == [0, 2, 4, 8, 14]
    for model, values in made.items():
        assert second[f"{model}_f1"].tolist() == [values["test"]]
        assert third[f"{model}_accuracy"].tolist() == [values[level] for level in LEVELS]
        assert (third[f"{model}_accuracy_low"] < third[f"{model}_accuracy_high"]).all()


def test_table_3_says_how_strong_a_radius_is_on_the_face(
    made: object, edit: Callable[..., None]
) -> None:
    wide = pd.read_csv("paper/tables/table3.csv")
    edit(align={"size": 64})
    tables.main()
    narrow = pd.read_csv("paper/tables/table3.csv")
    assert wide["sigma"].tolist() == pytest.approx([0, 1.414, 2.582, 4.899, 8.367], abs=1e-3)
    assert wide["sigma_percent"].tolist() == pytest.approx((wide["sigma"] / 1.28).tolist())
    assert wide["half_contrast"].isna().tolist() == [True, False, False, False, False]
    assert narrow["sigma"].equals(wide["sigma"])
    assert narrow["sigma_percent"].tolist() == pytest.approx((wide["sigma"] / 0.64).tolist())
    assert narrow["half_contrast"][1:].tolist() == pytest.approx(
        (wide["half_contrast"][1:] / 2).tolist()
    )
