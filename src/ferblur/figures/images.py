"""Figures of the data: raw and aligned images, classes, blur levels (Figs. 1 to 6).

Those of faces have a twin that shows none, for `figures.show_faces: false`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ferblur.core.params import Figures, Params
from ferblur.core.study import LEVELS
from ferblur.dataset.samples import transform
from ferblur.figures.style import COLUMN, PAGE, figure, font_size
from ferblur.images.decoding import read_image

PLAIN = "#EEEEEE"
"""The colour in the place of a picture that is not shown."""

ACROSS = 7
"""Classes that Fig. 1 shows side by side, at most; more are shown in two bands."""

SHOWN = 2**20
"""px of a raw image that a figure shows, at most; larger ones are shrunk."""


def show(axes: Axes, image: np.ndarray, title: str = "", size: float | None = None) -> None:
    """Draw H x W x 3 uint8 pixels without axes; `size` is the title's, in points."""
    axes.imshow(image)
    axes.set_title(title, fontsize=size)
    axes.set_axis_off()


def blank(axes: Axes, title: str, size: float | None = None, words: str = "not shown") -> None:
    """Draw a plain square in the place of a picture."""
    axes.add_patch(Rectangle((0, 0), 1, 1, facecolor=PLAIN))
    axes.text(0.5, 0.5, words, ha="center", va="center", fontsize=7)
    axes.set_title(title, fontsize=size)
    axes.set_aspect("equal")
    axes.set_axis_off()


