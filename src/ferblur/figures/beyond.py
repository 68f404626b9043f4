"""Figures of the answers beyond the paper: other kinds of blur, remedies, cameras, causes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ferblur.core.params import Figures
from ferblur.core.study import MODELS
from ferblur.figures.style import COLUMN, PAGE, figure

OTHERS: Sequence[dict[str, Any]] = (
    {"color": "#009E73", "marker": "^", "linestyle": "--"},
    {"color": "#CC79A7", "marker": "v", "linestyle": "-."},
    {"color": "#E69F00", "marker": "D", "linestyle": (0, (1, 1))},
    {"color": "#56B4E9", "marker": "P", "linestyle": (0, (5, 1, 1, 1, 1, 1))},
)
"""How models other than the study's are drawn, in order; the colours are Okabe and Ito's."""

ACROSS = 4
"""Panels in a row of the sweep, at most."""

LETTERS = 30
"""Of a remedy's name in a line."""

RADIUS = "box radius (px)"


def _styles(models: Sequence[str], colours: Figures) -> dict[str, dict[str, Any]]:
    """Colour, marker and line of each model; those of the study's are the same everywhere."""
    studys = {
        MODELS[0]: {"color": colours.baseline, "marker": "o", "linestyle": "-"},
        MODELS[1]: {"color": colours.second, "marker": "s", "linestyle": "-"},
    }
    others = [model for model in models if model not in studys]
    looks = (OTHERS[place % len(OTHERS)] for place in range(len(others)))
    return studys | dict(zip(others, looks, strict=True))


def _curve(
    axes: Axes,
    radii: Sequence[float],
    bounds: Sequence[Mapping[str, float]],
    style: Mapping[str, Any],
    **more: Any,
) -> None:
    """A line through values, its intervals shaded."""
    axes.plot(radii, [b["value"] for b in bounds], linewidth=1.2, markersize=3, **style, **more)
    low, high = ([b[end] for b in bounds] for end in ("low", "high"))
    axes.fill_between(radii, low, high, color=style["color"], alpha=0.15, linewidth=0)


def _legend(fig: Figure, axes: Axes, columns: int) -> None:
    """The legend above all panels: the curves cross every corner."""
    handles, labels = axes.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=columns, fontsize=7)


