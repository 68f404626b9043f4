"""Figures of what was measured: curves, confusion, accuracy against blur (Figs. 10 to 12)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.core.params import Figures
from ferblur.core.study import EMOTIONS, LEVELS, MODELS
from ferblur.evidence.verdicts import Claim, paper_value
from ferblur.figures.style import COLUMN, figure


def curves(path: Path, folder: Path, colour: str) -> None:
    """Figs. 10 and 11: accuracy and loss of one model, training dashed, validation solid."""
    with figure(path, COLUMN, 1.7, 1, 2) as (_, axes):
        for axis, score in zip(axes, ("accuracy", "loss"), strict=True):
            for split, line in (("train", "--"), ("val", "-")):
                rows = pd.read_csv(folder / f"plots/metrics/{split}/{score}.tsv", sep="\t")
                axis.plot(
                    rows["step"] + 1,
                    rows[score],
                    line,
                    color=colour,
                    label={"train": "training", "val": "validation"}[split],
                )
            axis.set_xlabel("epoch")
            axis.set_ylabel(score if score == "accuracy" else "cross-entropy")
            # one bad epoch would flatten the others
            axis.set_yscale("linear" if score == "accuracy" else "log")
            axis.xaxis.get_major_locator().set_params(integer=True)
        lines = axes[0].get_legend_handles_labels()
        axes[0].figure.legend(*lines, loc="outside upper center", ncols=2)


def confusion(path: Path, counts: np.ndarray) -> None:
    """Fig. 12: confusion matrix, rows normalised to the true class; counts in brackets."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with figure(path, COLUMN, 3.3) as (_, axes):
        axes.imshow(shares, cmap="cividis", vmin=0, vmax=1)
        for (row, column), share in np.ndenumerate(shares):
            axes.text(
                column,
                row,
                f"{share:.2f}\n({counts[row, column]})",
                ha="center",
                va="center",
                fontsize=6,
                color="white" if share < 0.55 else "black",
            )
        axes.set_xticks(range(len(EMOTIONS)), EMOTIONS, rotation=35, ha="right")
        axes.set_yticks(range(len(EMOTIONS)), EMOTIONS)
        axes.set_xlabel("predicted")
        axes.set_ylabel("actual")
        axes.grid(visible=False)


def accuracy_against_blur(
    path: Path, curve: pd.DataFrame, chance: float, published: pd.DataFrame, colours: Figures
) -> None:
    """Table III as a figure: accuracy with intervals, the paper's curves, and the chance level.

    `curve` has a row for each level: `level`, `radius`, and for each model its accuracy and the
    interval's ends; `published` has the paper's `radius`, `baseline` and `second`.
    """
    with figure(path, COLUMN, 2.9) as (_, axes):
        for model, colour, marker in (
            ("baseline", colours.baseline, "o"),
            ("second", colours.second, "s"),
        ):
            axes.plot(curve["radius"], curve[model], color=colour, marker=marker, label=model)
            axes.fill_between(
                curve["radius"],
                curve[f"{model}_low"],
                curve[f"{model}_high"],
                color=colour,
                alpha=0.2,
                linewidth=0,
            )
            axes.plot(
                published["radius"],
                published[model],
                color=colour,
                marker=marker,
                markerfacecolor="white",
                linestyle="--",
                linewidth=1,
                label=f"{model}, paper",
            )
        axes.axhline(chance, color=colours.neutral, linestyle=":", label="chance")
        axes.set_xticks(
            curve["radius"],
            [
                f"{level.replace('_', ' ')}\n{radius:g}"
                for level, radius in zip(curve["level"], curve["radius"], strict=True)
            ],
            fontsize=6.5,
        )
        axes.set_xlabel("blur level and box radius (px)")
        axes.set_ylabel("accuracy")
        axes.set_ylim(0, 1)
        # above the axes: the curves cross every corner
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)


def paper_curve(claims: Sequence[Claim]) -> pd.DataFrame:
    """The paper's radius and accuracy of both models, for the levels it has."""
    rows = [
        {
            "radius": paper_value(claims, f"params.blur.{level}"),
            **{
                model: paper_value(claims, f"statistics.{model}.{level}.accuracy")
                for model in MODELS
            },
        }
        for level in LEVELS
    ]
    return pd.DataFrame(rows).fillna({"radius": 0.0}).dropna()
