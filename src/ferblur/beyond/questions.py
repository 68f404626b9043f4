"""The questions beyond the paper, each answered in numbers from what the stages before it left."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ferblur.beyond.cells import ESTIMATED, ESTIMATES, LEARNED, SOURCES, cells, radii, trainings
from ferblur.beyond.named import STUDYS
from ferblur.beyond.params import Extensions
from ferblur.core.params import Params
from ferblur.core.study import LEVELS, MODELS
from ferblur.dataset.manifest import read_manifest
from ferblur.evidence import capturing, causes, leakage, remedies, sweeps
from ferblur.evidence.intervals import clusters, read_predictions
from ferblur.evidence.unseen import Unseen

ADAPT = Path("data/adapt")
ALIGN = Path("data/align")
BALANCE = Path("data/balance")
CAPTURE = Path("data/capture")
EXPLAIN = Path("data/explain")
RESTORE = Path("data/restore")
SWEEP = Path("data/sweep")
VARY = Path("data/vary")

TEXT = {"source_id": str, "subject": str, "status": str}

SPLITS = {"": "by sample", "_by_clip": "by clip", "_by_person": "by person"}
"""What the ending of a variant's name says of its split; the study's has none."""

Answers = dict[str, np.ndarray]
"""What was answered at each of the study's levels, S trainings x N places among the classes."""


