"""Figures of the data: raw and aligned images, classes, blur levels (Figs. 1 to 6)."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from ferblur.core.params import Figures, Params
from ferblur.core.study import EMOTIONS, LEVELS
from ferblur.dataset.samples import transform
from ferblur.figures.style import COLUMN, PAGE, figure


def read_image(path: Path) -> np.ndarray:
    """Decode an image file to H x W x 3 uint8."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def show(axes: Axes, image: np.ndarray, title: str = "") -> None:
    """Draw H x W x 3 uint8 pixels without axes."""
    axes.imshow(image)
    axes.set_title(title)
    axes.set_axis_off()


def samples(path: Path, root: Path, table: pd.DataFrame, generator: np.random.Generator) -> None:
    """Fig. 1: raw images of the training pool, two of each emotion."""
    with figure(path, PAGE, 2.7, 2, len(EMOTIONS)) as (_, axes):
        for column, emotion in enumerate(EMOTIONS):
            files = table.loc[table["emotion"] == emotion, "source_id"]
            picked = files.sample(2, random_state=generator, replace=len(files) < 2)
            for row, file in enumerate(picked):
                show(axes[row][column], read_image(root / "train" / file), "" if row else emotion)


def distribution(path: Path, table: pd.DataFrame, colour: str) -> None:
    """Figs. 2 and 3: images of each class before pre-processing."""
    counts = table["emotion"].value_counts().reindex(EMOTIONS)
    with figure(path, COLUMN, 1.8) as (_, axes):
        bars = axes.bar(counts.index, counts.to_numpy(), color=colour)
        axes.bar_label(bars, fontsize=7)
        axes.set_ylabel("images")
        axes.grid(axis="x", visible=False)
        axes.tick_params(axis="x", labelsize=6.5)


def detected(path: Path, image: np.ndarray, face: pd.Series, colours: Figures) -> None:
    """Fig. 4: a raw image with the detected box and eyes."""
    with figure(path, 1.7, 1.9) as (_, axes):
        show(axes, image, "detected")
        axes.add_patch(
            Rectangle(
                (face["x"], face["y"]),
                face["width"],
                face["height"],
                fill=False,
                edgecolor=colours.second,
                linewidth=1.5,
            )
        )
        axes.plot(
            [face["left_eye_x"], face["right_eye_x"]],
            [face["left_eye_y"], face["right_eye_y"]],
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


def aligned(path: Path, face: np.ndarray) -> None:
    """Fig. 5: an aligned face, H x W x 3 uint8."""
    with figure(path, 1.7, 1.9) as (_, axes):
        show(axes, face, "aligned")
