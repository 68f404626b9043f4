"""One look for every figure: vector, readable in print, byte-identical from run to run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from ferblur.core.files import atomic

COLUMN = 3.5
"""Width of one column of the paper, inches."""

THIN = 0.5
"""Width of a line that is one of several trainings, points."""

PAGE = 7.16
"""Width of both columns, inches."""

STYLE: Any = {  # matplotlib types its keys one by one
    "font.family": "DejaVu Sans",  # ships with matplotlib, so no system font is used
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 4,
    "savefig.dpi": 300,
    "svg.fonttype": "path",
    "svg.hashsalt": "ferblur",
    "image.interpolation": "nearest",
}


def font_size(names: Sequence[str], width: float, most: float) -> float:
    """The largest size in points, up to `most`, at which no name is wider than `width` inches."""
    widest = max(TextPath((0, 0), name, size=most).get_extents().width for name in names) / 72
    return most * min(1.0, width / widest)


@contextmanager
def figure(
    path: Path, width: float, height: float, rows: int = 1, columns: int = 1
) -> Iterator[tuple[Figure, Any]]:
    """Yield (figure, axes) of the given size in inches; save as SVG when the block ends."""
    with plt.rc_context(STYLE):
        fig, axes = plt.subplots(rows, columns, figsize=(width, height), layout="constrained")
        yield fig, axes
        save(path, fig)
        plt.close(fig)


def save(path: Path, fig: Figure) -> None:
    """Write a figure without its creation date, atomically."""
    with atomic(path) as temporary:
        fig.savefig(temporary, metadata={"Date": None, "Creator": None})