def sweep(path: Path, drawn: Mapping[str, Any], colours: Figures) -> None:
    """Accuracy against radius, a panel for each kind of blur, with the cut-offs at the bottom.

    `drawn` has the accuracy of guessing, `chance`, and by kind and model in `kernels` the `radii`
    in px, intervals of `accuracy`, and the `cut_off`, whose ends are None beyond the sweep.
    """
    kernels = drawn["kernels"]
    models = list(next(iter(kernels.values())))
    styles = _styles(models, colours)
    across = min(len(kernels), ACROSS)
    down = -(-len(kernels) // across)
    with figure(path, PAGE, 2.3 * down + 0.3, down, across) as (fig, grid):
        places = [grid] if len(kernels) == 1 else list(grid.ravel())
        shown = [each for curves in kernels.values() for each in curves.values()]
        top = max(bounds["high"] for each in shown for bounds in each["accuracy"])
        for place, (kernel, curves) in zip(places, kernels.items(), strict=False):
            for row, model in enumerate(models):
                each, style = curves[model], styles[model]
                _curve(place, each["radii"], each["accuracy"], style, label=model)
                _cut_off(place, each["cut_off"], max(each["radii"]), 0.018 * (row + 1), style)
            place.axhline(drawn["chance"], color=colours.neutral, linestyle=":", label="chance")
            place.set(
                title=kernel.replace("_", " "),
                ylim=(0, top + 0.02),
                xlabel="radius of the equal box (px)",
            )
            if place is not places[0]:
                place.tick_params(labelleft=False)
        for place in places[len(kernels) :]:
            place.set_axis_off()
        places[0].set_ylabel("accuracy")
        _legend(fig, places[0], len(models) + 1)


def _cut_off(
    axes: Axes, bounds: Mapping[str, float | None], last: float, height: float, style: Any
) -> None:
    """A cut-off with its interval at some height; an open end reaches the sweep's last radius."""
    if bounds["low"] is None:
        return
    ends = [bounds["low"], last if bounds["high"] is None else bounds["high"]]
    axes.plot(ends, [height] * 2, color=style["color"], linewidth=0.8, clip_on=False)
    if bounds["value"] is not None:
        mark = {"color": style["color"], "marker": style["marker"]}
        axes.plot(bounds["value"], height, markersize=3.5, linestyle="", clip_on=False, **mark)


def remedies(path: Path, drawn: Sequence[Mapping[str, Any]], colours: Figures) -> None:
    """Each way to recognise blurred faces: mean accuracy over the levels, and on sharp faces.

    `drawn` has of each its `name`, intervals of the `mean` and on `sharp` faces, and whether it
    `beats` the second model. The study's models are known by their names, and those that are
    better in the mean stand above.
    """
    rows = sorted(drawn, key=lambda each: each["mean"]["value"])
    known = {each["name"]: each for each in drawn}
    names = [fill(each["name"], LETTERS) for each in rows]
    studys = {MODELS[0]: colours.baseline, MODELS[1]: colours.second}
    with figure(path, COLUMN, 0.24 * len(rows) + 1.0) as (fig, axes):
        axes.axvline(known[MODELS[0]]["sharp"]["value"], color=colours.baseline, linestyle="--",
                     linewidth=0.9)  # fmt: skip
        axes.axvline(known[MODELS[1]]["mean"]["value"], color=colours.second, linestyle="-.",
                     linewidth=0.9)  # fmt: skip
        for height, each in enumerate(rows):
            colour = studys.get(each["name"], "black")
            for score, lift, face in (("sharp", 0.17, "white"), ("mean", -0.17, colour)):
                bounds = each[score]
                star = score == "mean" and each["beats"]
                axes.plot([bounds["low"], bounds["high"]], [height + lift] * 2, color=colour,
                          linewidth=0.8)  # fmt: skip
                axes.plot(bounds["value"], height + lift, color=colour, markerfacecolor=face,
                          marker="*" if star else "o", markersize=7 if star else 3.5,
                          linestyle="")  # fmt: skip
        axes.set_yticks(range(len(rows)), names, fontsize=6, linespacing=0.95)
        axes.set(ylim=(-0.6, len(rows) - 0.4), xlabel="accuracy")
        axes.grid(axis="y", visible=False)
        dot: Any = {"color": "black", "linestyle": ""}
        handles = [
            Line2D([], [], marker="o", markersize=3.5, label="mean of the levels", **dot),
            Line2D([], [], marker="o", markersize=3.5, markerfacecolor="white", label="sharp faces",
                   **dot),
            Line2D([], [], color=colours.second, linestyle="-.", linewidth=0.9,
                   label="second's mean"),
            Line2D([], [], color=colours.baseline, linestyle="--", linewidth=0.9,
                   label="baseline, sharp"),
        ]  # fmt: skip
        if any(each["beats"] for each in rows):
            handles.append(
                Line2D([], [], marker="*", markersize=7, label="beats the second", **dot)
            )
        fig.legend(handles=handles, loc="outside upper center", ncols=2, fontsize=7)


def capture(path: Path, drawn: Sequence[Mapping[str, Any]], colours: Figures) -> None:
    """What changes where a camera blurs, before the face is found.

    `drawn` has a row for each `radius` in px, with intervals of the share of faces `missed`, of the
    `eye_error` as a share of the eyes' distance, and of the accuracies of `models` where blur comes
    `before` detection or `after` alignment.
    """
    radii = [row["radius"] for row in drawn]
    styles = _styles(MODELS, colours)
    grey = {"color": colours.neutral, "marker": "D", "linestyle": "-"}
    with figure(path, PAGE, 2.3, 1, 3) as (fig, (missed, eyes, right)):
        for axes, name, said in (
            (missed, "missed", "share of faces not found"),
            (eyes, "eye_error", "eyes off (of their distance)"),
        ):
            known = [row for row in drawn if row[name]]  # no eyes where no face is found
            _curve(axes, [row["radius"] for row in known], [row[name] for row in known], grey)
            axes.set(xlabel=RADIUS, ylabel=said)
            axes.set_ylim(bottom=0)
        for model in drawn[0]["models"] if drawn else ():
            for when, line in (("before", "--"), ("after", "-")):
                bounds = [row["models"][model][when] for row in drawn]
                hollow = {"markerfacecolor": "white"} if when == "before" else {}
                style = styles[model] | {"linestyle": line}
                _curve(right, radii, bounds, style, label=f"{model}, blurred {when}", **hollow)
        right.set(xlabel=RADIUS, ylabel="accuracy")
        right.set_ylim(bottom=0)
        _legend(fig, right, 4)


def causes(path: Path, drawn: Mapping[str, Any], colours: Figures) -> None:
    """Each emotion's cut-off against how fine its expression is; how the answers collapse.

    `drawn` has by name in `emotions` the `centroid` in cycles per face and the `cut_off` by model,
    whose ends are None beyond the sweep; and by model in `collapse` for each `radius` in px the
    `commonest_share` and the `ece`.
    """
    styles = _styles(MODELS, colours)
    last = max(max(each["radius"]) for each in drawn["collapse"].values())
    with figure(path, PAGE, 2.7, 1, 3) as (fig, (emotions, commonest, ece)):
        for model, each in drawn["collapse"].items():
            for axes, name in ((commonest, "commonest_share"), (ece, "ece")):
                axes.plot(each["radius"], each[name], linewidth=1.2, markersize=3, label=model,
                          **styles[model])  # fmt: skip
        for axes, said in (
            (commonest, "commonest answer's share"),
            (ece, "calibration error (ECE)"),
        ):
            axes.set(xlabel=RADIUS, ylabel=said)
            axes.set_ylim(bottom=0)
        for model in MODELS:
            for each in drawn["emotions"].values():
                _emotion(emotions, each["centroid"], each["cut_off"][model], last, styles[model])
        emotions.set(xlabel="mean frequency (cycles per face)", ylabel="cut-off (px)")
        emotions.set_ylim(bottom=0)
        _names(emotions, {name: each["centroid"] for name, each in drawn["emotions"].items()})
        _legend(fig, ece, 2)


def _emotion(
    axes: Axes, centroid: float, bounds: Mapping[str, float | None], last: float, style: Any
) -> None:
    """An emotion's cut-off with its interval; what is beyond the sweep lies on its edge, hollow."""
    inside = {end: last if place is None else place for end, place in bounds.items()}
    colour = style["color"]
    axes.plot([centroid] * 2, [inside["low"], inside["high"]], color=colour, linewidth=0.8)
    face = "white" if bounds["value"] is None else colour
    axes.plot(centroid, inside["value"], color=colour, marker=style["marker"], markerfacecolor=face,
              linestyle="", clip_on=False)  # fmt: skip


def _names(axes: Axes, places: Mapping[str, float]) -> None:
    """Names above a panel, as far from each other as they can be, each led to its place."""
    order = sorted(places, key=places.__getitem__)
    for number, name in enumerate(order):
        at = (number + 0.5) / len(order)
        axes.axvline(places[name], color="#DDDDDD", linewidth=0.5, zorder=0)
        line = {"arrowstyle": "-", "color": "#999999", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (places[name], 1), (at, 1.1), xycoords=("data", "axes fraction"),
                      textcoords="axes fraction", arrowprops=line)  # fmt: skip
        axes.annotate(name, (at, 1.12), xycoords="axes fraction", rotation=50, fontsize=6.5,
                      ha="left", va="bottom", rotation_mode="anchor")  # fmt: skip
    axes.grid(axis="x", visible=False)
    axes.margins(x=0.08)
