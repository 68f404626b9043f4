"""Figures of what was measured: curves, confusion, accuracy against blur (Figs. 10 to 12)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ferblur.core.params import Figures
from ferblur.core.study import EMOTIONS, LEVELS, MODELS
from ferblur.dataset.blur import half_contrast
from ferblur.evidence.verdicts import Claim, paper_value
from ferblur.figures.style import COLUMN, PAGE, THIN, figure, font_size

FITTING = 7
"""Classes whose confusion matrix fits one column of the paper, at most."""

FOREIGN: Sequence[Any] = [
    {"color": color, "marker": marker, "linestyle": "-", "linewidth": 1, "capsize": 2,
     "elinewidth": 0.7}
    for color, marker in (("#009E73", "^"), ("#CC79A7", "v"))
]  # fmt: skip
"""How other people's networks are drawn, in order; the colours are Okabe and Ito's."""

PEOPLE = (8, 16)
"""Cycles per face by which people mainly recognise faces (Parker and Costen, 1999)."""


def curves(path: Path, trainings: Sequence[Path], colour: str) -> None:
    """Figs. 10 and 11: accuracy and loss of each training, training dashed, validation solid."""
    with figure(path, COLUMN, 1.7, 1, 2) as (_, axes):
        for axis, score in zip(axes, ("accuracy", "loss"), strict=True):
            for split, line in (("train", "--"), ("val", "-")):
                name = {"train": "training", "val": "validation"}[split]
                for number, folder in enumerate(trainings):
                    rows = pd.read_csv(folder / f"plots/metrics/{split}/{score}.tsv", sep="\t")
                    axis.plot(
                        rows["step"] + 1,
                        rows[score],
                        line,
                        color=colour,
                        linewidth=THIN if len(trainings) > 1 else None,
                        label=None if number else name,
                    )
            axis.set_xlabel("epoch")
            axis.set_ylabel(score if score == "accuracy" else "cross-entropy")
            # one bad epoch would flatten the others
            axis.set_yscale("linear" if score == "accuracy" else "log")
            axis.xaxis.get_major_locator().set_params(integer=True)
        lines = axes[0].get_legend_handles_labels()
        axes[0].figure.legend(*lines, loc="outside upper center", ncols=2)


def confusion(path: Path, counts: np.ndarray, emotions: Sequence[str], raster: bool = True) -> None:
    """Fig. 12: confusion matrix, rows normalised to the true class; counts in brackets.

    `counts` is K x K, in the order of `emotions`. Without `raster` it is drawn as squares, for
    pages that are to hold no picture of any kind.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    width, height = (COLUMN, 3.3) if len(emotions) <= FITTING else (PAGE, 4.2)
    with figure(path, width, height) as (_, axes):
        if raster:
            axes.imshow(shares, cmap="cividis", vmin=0, vmax=1)
        else:
            ends = np.arange(len(emotions) + 1) - 0.5
            axes.pcolormesh(ends, ends, shares, cmap="cividis", vmin=0, vmax=1)
            axes.set(ylim=ends[[-1, 0]], aspect="equal")
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
        font = font_size(emotions, width / 4, 8)
        axes.set_xticks(range(len(emotions)), emotions, rotation=35, ha="right", fontsize=font)
        axes.set_yticks(range(len(emotions)), emotions, fontsize=font)
        axes.set_xlabel("predicted")
        axes.set_ylabel("actual")
        axes.grid(visible=False)


def frequency_axis(axes: Axes, radii: Sequence[float], size: int, colour: str) -> None:
    """Above a horizontal axis of box radii in px: the cycles per face that keep half contrast.

    A face fills roughly the `size` px of the aligned square. Shaded are the radii that halve the
    contrast within the band of PEOPLE.
    """
    halved = {radius: half_contrast(radius, size) for radius in radii}
    ticks = {radius: f"{cycles:.1f}" for radius, cycles in halved.items() if cycles is not None}
    above = axes.secondary_xaxis("top")
    above.set_xticks(list(ticks), list(ticks.values()), fontsize=6.5)
    above.set_xlabel("half contrast (cycles per face)")
    above.spines["top"].set_visible(False)
    between = np.linspace(0, max(radii), 300)
    within = [
        PEOPLE[0] <= (half_contrast(radius, size) or np.inf) <= PEOPLE[1] for radius in between
    ]
    axes.fill_between(
        between, 0, 1, where=within, color=colour, alpha=0.12, linewidth=0, label="people's band"
    )