def samples(
    path: Path, root: Path, table: pd.DataFrame, emotions: Sequence[str],
    generator: np.random.Generator,
) -> None:  # fmt: skip
    """Fig. 1: raw images of the training pool, two of each emotion, one above the other."""
    bands = -(-len(emotions) // ACROSS)
    across = -(-len(emotions) // bands)
    with figure(path, PAGE, 2.7 * bands, 2 * bands, across) as (_, axes):
        size = font_size(emotions, 0.95 * PAGE / across, 8)
        for place, emotion in enumerate(emotions):
            band, column = divmod(place, across)
            files = table.loc[table["emotion"] == emotion, "source_id"]
            picked = files.sample(2, random_state=generator, replace=len(files) < 2)
            for row, file in enumerate(picked):
                image = read_image(root / "train" / file, SHOWN)
                show(axes[2 * band + row][column], image, "" if row else emotion, size)
        for place in range(len(emotions), bands * across):
            for row in (-2, -1):
                axes[row][place % across].set_axis_off()


def samples_unseen(path: Path, table: pd.DataFrame, emotions: Sequence[str]) -> None:
    """Fig. 1 without faces: a plain square for each emotion, with the number of images."""
    bands = -(-len(emotions) // ACROSS)
    across = -(-len(emotions) // bands)
    with figure(path, PAGE, 1.5 * bands, bands, across) as (_, axes):
        size = font_size(emotions, 0.95 * PAGE / across, 8)
        places = np.atleast_1d(axes).ravel()
        for axis, emotion in zip(places, emotions, strict=False):
            count = int((table["emotion"] == emotion).sum())
            blank(axis, emotion, size, f"{count:,} images,\nnot shown")
        for axis in places[len(emotions) :]:
            axis.set_axis_off()


def distribution(path: Path, table: pd.DataFrame, emotions: Sequence[str], colour: str) -> None:
    """Figs. 2 and 3: images of each class before pre-processing."""
    counts = table["emotion"].value_counts().reindex(list(emotions), fill_value=0)
    touching = font_size(emotions, 3 / len(emotions), 6.5) < 6.5
    with figure(path, COLUMN, 2.1 if touching else 1.8) as (_, axes):
        bars = axes.bar(counts.index, counts.to_numpy(), color=colour)
        numbers = [str(number) for number in counts]
        axes.bar_label(bars, numbers, fontsize=font_size(numbers, 2.5 / len(emotions), 7))
        axes.set_ylabel("images")
        axes.grid(axis="x", visible=False)
        axes.tick_params(axis="x", labelsize=font_size(emotions, 1.1, 6.5))
        if touching:
            axes.set_xticks(range(len(emotions)), emotions, rotation=35, ha="right")


def detected(path: Path, root: Path, face: pd.Series, colours: Figures, seen: bool = True) -> None:
    """Fig. 4: a raw image with the detected box and eyes; without, where it was taken whole.

    Where the image is not to be `seen`, box and eyes lie on a plain rectangle of its size.
    """
    # the box and the eyes are in px of the file's picture, which may be larger
    width, height = face["image_width"], face["image_height"]
    found = face["status"] == "aligned"
    with figure(path, 1.7, 1.9) as (_, axes):
        if seen:
            image = read_image(root / "train" / face["source_id"], SHOWN)
            show(axes, image, "detected" if found else "raw")
            if found:
                axes.images[0].set_extent((-0.5, width - 0.5, height - 0.5, -0.5))
        elif found:
            axes.add_patch(Rectangle((-0.5, -0.5), width, height, facecolor=PLAIN))
            axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")
            axes.set_title("detected")
            axes.set_axis_off()
        else:
            blank(axes, "raw")
        if not found:
            return
        box = face[["x", "y", "width", "height"]].astype(float)
        eyes = face[["left_eye_x", "right_eye_x", "left_eye_y", "right_eye_y"]].astype(float)
        axes.add_patch(
            Rectangle(
                (box["x"], box["y"]),
                box["width"],
                box["height"],
                fill=False,
                edgecolor=colours.second,
                linewidth=1.5,
            )
        )
        axes.plot(
            eyes[:2],
            eyes[2:],
            marker="o",
            color=colours.second,
            linewidth=1,
        )


def levels(path: Path, face: np.ndarray, params: Params) -> None:
    """Fig. 6: the five blur levels on one deployment face."""
    with figure(path, PAGE, 1.75, 1, len(LEVELS)) as (_, axes):
        for axis, level in zip(axes, LEVELS, strict=True):
            radius = params.blur.radius(level)
            blurred = transform(face, flip=False, brightness=1.0, blur_radius=radius)
            show(axis, blurred, f"{level.replace('_', ' ')} ({radius:g} px)")


def bars(size: int) -> tuple[np.ndarray, list[int]]:
    """A chart of upright bars, `size` x `size` x 3 uint8, black and white, in four groups.

    Those of a group are half as wide as those of the group before. Returns the widths in px too.
    """
    quarter = size // 4
    widths = [max(1, quarter // 2**halved) for halved in range(1, 5)]
    columns = [np.arange(quarter) // width % 2 for width in widths]
    row = np.resize(255 * np.concatenate(columns).astype(np.uint8), size)
    return np.repeat(np.repeat(row[None, :, None], size, axis=0), 3, axis=2), widths


def levels_unseen(path: Path, params: Params) -> None:
    """Fig. 6 without faces: the five blur levels on drawn bars as wide as the aligned face."""
    size = params.align.size
    chart, widths = bars(size)
    with figure(path, PAGE, 1.75, 1, len(LEVELS)) as (_, axes):
        for axis, level in zip(axes, LEVELS, strict=True):
            radius = params.blur.radius(level)
            row = transform(chart, flip=False, brightness=1.0, blur_radius=radius)[size // 2, :, 0]
            starts = np.flatnonzero(np.diff(row.astype(int), prepend=-1)).tolist()
            for start, end in zip(starts, [*starts[1:], size], strict=True):
                grey = f"{row[start] / 255:.3f}"
                # the edge closes the gap that a viewer may leave between two of them
                axis.add_patch(
                    Rectangle((start, 0), end - start, size, facecolor=grey, edgecolor=grey,
                              linewidth=0.2)
                )  # fmt: skip
            axis.set(xlim=(0, size), ylim=(0, size), aspect="equal", yticks=[])
            middles = [(number + 0.5) * (size // 4) for number in range(len(widths))]
            axis.set_xticks(middles, [f"{width}" for width in widths], fontsize=6.5)
            axis.tick_params(length=0)
            axis.set_title(f"{level.replace('_', ' ')} ({radius:g} px)")
            axis.spines[:].set_visible(False)
            axis.grid(visible=False)


def aligned(path: Path, face: np.ndarray, title: str) -> None:
    """Fig. 5: an aligned face, H x W x 3 uint8, or an image taken whole, as `title` says."""
    with figure(path, 1.7, 1.9) as (_, axes):
        show(axes, face, title)


def aligned_unseen(path: Path, title: str) -> None:
    """Fig. 5 without the face."""
    with figure(path, 1.7, 1.9) as (_, axes):
        blank(axes, title)
