"""The study's figures, each under its number in the paper, and accuracy against blur."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from ferblur import manifest as manifests
from ferblur import stages
from ferblur.architecture import NAIVE, Step, branches, googlenet, layers, steps
from ferblur.blur import LEVELS
from ferblur.dataset import EMOTIONS, POOLS
from ferblur.faces import Faces
from ferblur.files import read_json
from ferblur.manifest import MODELS
from ferblur.params import Figures, Params, load
from ferblur.samples import apply
from ferblur.style import COLUMN, PAGE, figure
from ferblur.verdicts import Claim, paper_value
from ferblur.verdicts import read as read_claims

OUT = Path("paper/figures")
PREPARE = Path("data/prepare")
ALIGN = Path("data/align")
CURVES = Path("results/train")
STATISTICS = Path("results/statistics")
CONFUSION = Path("results/evaluate/baseline/confusion.json")


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
        axes.tick_params(axis="x", labelsize=7)


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
            blurred = apply(face, flip=False, brightness=1.0, blur_radius=radius)
            show(axis, blurred, f"{level.replace('_', ' ')} ({radius:g} px)")


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


def inception_module(axes: Axes, branches: Sequence[Sequence[Step]], title: str) -> None:
    """Draw an inception module: input below, branches side by side, their concatenation above."""
    top = max(map(len, branches)) + 1
    for x, branch in enumerate(branches):
        heights = [0.25, *(h for y in range(1, len(branch) + 1) for h in (y - 0.25, y + 0.25))]
        ends = [*heights, top - 0.25]
        for low, high in zip(ends[::2], ends[1::2], strict=True):
            axes.plot([x, x], [low, high], color="black", linewidth=0.7)
        for y, step in enumerate(branch, start=1):
            filters = f", {step.filters}" if step.filters else ""
            name = "max pool" if step.kind == "max pooling" else "conv"
            box(axes, x, y, f"{step.size}×{step.size} {name}{filters}", step.kind)
    middle = (len(branches) - 1) / 2
    box(axes, middle, 0, "previous layer", "concatenation", len(branches))
    box(axes, middle, top, "concatenation", "concatenation", len(branches))
    axes.set_title(title)
    axes.set_xlim(-0.6, len(branches) - 0.4)
    axes.set_ylim(-0.4, top + 0.4)
    axes.set_axis_off()


def inception(path: Path) -> None:
    """Fig. 7: the naive inception module, and beside it the first one of torchvision's network."""
    with figure(path, PAGE, 2.4, 1, 2) as (_, axes):
        inception_module(axes[0], NAIVE, "naive")
        module = googlenet().inception3a
        inception_module(axes[1], branches(module), "torchvision, inception 3a")


def graph(path: Path) -> None:
    """Fig. 8: every layer of GoogLeNet, inputs left, branches above one another, sizes below."""
    network = googlenet()
    table = layers(network).set_index("layer").drop("dropout")
    with figure(path, PAGE, 2.6) as (_, axes):
        for x, (name, row) in enumerate(table.iterrows()):
            module = network.get_submodule(str(name))
            rows = branches(module) if row["type"] == "inception" else [steps(module)]
            for lane, branch in enumerate(rows):
                y = (len(rows) - 1) / 2 - lane
                axes.plot([x - 0.5, x + 0.5], [y, y], color="black", linewidth=0.6, zorder=0)
                width = 0.8 / len(branch)
                for place, step in enumerate(branch):
                    left = x - 0.4 + place * width
                    axes.add_patch(
                        Rectangle((left, y - 0.3), width * 0.9, 0.6, facecolor=COLOURS[step.kind],
                                  edgecolor="black", linewidth=0.4)
                    )  # fmt: skip
                    window = f"{step.size}" if step.size else ""
                    axes.text(left + width * 0.45, y, window, ha="center", va="center", fontsize=5)
            if len(rows) > 1:
                for side in (x - 0.5, x + 0.5):
                    axes.plot([side, side], [-1.5, 1.5], color="black", linewidth=0.6, zorder=0)
            size = f"{row['height']}×{row['width']}×{row['channels']}"
            label = str(name).replace("inception", "inception ")
            axes.text(x, -2.0, f"{label}  {size}", rotation=90, ha="center", va="top", fontsize=6)
        for kind in ("convolution", "max pooling", "average pooling", "linear"):
            axes.scatter([], [], marker="s", color=COLOURS[kind], label=kind)
        axes.legend(ncols=4, loc="upper left", fontsize=6.5)
        axes.set_xlim(-0.7, len(table) - 0.3)
        axes.set_ylim(-5.6, 2.8)
        axes.set_axis_off()


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


def main() -> None:
    """Draw every figure."""
    params = load()
    root = Path(params.data.root)
    colours = params.figures
    generator = np.random.default_rng(colours.seed)
    shutil.rmtree(OUT, ignore_errors=True)
    tables = {pool: pd.read_csv(PREPARE / f"{pool}.csv", keep_default_na=False) for pool in POOLS}
    samples(OUT / "fig01-samples.svg", root, tables["train"], generator)
    for number, pool in (("02", "train"), ("03", "deployment")):
        distribution(OUT / f"fig{number}-{pool}-classes.svg", tables[pool], colours.neutral)

    train = Faces.open(ALIGN, "train")
    found = np.flatnonzero(train.table["status"] == "aligned")
    row = int(generator.choice(found)) if len(found) else 0
    face = train.table.iloc[row]
    detected(
        OUT / "fig04-detected.svg", read_image(root / "train" / face["source_id"]), face, colours
    )
    with figure(OUT / "fig05-aligned.svg", 1.7, 1.9) as (_, axes):
        show(axes, train.pixels[row], "aligned")

    deployment = Faces.open(ALIGN, "deployment")
    drawn = manifests.read(Path("data/balance/deployment.csv"))["source_id"]
    picked = drawn.sample(1, random_state=generator)
    levels(OUT / "fig06-blur-levels.svg", deployment.pixels[deployment.rows(picked)[0]], params)

    inception(OUT / "fig07-inception.svg")
    graph(OUT / "fig08-googlenet.svg")
    curves(OUT / "fig10-baseline-curves.svg", CURVES / "baseline", colours.baseline)
    curves(OUT / "fig11-second-curves.svg", CURVES / "second", colours.second)
    confusion(OUT / "fig12-baseline-confusion.svg", np.array(read_json(CONFUSION)["none"]))
    accuracy_against_blur(
        OUT / "accuracy-against-blur.svg",
        pd.read_csv(STATISTICS / "curve.csv"),
        read_json(STATISTICS / "comparison.json")["chance"],
        paper_curve(read_claims()),
        colours,
    )


if __name__ == "__main__":
    stages.run(main)
