"""One self-contained page for a reviewer: verdicts, tables, figures, faces, and this run."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from ferblur import environment, record, stages, verdicts
from ferblur import manifest as manifests
from ferblur.blur import LEVELS
from ferblur.dataset import EMOTIONS, POOLS
from ferblur.faces import Faces
from ferblur.files import read_json, read_yaml, write_text
from ferblur.manifest import MODELS
from ferblur.params import Params, load
from ferblur.samples import apply
from ferblur.verdicts import VERDICTS, shown, shown_facts, shown_paper, shown_trainings

TEMPLATE = Path("paper/report.html.jinja")
CAPTIONS = Path("paper/captions.yaml")
FIGURES = Path("paper/figures")
TABLES = Path("paper/tables")
ALIGN = Path("data/align")
STATISTICS = Path("results/statistics")
OUT = Path("results/report.html")

SIDE = 72  # px of a face on a contact sheet
ACROSS = 12  # faces in a row


def data_uri(content: bytes, kind: str) -> str:
    """A picture as part of the page itself; `kind` is its media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def drawing(name: str, caption: dict[str, str]) -> dict[str, Any]:
    """A figure of the paper, its size in px, title, caption and alternative text."""
    content = (FIGURES / f"{name}.svg").read_bytes()
    svg = ElementTree.fromstring(content)
    width, height = (round(float(svg.attrib[side].removesuffix("pt")) / 0.75) for side in
                     ("width", "height"))  # fmt: skip
    number = name.partition("-")[0].removeprefix("fig").lstrip("0")
    return {
        "source": data_uri(content, "image/svg+xml"),
        "title": f"Fig. {number}" if number.isdigit() else "Ours",
        "caption": caption["caption"],
        "alt": caption["alt"],
        "width": width,
        "height": height,
        "broad": width > 480,
    }


def sheet(rows: dict[str, list[np.ndarray]], title: str, caption: str) -> dict[str, Any]:
    """A contact sheet: a labelled row of H x W x 3 uint8 faces for each key, as one JPEG."""
    label = 20
    canvas = Image.new("RGB", (ACROSS * SIDE, len(rows) * (SIDE + label)), "white")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(14)  # Pillow's own, the same on every machine
    for row, (name, faces) in enumerate(rows.items()):
        top = row * (SIDE + label)
        draw.text((2, top + 1), name, fill="black", font=font)
        for column, face in enumerate(faces):
            small = Image.fromarray(face).resize((SIDE, SIDE), Image.Resampling.BOX)
            canvas.paste(small, (column * SIDE, top + label))
    stream = io.BytesIO()
    canvas.save(stream, format="JPEG", quality=85)
    return {
        "source": data_uri(stream.getvalue(), "image/jpeg"),
        "title": title,
        "caption": caption,
        "alt": f"Contact sheet with rows {', '.join(rows)}.",
        "width": canvas.width,
        "height": canvas.height,
        "broad": True,
    }


def sheets(params: Params) -> list[dict[str, Any]]:
    """Aligned faces of both pools by emotion, and samples of the second model by blur level."""
    generator = np.random.default_rng(params.figures.seed)
    found = []
    faces = {pool: Faces.open(ALIGN, pool) for pool in POOLS}
    for pool, aligned in faces.items():
        rows = {}
        for label, emotion in enumerate(EMOTIONS):
            places = np.flatnonzero(aligned.table["label"] == label)
            picked = generator.permutation(places)[:ACROSS]
            rows[emotion] = [np.array(aligned.pixels[place]) for place in picked]
        caption = f"Random aligned faces of the {pool} pool, by emotion."
        found.append(sheet(rows, pool.capitalize(), caption))
    second = manifests.read(Path("data/split/second.csv"))
    rows = {}
    for level in LEVELS:
        radius = params.blur.radius(level)
        samples = second[second["blur_radius"] == radius]
        picked_rows = samples.sample(min(ACROSS, len(samples)), random_state=generator)
        if len(picked_rows):
            places = faces["train"].rows(picked_rows["source_id"])
            flips, factors = picked_rows["flip"].astype(bool), picked_rows["brightness"]
            rows[f"{level.replace('_', ' ')} ({radius:g} px)"] = [
                apply(np.array(faces["train"].pixels[place]), flip, factor, radius)
                for place, flip, factor in zip(places, flips, factors, strict=True)
            ]
    caption = "Random samples of the second model's dataset, by the blur they are read with."
    return [*found, sheet(rows, "Second model", caption)]


