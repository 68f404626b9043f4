"""What this run did and found, as one nested mapping: the values claims.yaml names by dotted keys.

Nothing is decided here; `gather` only reads what the stages left, and counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ferblur.core.files import read_json
from ferblur.core.params import Params
from ferblur.core.study import LEVELS, MODELS, POOLS, SPLITS
from ferblur.dataset.blur import box_blur
from ferblur.dataset.manifest import read_manifest
from ferblur.evidence.differences import differences

PREPARE_RESULTS = Path("results/prepare")
ALIGN_RESULTS = Path("results/align")
TRAIN_RESULTS = Path("results/train")
STATISTICS = Path("results/statistics")
ARCHITECTURE = Path("results/architecture.json")
PREPARE = Path("data/prepare")
ALIGN = Path("data/align")
BALANCE = Path("data/balance")
SPLIT = Path("data/split")

MIN_CLUSTERS = 10
"""With fewer people (or images, where people are unknown) than this, a bootstrap says nothing."""


def pools(params: Params) -> dict[str, Any]:
    """The datasets before balancing: images, duplicates, classes, faces found (III.A, III.B)."""
    prepared = read_json(PREPARE_RESULTS / "counts.json")
    aligned = read_json(ALIGN_RESULTS / "counts.json")
    accepted = {
        pool: pd.read_csv(PREPARE / f"{pool}.csv", usecols=["sha256", "bytes"]) for pool in POOLS
    }
    classes = {pool: prepared[pool]["classes"] for pool in POOLS}

    def same(side: str) -> int | None:
        ends = {end for pool in POOLS for end in prepared[pool][side]}
        return ends.pop() if len(ends) == 1 else None

    def rarest(counts: dict[str, int]) -> str | None:
        fewest = [name for name, number in counts.items() if number == min(counts.values())]
        return fewest[0] if len(fewest) == 1 else None

    found = sum(aligned[p]["aligned"] for p in POOLS) / sum(aligned[p]["accepted"] for p in POOLS)
    known = all(prepared[pool]["subjects"] for pool in POOLS)
    shared = prepared["in_both_pools"] + prepared["people_in_both_pools"]
    return {
        "shared": shared if known or shared else None,
        "image": {
            "width": same("width"),
            "height": same("height"),
            "kilobytes": float(pd.concat(accepted.values())["bytes"].median() / 1000),
        },
        "imbalance": {pool: _ratio(counts.values()) for pool, counts in classes.items()},
        "rarest": {pool: rarest(counts) for pool, counts in classes.items()},
        "duplicates": {
            "left": sum(len(t) - t["sha256"].nunique() for t in accepted.values()),
            **{pool: prepared[pool]["duplicates"] for pool in POOLS},
        },
        "aligned": {"share": found if params.align.detector != "none" else None},
    }


def _ratio(counts: Iterable[int]) -> float | None:
    """Largest over smallest count; None where a class is empty."""
    numbers = list(counts)
    return max(numbers) / min(numbers) if min(numbers) else None


def _classes(labels: pd.Series, emotions: Sequence[str]) -> list[int]:
    """Samples of each class, in the order of labels."""
    return [int((labels == label).sum()) for label in range(len(emotions))]


def samples(params: Params) -> dict[str, Any]:
    """The manifests: balanced sets, splits, blurred samples (III.B to III.D, Table I)."""
    emotions = params.data.emotions
    faces = {
        pool: _classes(pd.read_csv(ALIGN / f"{pool}.csv", usecols=["label"])["label"], emotions)
        for pool in POOLS
    }
    balanced = read_manifest(BALANCE / "train.csv")
    deployment = read_manifest(BALANCE / "deployment.csv")
    split = {model: read_manifest(SPLIT / f"{model}.csv") for model in MODELS}
    second = split["second"]
    per_class = _classes(balanced["label"], emotions)
    shown = _classes(deployment["label"], emotions)
    counts = {
        model: {
            **{name: int((rows["split"] == name).sum()) for name in SPLITS},
            "total": len(rows),
        }
        for model, rows in split.items()
    }

    def blurred(level: str) -> int | None:
        rows = second[second["blur_radius"] == params.blur.radius(level)]
        each = set(_classes(rows["label"], emotions))
        return each.pop() if len(each) == 1 else None

    any_blur = int((second["blur_radius"] > 0).sum())
    return {
        # by name, as LabelEncoder numbers them
        "labels": [
            emotions.index(name) for name in sorted(emotions) if per_class[emotions.index(name)]
        ],
        "balanced": {
            "flipped": int(balanced["flip"].sum()),
            "brighter": int((balanced["brightness"] > 1).sum()),
            "imbalance": _ratio(per_class),
            "over_majority": max(per_class) / max(faces["train"]),
            "per_class": max(per_class),
        },
        "deployment": {
            "per_class": max(shown),
            "of_smallest": max(shown) / min(faces["deployment"]),
            "total": len(deployment),
        },
        "splits": counts,
        "shares": {
            model: {name: rows[name] / rows["total"] for name in SPLITS}
            for model, rows in counts.items()
        },
        "blurred": {
            **{level: blurred(level) for level in LEVELS[1:]},
            "total": any_blur,
            "share": any_blur / len(second),
            "sharp_over_baseline": (len(second) - any_blur) / len(split["baseline"]),
        },
    }


def architecture() -> dict[str, Any]:
    """The model object: depth, parts, and Fig. 9 by its layers (section IV)."""
    described = read_json(ARCHITECTURE)
    rows = described["figure9"]
    depth = sum(row["depth"] for row in rows)
    pooling = sum(row["type"] in ("max pooling", "average pooling") for row in rows)
    sides = sorted({row["window"] for row in rows if row["type"] == "inception"})
    return {
        "architecture": {
            "depth": depth,
            "depth_with_pooling": depth + pooling,
            "modules": described["modules"],
            "branches": len(described["branches"]["inception3a"]),
            "third_branch": sides[0] if len(sides) == 1 else sides,
            "with_5x5": {row.pop("layer"): row for row in described["with_5x5"]},
        },
        "layers": {
            **{row.pop("layer"): row for row in rows},
            "softmax": {"type": "none"},  # torchvision's module has none
        },
    }


def blur() -> dict[str, Any]:
    """The blur itself (III.C): the box in px over which a single white one is averaged evenly."""
    image = np.zeros((9, 9, 3), dtype=np.uint8)
    image[4, 4] = 250
    blurred = box_blur(image, 2)[:, :, 0]
    even = set(blurred[blurred > 0].tolist()) == {10}
    return {"blur": {"box": int((blurred > 0).sum()) if even else 0}}


def scores(params: Params) -> dict[str, Any]:
    """Scores with their intervals, differences, recalls, and the end of the training curves."""
    statistics = {model: read_json(STATISTICS / f"{model}.json") for model in MODELS}
    comparison = read_json(STATISTICS / "comparison.json")
    found = read_json(STATISTICS / "differences.json")
    if comparison["clusters"] < MIN_CLUSTERS:
        found = _unknown(found) | {"gain": {"test": found["gain"]["test"]}}
        found["gain"] |= dict.fromkeys(LEVELS)
    if comparison["clusters_own"] < MIN_CLUSTERS:
        found["gain"]["test"] = None
        found["unseen"] = dict.fromkeys(MODELS)
    curves = {}
    for model in MODELS:
        ends = [
            read_json(TRAIN_RESULTS / model / f"{seed}/summary.json")[params.evaluate.epoch]
            for seed in params.train.seeds
        ]
        test = statistics[model]["test"]["accuracy"]["value"]
        curves[model] = {
            "train": float(np.mean([end["train/accuracy"] for end in ends])),
            "validation_minus_test": float(np.mean([end["val/accuracy"] for end in ends])) - test,
        }
    recalls = read_json(STATISTICS / "recall.json")
    return {
        "evaluated": {
            "emotions": len(recalls["baseline"]["none"]),
            "blurred_sets": len(recalls["baseline"]) - 1,
        },
        "statistics": statistics,
        "differences": found,
        "recall": recalls,
        "curves": curves,
    }


def of_trainings(chance: float) -> list[dict[str, Any]]:
    """The differences of each pair of trainings from one seed, by its scores; no intervals.

    `chance` is the accuracy of guessing.
    """

    def numbers(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: numbers(value) for key, value in tree.items()}
        return float(tree)

    scored = read_json(STATISTICS / "trainings.json")
    return [
        {
            "differences": numbers(
                differences(
                    {
                        model: {t: np.array(score["accuracy"]) for t, score in by[seed].items()}
                        for model, by in scored.items()
                    },
                    chance,
                )
            )
        }
        for seed in scored["baseline"]
    ]


def _unknown(tree: dict[str, Any]) -> dict[str, Any]:
    """The same keys without their intervals."""
    return {
        key: None if value is None or "value" in value else _unknown(value)
        for key, value in tree.items()
    }


def gather(params: Params) -> Mapping[str, Any]:
    """Every fact of the run whose files lie in the working directory."""
    return {
        "params": params.model_dump(),
        **pools(params),
        **samples(params),
        **architecture(),
        **blur(),
        **scores(params),
    }