class Run:
    """What the stages left of one run."""

    def __init__(self, params: Params, extensions: Extensions) -> None:
        self.params, self.extensions = params, extensions
        self.rows = read_manifest(BALANCE / "deployment.csv")
        faces = pd.read_csv(ALIGN / "deployment.csv", dtype=TEXT, keep_default_na=False)
        self.faces = faces.set_index("source_id").loc[self.rows["source_id"]].reset_index()
        self.emotions = params.data.emotions
        self.labels = self.rows["label"].to_numpy()

    @cached_property
    def unseen(self) -> Unseen:
        """The samples of unseen people, and the draws that all comparisons share."""
        people = clusters(self.faces[["source_id", "subject"]])
        return Unseen.draw(self.labels, people, len(self.emotions), self.params.statistics)

    @cached_property
    def radii(self) -> list[float]:
        """The sweep's radii, px."""
        return radii(self.extensions.sweep, self.params.blur)

    @property
    def blurred(self) -> list[float]:
        """The radii of the study's levels, but for sharp faces."""
        return [radius for radius in self.params.blur.radii().values() if radius]

    @cached_property
    def swept(self) -> sweeps.Swept:
        """What the models of the sweep answered."""
        logits = {
            name: np.load(SWEEP / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in self.extensions.sweep.models
        }
        blurs = cells(self.extensions.sweep, self.params.blur)
        return sweeps.Swept(self.unseen, logits, blurs, self.params.evaluate.f1_average)

    def at_levels(self, model: str) -> Answers:
        """What a model of the sweep answered at the study's levels."""
        levels = self.params.blur.radii()
        return {level: self.swept.predicted(model, STUDYS, levels[level]) for level in LEVELS}

    def tables(self, variant: str) -> list[dict[str, pd.DataFrame]]:
        """Prediction rows of a variant's trainings, by task."""
        found = []
        for seed in trainings(variant, self.extensions.vary, self.params.train):
            table = pd.read_csv(VARY / variant / f"{seed}.csv", dtype=TEXT, keep_default_na=False)
            found.append({str(task): rows for task, rows in table.groupby("task", sort=False)})
        return found

    def truth(self) -> pd.DataFrame | None:
        """What is known of who is shown in each of the N samples, where the dataset says it."""
        path = Path(self.params.data.root) / "deployment/truth.csv"
        if not path.is_file():
            return None
        table = pd.read_csv(path, dtype={"file": str}).set_index("file")
        known = self.rows["source_id"].isin(table.index)
        return table.loc[self.rows["source_id"]].reset_index() if known.all() else None


def breaking(run: Run) -> dict[str, Any]:
    """Where recognition breaks, by model."""
    return sweeps.breaking(run.swept, run.blurred, run.emotions)


def across(run: Run) -> dict[str, Any]:
    """Whether blur training transfers over kinds of blur."""
    return sweeps.across(run.swept, run.blurred)


def captured(run: Run) -> list[dict[str, Any]]:
    """What it costs when blur comes before detection; empty where no face is searched for."""
    table = pd.read_csv(CAPTURE / "faces.csv", dtype=TEXT, keep_default_na=False)
    if table["status"].str.endswith("not searched").all():
        return []
    for column in table.columns.difference([*TEXT, "sample_id"]):
        table[column] = pd.to_numeric(table[column])
    shape = len(run.radii), len(run.rows)
    sharp = run.faces.loc[np.tile(np.arange(len(run.rows)), len(run.radii))].reset_index(drop=True)
    error = capturing.eye_error(table, sharp).reshape(shape)
    before, after = {}, {}
    for model in MODELS:
        logits = np.load(CAPTURE / f"{model}.npy", allow_pickle=False)
        asked = ~np.isnan(logits).any(axis=-1)
        answers = np.nan_to_num(logits).argmax(axis=-1)
        before[model] = np.where(asked, answers, len(run.emotions))
        after[model] = np.stack(
            [run.swept.predicted(model, STUDYS, radius) for radius in run.radii], axis=1
        )
    missed = (table["faces"].to_numpy(float) == 0).reshape(shape)
    return capturing.captured(run.unseen, run.radii, missed, error, before, after)


def leaked(run: Run) -> dict[str, Any]:
    """Table II under each split; empty where no variant has another."""
    tests: dict[str, dict[str, Sequence[pd.DataFrame]]] = {}
    for model in MODELS:
        tests[model] = {}
        for ending, name in SPLITS.items():
            if not ending:
                seeds = run.params.train.seeds
                tests[model][name] = [read_predictions(model, seed)["test"] for seed in seeds]
            elif model + ending in run.extensions.vary.variants:
                tests[model][name] = [tasks["test"] for tasks in run.tables(model + ending)]
    if all(len(by_split) < 2 for by_split in tests.values()):
        return {}
    average, classes = run.params.evaluate.f1_average, len(run.emotions)
    return leakage.splits(tests, classes, run.params.statistics, average)


def retrained(run: Run) -> dict[str, Answers]:
    """What the variants answered that are no other splits of the study's samples."""
    split_otherwise = {model + ending for model in MODELS for ending in SPLITS if ending}
    tables = {
        name: run.tables(name)
        for name in run.extensions.vary.variants
        if name not in split_otherwise
    }
    return {
        name: {
            level: np.stack([tasks[level]["predicted"].to_numpy() for tasks in trainings_])
            for level in LEVELS
        }
        for name, trainings_ in tables.items()
    }


def undone(run: Run) -> dict[str, Answers]:
    """What the baseline answered to faces restored by each way, by the radius that is undone."""
    if not run.extensions.restore.methods:
        return {}
    known = pd.read_csv(RESTORE / "cells.csv", keep_default_na=False)
    asked = np.load(RESTORE / "baseline.npy", mmap_mode="r", allow_pickle=False)
    as_they_are = run.at_levels(MODELS[0])  # as sharp faces are, of whose true radius nothing is
    return {
        f"{method}, {source} radius": as_they_are
        | {
            str(level): asked[:, place].argmax(axis=-1)
            for level, place in zip(rows["level"], rows.index, strict=True)
        }
        for (method, source), rows in known.groupby(["method", "kernel_source"], sort=False)
    }


def adapted(run: Run, model: str) -> dict[str, Answers]:
    """What a model of the sweep answered when adapted, by the source of the radius."""
    logits = np.load(ADAPT / f"{model}.npy", mmap_mode="r", allow_pickle=False)
    return {
        source: {
            level: logits[:, place, number].argmax(axis=-1) for number, level in enumerate(LEVELS)
        }
        for place, source in enumerate(SOURCES)
    }


def routed(run: Run) -> dict[str, Answers]:
    """What a route answered that asks one of two models, the other as it is and adapted."""
    route, estimated = run.extensions.route, estimates_at_levels(run)
    blurred = {
        route.blurred: run.at_levels(route.blurred),
        f"{route.blurred} adapted": adapted(run, route.blurred)[ESTIMATED],
    }
    return {
        f"route from {route.sharp} to {name}": remedies.routed(
            run.at_levels(route.sharp), answers, estimated, route.threshold
        )
        for name, answers in blurred.items()
    }


def remedied(run: Run) -> dict[str, Any]:
    """All that may help, beside the study's models: variants, undoing blur, adapting, routes."""
    answers = {name: run.at_levels(name) for name in MODELS} | retrained(run)
    asks: dict[str, str] = {}  # the model whose trainings answer, where none is trained
    ways = [(MODELS[0], undone(run))]
    for model in run.extensions.sweep.models:
        by_source = adapted(run, model).items()
        ways.append((model, {f"{model} adapted, {source} radius": a for source, a in by_source}))
    ways += [(run.extensions.route.blurred, routed(run))]
    for model, found in ways:
        answers |= found
        asks |= dict.fromkeys(found, model)
    return remedies.compared(run.unseen, answers, *MODELS, asks)


def estimates(run: Run) -> pd.DataFrame:
    """The estimated radii of every blur of the sweep."""
    return pd.read_csv(RESTORE / "estimates.csv", dtype={"kernel": str})


def estimates_at_levels(run: Run) -> dict[str, np.ndarray]:
    """The estimates that routes go by, at the study's levels."""
    table = estimates(run)
    studys = {
        float(rows["radius"].iloc[0]): rows[LEARNED].to_numpy()
        for _, rows in table[table["kernel"] == STUDYS].groupby("radius")
    }
    return {level: studys[radius] for level, radius in run.params.blur.radii().items()}


def detected(run: Run) -> dict[str, Any]:
    """How well the radius of a face's blur is estimated, and how undoing it changes the face."""
    known = pd.read_csv(RESTORE / "cells.csv", keep_default_na=False)
    route, by_level = run.extensions.route, estimates_at_levels(run)
    return {
        "estimates": remedies.estimates(run.unseen, estimates(run), ESTIMATES),
        "curve": pd.read_csv(RESTORE / "curve.csv").to_dict("list"),
        "restored": known.to_dict("records"),
        "to_blurred": {
            level: run.unseen.interval(run.unseen.share(radii_ >= route.threshold))
            for level, radii_ in by_level.items()
        },
    }


def explained(run: Run) -> dict[str, Any]:
    """Why: what an expression changes, where the models look, and who is shown."""
    changes = pd.read_csv(EXPLAIN / "expressions.csv")
    cut_offs = {name: run.swept.cut_offs_by_class(name, STUDYS) for name in MODELS}
    found: dict[str, Any] = {
        "expressions": causes.expressions(run.unseen, cut_offs, changes, run.emotions),
        "attention": causes.attention(pd.read_csv(EXPLAIN / "attention.csv")),
    }
    if (truth := run.truth()) is not None:
        answers = {name: run.at_levels(name) for name in MODELS}
        found["groups"] = causes.by_group(run.unseen, answers, truth)
    return found


QUESTIONS: dict[str, Callable[[Run], Any]] = {
    "breaking": breaking,
    "across": across,
    "captured": captured,
    "leaked": leaked,
    "remedied": remedied,
    "detected": detected,
    "explained": explained,
}
"""Each question's numbers, by the name of its file in results/extensions."""
