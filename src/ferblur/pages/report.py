"""What the reviewer's page shows: drawings, tables beside the paper's, counts, this run."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from ferblur.core import run_log
from ferblur.core.arithmetic import PORTABLE, THREADS
from ferblur.core.files import read_json, read_yaml
from ferblur.core.params import Params
from ferblur.core.study import LEVELS, MODELS, POOLS
from ferblur.evidence import environment, verdicts
from ferblur.pages.contact_sheet import data_uri, sheets
from ferblur.pages.wording import (
    ABOUT,
    LAYER_COLUMNS,
    LEGEND,
    SCORE_COLUMNS,
    claim_cell,
    claim_columns,
    score_words,
    sections,
    shown,
)

CAPTIONS = Path("paper/captions.yaml")
FIGURES = Path("paper/figures")
TABLES = Path("paper/tables")
PREPARE_RESULTS = Path("results/prepare")
ALIGN_RESULTS = Path("results/align")
TRAIN_RESULTS = Path("results/train")
STATISTICS = Path("results/statistics")
JUDGED = Path("results/claims.json")
AGREEMENT = Path("results/agreement.json")
BESIDE = Path("results/beside.json")

DRAWN_BEYOND = ("beyond-sweep", "beyond-remedies", "beyond-capture", "beyond-causes")
"""The figures of the answers beyond the paper."""


def drawing(name: str, caption: Mapping[str, str], params: Params) -> dict[str, Any]:
    """A figure of the paper, its size in px, title, caption and alternative text."""
    instead = None
    if not params.figures.show_faces:
        instead = caption.get("hidden")
    elif params.align.detector == "none":
        instead = caption.get("whole")
    content = (FIGURES / f"{name}.svg").read_bytes()
    svg = ElementTree.fromstring(content)
    width, height = (round(float(svg.attrib[side].removesuffix("pt")) / 0.75) for side in
                     ("width", "height"))  # fmt: skip
    number = name.partition("-")[0].removeprefix("fig").lstrip("0")
    return {
        "source": data_uri(content, "image/svg+xml"),
        "title": f"Fig. {number}" if number.isdigit() else "Ours",
        "caption": instead or caption["caption"],
        "alt": instead or caption["alt"],
        "stage": "figures",
        "width": width,
        "height": height,
        "broad": width > 480,
    }


def flow(judged: dict[str, Any]) -> list[dict[str, Any]]:
    """Counts of each pool from the files found to the balanced samples."""
    prepared = read_json(PREPARE_RESULTS / "counts.json")
    aligned = read_json(ALIGN_RESULTS / "counts.json")
    balanced = {"train": "balanced-total", "deployment": "deployment-total"}
    rows = []
    for pool in POOLS:
        before, after = prepared[pool], aligned[pool]
        rows.append(
            {
                "pool": pool,
                "counts": {
                    "files found": before["found"],
                    "rejected": before["rejects"],
                    "duplicates": before["duplicates"],
                    "accepted": before["accepted"],
                    "of these nearly equal": before["near_duplicates"],
                    "no usable face": after["rejected"],
                    "kept whole": after["kept_whole"],
                    "aligned": after["aligned"],
                    "balanced": next(iter(judged[balanced[pool]]["measured"].values())),
                },
            }
        )
    return rows


def strength(row: pd.Series) -> dict[str, str]:
    """How strong a row of Table III blurs, for readers; sharp faces have no half contrast."""
    cycles = row["half_contrast"]
    return {
        "radius": f"{row['radius']:g}",
        "sigma": f"{row['sigma']:.2f}",
        "sigma_percent": f"{row['sigma_percent']:.1f}",
        "half_contrast": "" if pd.isna(cycles) else f"{cycles:.1f}",
    }


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
    rows = pd.read_csv(TABLES / "table3.csv").iterrows()
    blurred = {row["level"]: strength(row) for _, row in rows}
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
            {"level": level.replace("_", " "), "blur": blurred[level], "model": model,
             "cells": cells(f"table3-{model}-{level.replace('_', '-')}", model,
                            statistics[model][level])}
            for level in LEVELS for model in MODELS
        ],
    }  # fmt: skip


def surroundings(seed: int) -> dict[str, str]:
    """The machine and the code, and how the baseline was trained from a seed, maybe elsewhere."""
    trained = read_json(TRAIN_RESULTS / f"baseline/{seed}/computed.json")
    threads = (
        {"threads of each training": str(THREADS)} if trained["arithmetic"] == PORTABLE else {}
    )
    return environment.describe() | {
        "device": trained["device"],
        "arithmetic of training": trained["arithmetic"],
        **threads,
    }


def content(params: Params) -> dict[str, Any]:
    """Everything the template shows, by name."""
    judged = read_json(JUDGED)
    agreement = read_json(AGREEMENT)
    claims, beside = judged["claims"], read_json(BESIDE)
    claims_by_kind = sections(claims)
    captions = read_yaml(CAPTIONS)
    unused = set() if params.train.weights == "rendered" else {"pretrain"}
    parameters = params.model_dump(exclude=unused).items()
    return {
        **tables(claims),
        "verdicts": verdicts.VERDICTS,
        "models": MODELS,
        "dataset": judged["dataset"],
        "headline": judged["headline"],
        "apart": judged["apart"],
        "counts": judged["counts"],
        "settings": Counter(entry["verdict"] for entry in claims.values() if entry["setting"]),
        "sections": claims_by_kind,
        "about": ABOUT,
        "legend": LEGEND,
        "claim_columns": {kind: claim_columns(kind, beside["others"]) for kind in claims_by_kind},
        "claim_cell": claim_cell,
        "conclusions": {key: entry for key, entry in claims.items() if entry["conclusion"]},
        "agreement": agreement,
        "scores": [score_words(cell) for cell in agreement["cells"]],
        "score_columns": SCORE_COLUMNS,
        "comparison": read_json(STATISTICS / "comparison.json"),
        "figures": [
            drawing(name, caption, params)
            for name, caption in captions.items()
            if name.startswith("fig") and name != "fig09-layers"
        ],
        "curve": drawing("accuracy-against-blur", captions["accuracy-against-blur"], params),
        "beside": beside["others"],
        "beside_columns": beside["columns"],
        "beside_curve": drawing("accuracy-beside", captions["accuracy-beside"], params)
        if beside["others"]
        else None,
        "beyond": beside["beyond"],
        "beyond_tables": beside["beyond_tables"],
        "beyond_figures": [
            drawing(name, captions[name], params)
            for name in (DRAWN_BEYOND if beside["beyond"] else ())
        ],
        "layers": judged["layers"],
        "layer_columns": LAYER_COLUMNS,
        "layers_caption": captions["fig09-layers"]["caption"],
        "flow": flow(claims),
        "sheets": sheets(params) if params.figures.show_faces else [],
        "environment": surroundings(params.train.seeds[0]),
        "packages": environment.packages(),
        "seeds": {name: section["seed"] for name, section in parameters if "seed" in section}
        | {"train": ", ".join(map(str, params.train.seeds))},
        "durations": run_log.read()["stages"],
    }


def summary(page: Mapping[str, Any]) -> str:
    """Table III, the comparison with the committed run and the verdicts, for the terminal."""
    names = {f"{m}_{s}": f"{m} {s.replace('f1', 'F1')}" for m in MODELS for s in ("accuracy", "f1")}
    table = pd.read_csv(TABLES / "table3.csv").rename(columns=names)
    scores = table[["level", *names.values()]].to_string(index=False, float_format="{:.3f}".format)
    others = [other["summary"] for other in page["beside"]]
    said = [page["agreement"]["line"], page["headline"], page["apart"], *others]
    return "\n".join(["Table III", scores, *said])
