"""Tables I to III, and the layers of GoogLeNet (Fig. 9), as CSV at full precision."""

import shutil
from pathlib import Path

import pandas as pd

from ferblur.core import stage
from ferblur.core.files import read_json, write_csv
from ferblur.core.params import load_params
from ferblur.core.study import MODELS
from ferblur.dataset import blur
from ferblur.dataset.manifest import read_manifest

ARCHITECTURE = Path("results/architecture.json")
SPLIT = Path("data/split")
STATISTICS = Path("results/statistics")
TABLES = Path("paper/tables")


def table1() -> pd.DataFrame:
    """Sizes of the training, validation and test sets of both models."""
    names = {"train": "Training", "val": "Validation", "test": "Testing"}
    columns = {}
    for model in MODELS:
        counts = read_manifest(SPLIT / f"{model}.csv")["split"].value_counts()
        columns[model] = [int(counts[split]) for split in names] + [int(counts.sum())]
    return pd.DataFrame({"set": [*names.values(), "Total"], **columns})


def scores(task: str) -> dict[str, float]:
    """Both models' accuracy and F1 on a task, with their intervals, as columns."""
    row: dict[str, float] = {}
    for model in MODELS:
        for score, interval in read_json(STATISTICS / f"{model}.json")[task].items():
            row |= {
                f"{model}_{score}": interval["value"],
                f"{model}_{score}_low": interval["low"],
                f"{model}_{score}_high": interval["high"],
            }
    return row


def table2() -> pd.DataFrame:
    """Scores of each model on its own test set."""
    return pd.DataFrame([scores("test")])


def table3(radii: dict[str, float], size: int) -> pd.DataFrame:
    """Scores of both models on the deployment set at the five blur levels.

    Beside each radius, in px of the aligned face of `size` px, stands its strength on that face.
    """
    return pd.DataFrame(
        [
            {"level": level, "radius": radius, **blur.strength(radius, size), **scores(level)}
            for level, radius in radii.items()
        ]
    )


def main() -> None:
    """Write the tables."""
    params = load_params()
    shutil.rmtree(TABLES, ignore_errors=True)
    figure9 = pd.DataFrame(read_json(ARCHITECTURE)["figure9"])
    write_csv(TABLES / "fig09-layers.csv", figure9)
    write_csv(TABLES / "table1.csv", table1())
    write_csv(TABLES / "table2.csv", table2())
    write_csv(TABLES / "table3.csv", table3(params.blur.radii(), params.align.size))


if __name__ == "__main__":
    stage.run(main)
