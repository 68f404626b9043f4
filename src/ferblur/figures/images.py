"""Figures of the data: raw and aligned images, classes, blur levels (Figs. 1 to 6)."""

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

ACROSS = 7
"""Classes that Fig. 1 shows side by side, at most; more are shown in two bands."""

SHOWN = 2**20
"""px of a raw image that a figure shows, at most; larger ones are shrunk."""


def show(axes: Axes, image: np.ndarray, title: str = "", size: float | None = None) -> None:
    """Draw H x W x 3 uint8 pixels without axes; `size` is the title's, in points."""
    axes.imshow(image)
    axes.set_title(title, fontsize=size)
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


def detected(path: Path, root: Path, face: pd.Series, colours: Figures) -> None:
    """Fig. 4: a raw image with the detected box and eyes; without, where it was taken whole."""
    image = read_image(root / "train" / face["source_id"], SHOWN)
    with figure(path, 1.7, 1.9) as (_, axes):
        if face["status"] != "aligned":
            show(axes, image, "raw")
            return
        show(axes, image, "detected")
        # the box and the eyes are in px of the file's picture, which may be larger
        width, height = face["image_width"], face["image_height"]
        axes.images[0].set_extent((-0.5, width - 0.5, height - 0.5, -0.5))
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


def aligned(path: Path, face: np.ndarray, title: str) -> None:
    """Fig. 5: an aligned face, H x W x 3 uint8, or an image taken whole, as `title` says."""
    with figure(path, 1.7, 1.9) as (_, axes):
        show(axes, face, title)