def flow(judged: dict[str, Any]) -> list[dict[str, Any]]:
    """Counts of each pool from the files found to the balanced samples."""
    prepared = read_json(Path("results/prepare/counts.json"))
    aligned = read_json(Path("results/align/counts.json"))
    balanced = {"train": "balanced-total", "deployment": "deployment-total"}
    rows = []
    for pool in POOLS:
        before, after = prepared[pool], aligned[pool]
        rows.append(
            {
                "pool": pool,
                "counts": {
                    "files found": before["found"],
                    "unreadable": before["rejects"],
                    "duplicates": before["duplicates"],
                    "accepted": before["accepted"],
                    "no usable face": after["rejected"],
                    "kept whole": after["kept_whole"],
                    "aligned": after["aligned"],
                    "balanced": next(iter(judged[balanced[pool]]["measured"].values())),
                },
            }
        )
    return rows


def tables(judged: dict[str, Any]) -> dict[str, Any]:
    """Tables I to III with the paper's values beside this run's."""

    def cells(task: str, model: str, bounds: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"paper": shown(judged.get(f"{task}-{score}", {}).get("paper")), "here": bounds[score]}
            for score in ("accuracy", "f1")
        ]

    statistics = {model: read_json(STATISTICS / f"{model}.json") for model in MODELS}
    names = {"train": "Training", "val": "Validation", "test": "Testing", "total": "Total"}
    counts = pd.read_csv(TABLES / "table1.csv").set_index("set")
    return {
        "table1": [
            {"set": title}
            | {
                model: {
                    "paper": judged[f"table1-{model}-{name}"]["paper"],
                    "here": int(counts.loc[title, model]),  # type: ignore[arg-type]
                }
                for model in MODELS
            }
            for name, title in names.items()
        ],
        "table2": [
            {"model": model,
             "cells": cells(f"table2-{model}", model, statistics[model]["test"])}
            for model in MODELS
        ],
        "table3": [
            {"level": level.replace("_", " "), "model": model,
             "cells": cells(f"table3-{model}-{level.replace('_', '-')}", model,
                            statistics[model][level])}
            for level in LEVELS for model in MODELS
        ],
    }  # fmt: skip


def content() -> dict[str, Any]:
    """Everything the template shows, by name."""
    params = load()
    judged = read_json(Path("results/claims.json"))
    claims = judged["claims"]
    captions = read_yaml(CAPTIONS)
    layers = pd.read_csv(TABLES / "fig09-layers.csv").to_dict("records")
    return {
        **tables(claims),
        "verdicts": VERDICTS,
        "models": MODELS,
        "dataset": judged["dataset"],
        "counts": judged["counts"],
        "kinds": judged["kinds"],
        "settings": verdicts.count({k: c for k, c in claims.items() if c["setting"]}),
        "claims": claims,
        "conclusions": {key: entry for key, entry in claims.items() if entry["conclusion"]},
        "agreement": read_json(Path("results/agreement.json")),
        "comparison": read_json(STATISTICS / "comparison.json"),
        "figures": [
            drawing(name, caption)
            for name, caption in captions.items()
            if name.startswith("fig") and name != "fig09-layers"
        ],
        "curve": drawing("accuracy-against-blur", captions["accuracy-against-blur"]),
        "layers": layers,
        "layers_caption": captions["fig09-layers"]["caption"],
        "layer_notes": {
            row["layer"]: claims[f"fig9-{row['layer'].replace(', ', '-')}"]["reason"]
            for row in layers
        },
        "flow": flow(claims),
        "sheets": sheets(params),
        "environment": environment.describe(params.train),
        "packages": environment.packages(),
        "seeds": {
            name: section["seed"] for name, section in params.model_dump().items()
            if "seed" in section
        },
        "durations": record.read()["stages"],
    }  # fmt: skip


def in_short(shown: Mapping[str, Any]) -> str:
    """Table III, the comparison with the committed run and the verdicts, for the terminal."""
    names = {f"{m}_{s}": f"{m} {s.replace('f1', 'F1')}" for m in MODELS for s in ("accuracy", "f1")}
    table = pd.read_csv(TABLES / "table3.csv").rename(columns=names)
    scores = table[["level", *names.values()]].to_string(index=False, float_format="{:.3f}".format)
    counts = ", ".join(f"{shown['counts'][key]} {key.replace('_', ' ')}" for key in VERDICTS)
    return f"Table III\n{scores}\n{shown['agreement']['line']}\nThe paper's claims: {counts}"


def main() -> None:
    """Write the page, note the environment beside the durations, and say in short what it says."""
    shown_here = content()
    record.note_environment(shown_here["environment"] | {"packages": shown_here["packages"]})
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "shown_paper": shown_paper,
        "shown_facts": shown_facts,
        "shown_trainings": shown_trainings,
    }
    write_text(OUT, templates.get_template(TEMPLATE.name).render(shown_here))
    print(in_short(shown_here))


if __name__ == "__main__":
    stages.run(main)
