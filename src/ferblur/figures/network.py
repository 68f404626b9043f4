"""Figures of GoogLeNet, drawn from what `evidence.architecture` tells of it (Figs. 7 and 8)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ferblur.figures.style import PAGE, figure

Branches = Sequence[Sequence[Mapping[str, Any]]]
"""Operations branch by branch: `kind`, `size` (px), `filters`, `stride`."""

COLOURS = {  # Okabe-Ito
    "convolution": "#56B4E9",
    "max pooling": "#E69F00",
    "average pooling": "#F0E442",
    "linear": "#009E73",
    "concatenation": "#CCCCCC",
}


def box(axes: Axes, x: float, y: float, text: str, kind: str, width: float = 0.9) -> None:
    """Draw an operation as a box centred at (x, y), half a unit high."""
    axes.add_patch(
        Rectangle((x - width / 2, y - 0.25), width, 0.5, facecolor=COLOURS[kind], edgecolor="black",
                  linewidth=0.5)
    )  # fmt: skip
    axes.text(x, y, text, ha="center", va="center", fontsize=6)


def inception_module(axes: Axes, branches: Branches, title: str) -> None:
    """Draw an inception module: input below, branches side by side, their concatenation above."""
    top = max(map(len, branches)) + 1
    for x, branch in enumerate(branches):
        heights = [0.25, *(h for y in range(1, len(branch) + 1) for h in (y - 0.25, y + 0.25))]
        ends = [*heights, top - 0.25]
        for low, high in zip(ends[::2], ends[1::2], strict=True):
            axes.plot([x, x], [low, high], color="black", linewidth=0.7)
        for y, step in enumerate(branch, start=1):
            filters = f", {step['filters']}" if step["filters"] else ""
            name = "max pool" if step["kind"] == "max pooling" else "conv"
            box(axes, x, y, f"{step['size']}×{step['size']} {name}{filters}", step["kind"])
    middle = (len(branches) - 1) / 2
    box(axes, middle, 0, "previous layer", "concatenation", len(branches))
    box(axes, middle, top, "concatenation", "concatenation", len(branches))
    axes.set_title(title)
    axes.set_xlim(-0.6, len(branches) - 0.4)
    axes.set_ylim(-0.4, top + 0.4)
    axes.set_axis_off()


def inception(path: Path, described: Mapping[str, Any]) -> None:
    """Fig. 7: the naive inception module, and beside it the first one of torchvision's network.

    `described` is what `evidence.architecture.describe` gives.
    """
    with figure(path, PAGE, 2.4, 1, 2) as (_, axes):
        inception_module(axes[0], described["naive"], "naive")
        first = described["branches"]["inception3a"]
        inception_module(axes[1], first, "torchvision, inception 3a")


def graph(path: Path, described: Mapping[str, Any]) -> None:
    """Fig. 8: every layer of GoogLeNet, inputs left, branches above one another, sizes below."""
    table = [row for row in described["layers"] if row["layer"] != "dropout"]
    with figure(path, PAGE, 2.6) as (_, axes):
        for x, row in enumerate(table):
            rows = described["branches"][row["layer"]]
            for lane, branch in enumerate(rows):
                y = (len(rows) - 1) / 2 - lane
                axes.plot([x - 0.5, x + 0.5], [y, y], color="black", linewidth=0.6, zorder=0)
                width = 0.8 / len(branch)
                for place, step in enumerate(branch):
                    left = x - 0.4 + place * width
                    colour = COLOURS[step["kind"]]
                    axes.add_patch(
                        Rectangle((left, y - 0.3), width * 0.9, 0.6, facecolor=colour,
                                  edgecolor="black", linewidth=0.4)
                    )  # fmt: skip
                    window = f"{step['size']}" if step["size"] else ""
                    axes.text(left + width * 0.45, y, window, ha="center", va="center", fontsize=5)
            if len(rows) > 1:
                for side in (x - 0.5, x + 0.5):
                    axes.plot([side, side], [-1.5, 1.5], color="black", linewidth=0.6, zorder=0)
            size = f"{row['height']}×{row['width']}×{row['channels']}"
            label = row["layer"].replace("inception", "inception ")
            axes.text(x, -2.0, f"{label}  {size}", rotation=90, ha="center", va="top", fontsize=6)
        for kind in ("convolution", "max pooling", "average pooling", "linear"):
            axes.scatter([], [], marker="s", color=COLOURS[kind], label=kind)
        axes.legend(ncols=4, loc="upper left", fontsize=6.5)
        axes.set_xlim(-0.7, len(table) - 0.3)
        axes.set_ylim(-5.6, 2.8)
        axes.set_axis_off()
