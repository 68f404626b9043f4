"""The committed answers beyond the paper, for PDF and page: what they rest on, tables, drawings."""

from collections.abc import Mapping
from typing import Any

from ferblur.core.study import LEVELS, MODELS
from ferblur.pages.beside import named
from ferblur.pages.wording import shown, way

STUDYS = "box"
"""The study's kind of blur."""

TABLES: dict[str, dict[str, Any]] = {
    "leaked": {
        "columns": {
            "model": "Model",
            "split": "Split",
            "samples": "Test samples",
            "people": "People",
            "accuracy": "Accuracy",
            "f1": "F1",
            "leak_share": "Share leaked",
        },
        "numbers": ["samples", "people"],
        "caption": (
            "Both models on their own test sets, split by sample, as in the study, or so that no "
            "clip or no person is in two sets. Share leaked: how much the accuracy by sample "
            "exceeds this one, as a share of what it exceeds chance by."
        ),
    },
    "remedied": {
        "columns": {
            "remedy": "Way",
            "none": "Accuracy, sharp",
            "mean": "Mean of the levels",
            "over_baseline": "Mean minus the baseline's",
            "over_second": "Mean minus the second's",
            "beats": "Beats the second",
        },
        "numbers": [],
        "caption": (
            "What may help, by its mean accuracy over the study's levels of blur. A way beats the "
            "second model where its mean is higher, with all of the interval and in each training, "
            "and on sharp faces it is at most a point less accurate than the baseline. An adapted "
            "model normalises by statistics of blurred training faces. A route asks one of two "
            "models, by the blur that is estimated from the face. Blurred in place: of the "
            "baseline's samples, those that the second model has blurred copies of are blurred. "
            "All are compared on the same faces, so the best is flattered a little."
        ),
    },
}
"""For each table its columns, those of them that are whole numbers, and its caption."""

WORDS = {
    "equal_steps": "second's samples, all sharp",
    "equal_samples": "blurred in place",
    "mixture": "several kinds of blur",
    "all_radii": "any radius",
    "wiener": "Wiener",
    "unsupervised_wiener": "unsupervised Wiener",
    "richardson_lucy": "Richardson-Lucy",
}
"""Variants of the models, and ways to undo blur, in a table; another's name stands as it is."""


def called(key: str) -> str:
    """A model, a variant, or another way to recognise blurred faces, in a table."""
    known = way(key)
    what = WORDS.get(known.what, known.what.replace("_", " "))
    said = ", ".join(filter(None, [what, "adapted" * known.adapted, known.source]))
    return f"route: {called(known.sharp)} or {said}" if known.sharp else said


def about(dataset: str, found: Mapping[str, Any]) -> str:
    """What the answers rest on, and what their intervals cover."""
    by_person = found["resampled"] == "subject"
    several = found["trainings"] > 1
    trained = f"{found['trainings']} times" if several else "once"
    what = "people" if by_person else "images"
    fewer = (
        f", or {found['variant_trainings']} times where it is a variant of them"
        if found["variant_trainings"] < found["trainings"]
        else ""
    )
    return (
        f"The committed run on {named(dataset)} shows {shown(found['samples'])} samples of "
        f"{shown(found['clusters'])} {'unseen people' if by_person else 'images of unseen people'} "
        f"at each blur to models of which each was trained {trained}{fewer}. Intervals "
        f"({100 * found['confidence']:g} %) cover the choice of {what}"
        f"{' and of trainings' if several else ''}, but not of whom the models are trained on."
    )


def leaked(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """Table II under each split, a row for each model and split; the first is the study's."""
    rows = []
    for model, splits in found.items():
        for place, (split, each) in enumerate(splits.items()):
            known = "accuracy", "f1", *(("leak_share",) if place else ())
            rows.append(
                {
                    "model": model,
                    "split": split,
                    "samples": shown(each["samples"]),
                    "people": shown(each["people"]) if each["people"] < each["samples"] else "",
                    "leak_share": "",
                    **{name: shown(each[name]) for name in known},
                }
            )
    return rows


def ordered(found: Mapping[str, Any]) -> list[str]:
    """The study's models, then the other ways, the best first."""
    others = [name for name in found if name not in MODELS]
    return [*MODELS, *sorted(others, key=lambda name: -found[name]["mean"]["value"])]


def remedied(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """All that may help, a row each."""
    rows = []
    for name in ordered(found):
        each = found[name]
        row = {
            "remedy": called(name),
            "none": shown(each["levels"][LEVELS[0]]),
            "mean": shown(each["mean"]),
            "over_baseline": "" if name == MODELS[0] else shown(each["over_baseline"]),
            "over_second": "" if name == MODELS[1] else shown(each["over_second"]),
            "beats": "" if name in MODELS else shown(each["beats"]),
        }
        rows.append(row)
    return rows


def swept(found: Mapping[str, Any]) -> dict[str, Any]:
    """Accuracy against radius by kind of blur and model; at radius 0 there is one for all kinds."""
    first = found[MODELS[0]]
    kernels: dict[str, Any] = {kernel: {} for kernel in first["cut_off"]}
    for model, each in found.items():
        for kernel, curves in kernels.items():
            rows = [row for row in each["table"] if row["kernel"] == kernel or not row["radius"]]
            curves[called(model)] = {
                "radii": [row["radius"] for row in rows],
                "accuracy": [row["accuracy"] for row in rows],
                "cut_off": each["cut_off"][kernel],
            }
    return {"chance": 1 / len(first["cut_off_by_emotion"]), "kernels": kernels}


def causes(breaking: Mapping[str, Any], explained: Mapping[str, Any]) -> dict[str, Any]:
    """Cut-off and fineness of each emotion of which both are known; how the answers collapse."""
    studys = {
        model: [row for row in breaking[model]["table"] if row["kernel"] == STUDYS]
        for model in MODELS
    }
    return {
        "emotions": {
            emotion: {
                "centroid": centroid,
                "cut_off": {m: breaking[m]["cut_off_by_emotion"][emotion] for m in MODELS},
            }
            for emotion, centroid in explained["expressions"]["centroid"]["by_emotion"].items()
        },
        "collapse": {
            model: {
                name: [row[name] for row in rows] for name in ("radius", "commonest_share", "ece")
            }
            for model, rows in studys.items()
        },
    }


def drawn(found: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of the figures."""
    remedies = found["remedied"]
    return {
        "swept": swept(found["breaking"]),
        "remedied": [
            {
                "name": called(name),
                "mean": remedies[name]["mean"],
                "sharp": remedies[name]["levels"][LEVELS[0]],
                "beats": remedies[name]["beats"],
            }
            for name in ordered(remedies)
        ],
        "captured": found["captured"],
        "causes": causes(found["breaking"], found["explained"]),
    }


def content(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What is shown of the answers that `evidence.other_runs.read_beyond` reads, by dataset.

    Figures are of the first dataset alone.
    """
    return {
        "beyond_tables": TABLES,
        "beyond": [
            {
                "dataset": dataset,
                "name": named(dataset),
                "about": about(dataset, each),
                "answers": each["answers"],
                "leaked": leaked(each["leaked"]),
                "remedied": remedied(each["remedied"]),
                "drawn": None if place else drawn(each),
            }
            for place, (dataset, each) in enumerate(found.items())
        ],
    }