def _against_blur(
    axes: Axes,
    curve: pd.DataFrame,
    trainings: Mapping[str, Mapping[str, Any]],
    emotions: Sequence[str],
    published: pd.DataFrame,
    size: int,
    colours: Figures,
    chance: str,
) -> None:
    """Draw `accuracy_against_blur` but for its legend, in which guessing is called `chance`."""
    for model, colour, marker in (
        ("baseline", colours.baseline, "o"),
        ("second", colours.second, "s"),
    ):
        axes.plot(curve["radius"], curve[model], color=colour, marker=marker, label=model)
        for scored in trainings[model].values() if len(trainings[model]) > 1 else ():
            accuracies = [scored[level]["accuracy"] for level in curve["level"]]
            axes.plot(curve["radius"], accuracies, color=colour, linewidth=THIN)
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
    axes.axhline(1 / len(emotions), color=colours.neutral, linestyle=":", label=chance)
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
    frequency_axis(axes, curve["radius"].tolist(), size, colours.neutral)


def accuracy_against_blur(
    path: Path,
    curve: pd.DataFrame,
    trainings: Mapping[str, Mapping[str, Any]],
    emotions: Sequence[str],
    published: pd.DataFrame,
    size: int,
    colours: Figures,
) -> None:
    """Table III as a figure: accuracy with intervals, the paper's curves, and the chance level.

    `curve` has a row for each level: `level`, `radius`, and for each model its accuracy and the
    interval's ends; `trainings` has the scores by model, seed and level; `published` has the
    paper's `radius`, `baseline` and `second`. `emotions` are this run's classes. `size` is the
    aligned face's, in px.
    """
    # of guessing among this run's classes, which is not the paper's where they are not six
    chance = "chance" if len(emotions) == len(EMOTIONS) else "chance here"
    with figure(path, COLUMN, 3.1) as (_, axes):
        _against_blur(axes, curve, trainings, emotions, published, size, colours, chance)
        # above the axes: the curves cross every corner
        lines = axes.get_legend_handles_labels()
        axes.figure.legend(*lines, loc="outside upper center", ncols=3, fontsize=7)


def accuracy_beside(
    path: Path, others: Sequence[Mapping[str, Any]], published: pd.DataFrame, colours: Figures
) -> None:
    """The same of other datasets' committed runs, two in a row, with other people's networks.

    Of each, `name` is its title, and `drawn` has `radii` by level, intervals of the `scores` and of
    the `networks` by level, the scores of the `trainings`, `emotions` and `size`.
    """
    alone = len(others) == 1
    across, down = (1, 1) if alone else (2, -(-len(others) // 2))
    with figure(path, COLUMN if alone else PAGE, 3.4 * down, down, across) as (fig, axes):
        places = np.atleast_1d(axes).ravel()
        lines: dict[str, Any] = {}
        for place, other in zip(places, others, strict=False):
            drawn = other["drawn"]
            levels = [level for level in LEVELS if level in drawn["radii"]]
            radii = [drawn["radii"][level] for level in levels]
            curve = pd.DataFrame({"level": levels, "radius": radii})
            for model in MODELS:
                for end, column in (("value", model), ("low", f"{model}_low"),
                                    ("high", f"{model}_high")):  # fmt: skip
                    curve[column] = [drawn["scores"][model][x]["accuracy"][end] for x in levels]
            _against_blur(
                place, curve, drawn["trainings"], drawn["emotions"], published, drawn["size"],
                colours, "chance",
            )  # fmt: skip
            for (name, scores), style in zip(drawn["networks"].items(), FOREIGN, strict=False):
                bounds = [scores[level]["accuracy"] for level in levels]
                ends = [[abs(b[end] - b["value"]) for b in bounds] for end in ("low", "high")]
                place.errorbar(radii, [b["value"] for b in bounds], ends, label=name, **style)
            place.set_title(other["name"])
            handles, labels = place.get_legend_handles_labels()
            lines |= dict(zip(labels, handles, strict=True))
        for place in places[len(others) :]:
            place.set_axis_off()
        columns = 3 if alone else 5
        fig.legend(
            lines.values(), lines.keys(), loc="outside upper center", ncols=columns, fontsize=7
        )


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
