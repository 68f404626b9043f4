"""Any classifier under blur: `ferblur audit --model MODULE:CALLABLE --data FOLDER`.

As a call: `audit(classifier, root)` returns the table. Faces are found, levelled and blurred as the
pipeline does it, by params.yaml; what is scored is what the classifier answers.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from tqdm import tqdm

from ferblur.commands.classifiers import Answer, Classifier, named
from ferblur.commands.pictures import aligned, emotions_named
from ferblur.core.errors import UserError
from ferblur.core.files import write_csv, write_json
from ferblur.core.params import PARAMS, Figures, Params, load_params
from ferblur.curation.balancing import lower_majorities
from ferblur.dataset.blur import box_blur
from ferblur.dataset.faces import Faces
from ferblur.evidence import robustness
from ferblur.evidence.intervals import clusters
from ferblur.figures.scores import frequency_axis
from ferblur.figures.style import COLUMN, figure
from ferblur.foreign.networks import proportions

MOST = 20
"""px, the largest radius of the sweep."""

PerClass = int | Literal["smallest", "all"]
"""Faces of each emotion that are drawn."""


@dataclass(frozen=True)
class Audit:
    """What an audit found: `table` has a row a radius, `about` all else that the JSON has."""

    table: pd.DataFrame
    about: dict[str, Any]


def audit(
    classifier: str | Answer,
    root: str | Path,
    emotions: Sequence[str] | None = None,
    per_class: PerClass = "smallest",
    params: str | Path = PARAMS,
) -> pd.DataFrame:
    """Score a classifier on a folder of faces, at blur radii from 0 to 20 px: a row a radius.

    `classifier` maps N x H x W x 3 uint8 RGB to N x K probabilities, or is a name as --model takes
    it. `emotions` are its K classes in their order, data.emotions where not given. What does not
    fit a row, such as the cut-off, is in the table's `attrs`. Raises UserError in one line.
    """
    settings = load_params(Path(params))
    text = None if emotions is None else ",".join(emotions)
    found = measure(classifier, Path(root), emotions_named(text, settings), per_class, settings)
    found.table.attrs.update(found.about)
    return found.table


def drawn(faces: Faces, emotions: Sequence[str], per_class: PerClass, params: Params) -> np.ndarray:
    """Places of the faces to ask about, drawn as stage `balance` draws the unseen ones."""
    if per_class == "all":
        return np.arange(len(faces.table))
    _, generator = np.random.default_rng(params.balance.seed).spawn(2)
    try:
        rows = lower_majorities(faces.table, per_class, emotions, generator)
    except UserError as error:
        line = str(error).replace("balance.deployment_per_class:", "--per-class")
        raise UserError(line.replace("deployment/", "").replace("deployment ", "")) from error
    return faces.rows(rows["source_id"])


def measure(
    model: str | Answer, root: Path, emotions: Sequence[str], per_class: PerClass, params: Params
) -> Audit:
    """Align, draw, blur, ask and score."""
    levels = {radius: level for level, radius in params.blur.radii().items()}
    radii = sorted({*map(float, range(MOST + 1)), *levels})
    classifier = named(model, emotions)
    noise = np.random.default_rng(0).integers(
        0, 256, (2, params.align.size, params.align.size, 3), dtype=np.uint8
    )
    classifier(noise, np.ones(2))  # what is wrong with it is said before faces are looked for
    with aligned(root, emotions, params) as (faces, files):
        places = drawn(faces, emotions, per_class, params)
        rows = faces.table.iloc[places]
        answers, seconds = ask(classifier, faces, places, radii, params.evaluate.batch_size)
        size = int(faces.pixels.shape[1])
    unit = clusters(rows)
    table, cut_off = robustness.sweep(
        answers, rows["label"].to_numpy(), unit, emotions, params.statistics
    )
    table.insert(0, "level", [levels.get(radius, "") for radius in radii])
    table["seconds_per_image"] = [seconds[radius] for radius in radii]
    known = int((rows["subject"] != "").sum())
    about = {
        "model": classifier.name,
        "data": str(root),
        "emotions": list(emotions),
        "files": files,
        "faces_found": len(faces.table),
        "faces_asked": len(rows),
        "size": size,
        "intervals_over": "people" if known == len(rows) else "images" if not known else "both",
        "clusters": len(set(unit)),
        "confidence": params.statistics.confidence,
        "chance": 1 / len(emotions),
        "cut_off": cut_off,
        "seconds_per_image": float(np.mean(list(seconds.values()))),
    }
    return Audit(table, about)


def ask(
    classifier: Classifier, faces: Faces, places: np.ndarray, radii: Sequence[float], batch: int
) -> tuple[dict[float, np.ndarray], dict[float, float]]:
    """Probabilities by radius, N x K, and the seconds that the classifier took for an image.

    Blurring is not timed.
    """
    boxes = proportions(faces.table)[places]
    answers, seconds = {}, {}
    for radius in tqdm(radii, desc="audit", unit="radius", disable=None):
        parts, taken = [], 0.0
        for start in range(0, len(places), batch):
            chosen = slice(start, start + batch)
            pixels = np.stack(
                [box_blur(np.asarray(faces.pixels[place]), radius) for place in places[chosen]]
            )
            began = time.perf_counter()
            parts.append(classifier(pixels, boxes[chosen]))
            taken += time.perf_counter() - began
        answers[radius] = np.concatenate(parts)
        seconds[radius] = taken / len(places)
    return answers, seconds


def said(found: Audit) -> str:
    """The audit in lines for a terminal: the five levels, the sweep, the cut-off."""
    about, table = found.about, found.table
    percent = f"{about['confidence']:.0%}"
    lines = [
        f"{about['model']} on {about['data']}: {about['faces_asked']:,} of "
        f"{about['faces_found']:,} faces, {about['files']:,} files; {percent} intervals over "
        f"{about['clusters']:,} {_units(about)}; chance {about['chance']:.3f}",
        "",
        f"{'level':<10} {'px':>4}  {'accuracy':<20}  {'macro F1':<20}  {'ECE':>5}  "
        f"{'commonest answer':<18}  {'ms/image':>8}",
    ]
    named_levels = table["level"] != ""
    lines += [_line(row) for row in table[named_levels].to_dict("records")]
    lines += ["", "sweep of the other radii"]
    lines += [_line(row) for row in table[~named_levels].to_dict("records")]
    return "\n".join([*lines, "", cut_off_line(about)])


def _units(about: dict[str, Any]) -> str:
    both = "people and images of nobody known"
    return both if about["intervals_over"] == "both" else str(about["intervals_over"])


def _line(row: dict[Any, Any]) -> str:
    def bounds(name: str) -> str:
        return f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"

    answer = f"{row['commonest_share']:>4.0%} {row['commonest']}"
    return (
        f"{row['level'].replace('_', ' '):<10} {row['radius']:>4g}  {bounds('accuracy'):<20}  "
        f"{bounds('f1'):<20}  {row['ece']:.3f}  {answer:<18}  "
        f"{1000 * row['seconds_per_image']:>8.2f}"
    ).rstrip()


def cut_off_line(about: dict[str, Any]) -> str:
    """The cut-off in a sentence."""
    bounds = about["cut_off"]
    if bounds is None:
        return "cut-off: none, for on sharp faces accuracy is not surely above chance"
    value, low, high = (
        f"beyond {MOST}" if bounds[end] is None else f"{bounds[end]:.1f}"
        for end in ("value", "low", "high")
    )
    return f"cut-off: half of the margin over chance is gone at {value} px [{low}, {high}]"


def as_json(found: Audit) -> dict[str, Any]:
    """What the audit says as JSON can hold it: the levels by name, the sweep as rows."""
    rows = found.table.to_dict("records")
    levels = {row["level"]: {k: v for k, v in row.items() if k != "level"} for row in rows}
    levels.pop("", None)
    return {**found.about, "levels": levels, "sweep": rows}


def draw(path: Path, found: Audit, colours: Figures) -> None:
    """Accuracy and F1 against radius above, calibration and the commonest answer below."""
    table, about = found.table, found.about
    x = table["radius"]
    with figure(path, COLUMN, 4.4, 2, 1) as (_, (above, below)):
        for score, label, colour in (
            ("accuracy", "accuracy", colours.baseline),
            ("f1", "macro F1", colours.second),
        ):
            above.plot(x, table[score], color=colour, label=label)
            bounds = table[f"{score}_low"], table[f"{score}_high"]
            above.fill_between(x, *bounds, color=colour, alpha=0.2, linewidth=0)
        above.axhline(about["chance"], color=colours.neutral, linestyle=":", label="chance")
        if about["cut_off"] and about["cut_off"]["value"] is not None:
            above.axvline(
                about["cut_off"]["value"], color=colours.neutral, linestyle="--", label="cut-off"
            )
        above.set(ylim=(0, 1), ylabel="score")
        ticks = table.loc[table["level"] != "", "radius"].tolist()
        frequency_axis(above, ticks, about["size"], colours.neutral)
        below.plot(x, table["ece"], color=colours.baseline, label="calibration error")
        below.plot(
            x, table["commonest_share"], color=colours.second, label="commonest answer's share"
        )
        below.set(ylim=(0, 1), xlabel="box radius (px)")
        for axes in (above, below):
            axes.legend(fontsize=6.5, ncols=2, frameon=True, edgecolor="none", loc="upper right")


def write(folder: Path, found: Audit, colours: Figures) -> None:
    """Write audit.json, audit.csv and audit.svg into a folder."""
    write_json(folder / "audit.json", as_json(found))
    write_csv(folder / "audit.csv", found.table)
    draw(folder / "audit.svg", found, colours)


def run(
    model: str, root: Path, emotions: str | None, per_class: PerClass, params: Params,
    out: Path | None,
) -> tuple[str, str]:  # fmt: skip
    """Audit as the command line asks: the lines to print, and the JSON."""
    found = measure(model, root, emotions_named(emotions, params), per_class, params)
    if out is not None:
        write(out, found, params.figures)
    return said(found), json.dumps(as_json(found), indent=2, allow_nan=False)
