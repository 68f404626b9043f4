"""Tables I to III, and the layers of GoogLeNet (Fig. 9), as CSV at full precision."""

import shutil
from pathlib import Path

import pandas as pd

from ferblur import manifest as manifests
from ferblur import stages
from ferblur.architecture import figure9, googlenet
from ferblur.blur import LEVELS
from ferblur.files import read_json, write_csv
from ferblur.manifest import MODELS
from ferblur.params import load

SPLIT = Path("data/split")
STATISTICS = Path("results/statistics")
OUT = Path("paper/tables")


def table1() -> pd.DataFrame:
    """Sizes of the training, validation and test sets of both models."""
    names = {"train": "Training", "val": "Validation", "test": "Testing"}
    columns = {}
    for model in MODELS:
        counts = manifests.read(SPLIT / f"{model}.csv")["split"].value_counts()
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


def table3(radii: dict[str, float]) -> pd.DataFrame:
    """Scores of both models on the deployment set at the five blur levels."""
    return pd.DataFrame(
        [{"level": level, "radius": radii[level], **scores(level)} for level in LEVELS]
    )


def main() -> None:
    """Write the tables."""
    blur = load().blur
    shutil.rmtree(OUT, ignore_errors=True)
    # as published, with ImageNet's 1,000 outputs; the study's models have 6
    write_csv(OUT / "fig09-layers.csv", figure9(googlenet(1000)))
    write_csv(OUT / "table1.csv", table1())
    write_csv(OUT / "table2.csv", table2())
    write_csv(OUT / "table3.csv", table3({level: blur.radius(level) for level in LEVELS}))


if __name__ == "__main__":
    stages.run(main)
