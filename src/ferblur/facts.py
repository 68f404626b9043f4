"""What this run did and found, as one nested mapping: the values claims.yaml names by dotted keys.

Nothing is decided here; `gather` only reads what the stages left, and counts.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torchvision.models.googlenet import Inception

from ferblur import manifest as manifests
from ferblur import metrics
from ferblur.architecture import branches, googlenet
from ferblur.blur import LEVELS, box_blur
from ferblur.dataset import EMOTIONS, POOLS
from ferblur.files import read_json
from ferblur.manifest import MODELS
from ferblur.params import Params


def pools() -> dict[str, Any]:
    """The datasets before balancing: images, duplicates, classes, faces found (III.A, III.B)."""
    prepared = read_json(Path("results/prepare/counts.json"))
    aligned = read_json(Path("results/align/counts.json"))
    accepted = {
        pool: pd.read_csv(f"data/prepare/{pool}.csv", usecols=["sha256", "bytes"]) for pool in POOLS
    }
    classes = {pool: prepared[pool]["classes"] for pool in POOLS}

    def same(side: str) -> int | None:
        ends = {end for pool in POOLS for end in prepared[pool][side]}
        return ends.pop() if len(ends) == 1 else None

    def rarest(counts: dict[str, int]) -> str | None:
        fewest = [name for name, number in counts.items() if number == min(counts.values())]
        return fewest[0] if len(fewest) == 1 else None

    known = all(prepared[pool]["subjects"] for pool in POOLS)
    shared = prepared["in_both_pools"]  # images; `prepare` refuses a subject in both pools
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
        "aligned": {
            "share": sum(aligned[p]["aligned"] for p in POOLS)
            / sum(aligned[p]["accepted"] for p in POOLS)
        },
    }


def _ratio(counts: Iterable[int]) -> float | None:
    """Largest over smallest count; None where a class is empty."""
    numbers = list(counts)
    return max(numbers) / min(numbers) if min(numbers) else None


def _classes(labels: pd.Series) -> list[int]:
    """Samples of each class, in the order of labels."""
    return [int((labels == label).sum()) for label in range(len(EMOTIONS))]


def samples(params: Params) -> dict[str, Any]:
    """The manifests: balanced sets, splits, blurred samples (III.B to III.D, Table I)."""
    faces = {
        pool: _classes(pd.read_csv(f"data/align/{pool}.csv", usecols=["label"])["label"])
        for pool in POOLS
    }
    balanced = manifests.read(Path("data/balance/train.csv"))
    deployment = manifests.read(Path("data/balance/deployment.csv"))
    split = {model: manifests.read(Path(f"data/split/{model}.csv")) for model in MODELS}
    second = split["second"]
    per_class = _classes(balanced["label"])
    shown = _classes(deployment["label"])
    counts = {
        model: {
            **{name: int((rows["split"] == name).sum()) for name in manifests.SPLITS},
            "total": len(rows),
        }
        for model, rows in split.items()
    }

    def blurred(level: str) -> int | None:
        each = set(
            _classes(second.loc[second["blur_radius"] == params.blur.radius(level), "label"])
        )
        return each.pop() if len(each) == 1 else None

    any_blur = int((second["blur_radius"] > 0).sum())
    return {
        "labels": sorted(int(label) for label in balanced["label"].unique()),
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
            model: {name: rows[name] / rows["total"] for name in manifests.SPLITS}
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
    table = pd.read_csv("paper/tables/fig09-layers.csv")
    network = googlenet()
    first = next(m for m in network.modules() if isinstance(m, Inception))
    pooling = int(table["type"].isin(["max pooling", "average pooling"]).sum())
    return {
        "architecture": {
            "depth": int(table["depth"].sum()),
            "depth_with_pooling": int(table["depth"].sum()) + pooling,
            "modules": sum(not list(module.children()) for module in network.modules()),
            "branches": len(branches(first)),
        },
        "layers": {
            **{row.pop("layer"): row for row in table.to_dict("records")},
            "softmax": {"type": "none"},  # torchvision's module has none
        },
    }


def blur() -> dict[str, Any]:
    """The blur itself (III.C): over how many px a single white one is spread evenly."""
    image = np.zeros((9, 9, 3), dtype=np.uint8)
    image[4, 4] = 250
    spread = box_blur(image, 2)[:, :, 0]
    even = set(spread[spread > 0].tolist()) == {10}
    return {"blur": {"box": int((spread > 0).sum()) if even else 0}}


def scores(params: Params) -> dict[str, Any]:
    """Scores with their intervals, differences, recalls, and the end of the training curves."""
    folder = Path("results/statistics")
    statistics = {model: read_json(folder / f"{model}.json") for model in MODELS}
    comparison = read_json(folder / "comparison.json")
    differences = read_json(folder / "differences.json")
    if comparison["clusters"] < FEW:
        differences = _unknown(differences) | {"gain": {"test": differences["gain"]["test"]}}
        differences["gain"] |= dict.fromkeys(LEVELS)
    if comparison["clusters_own"] < FEW:
        differences["gain"]["test"] = None
        differences["unseen"] = dict.fromkeys(MODELS)
    curves = {}
    for model in MODELS:
        summary = read_json(Path(f"results/train/{model}/summary.json"))[params.evaluate.epoch]
        test = statistics[model]["test"]["accuracy"]["value"]
        curves[model] = {
            "train": summary["train/accuracy"],
            "validation_minus_test": summary["val/accuracy"] - test,
        }
    recalls = read_json(folder / "recall.json")
    return {
        "evaluated": {
            "emotions": len(recalls["baseline"]["none"]),
            "blurred_sets": len(recalls["baseline"]) - 1,
        },
        "statistics": statistics,
        "differences": differences,
        "recall": recalls,
        "curves": curves,
    }


def of_training(scores: Mapping[str, Any]) -> dict[str, Any]:
    """The differences of another training, from its scores by model and task; no intervals."""
    accuracy = {
        model: {task: np.array(score["accuracy"]) for task, score in tasks.items()}
        for model, tasks in scores.items()
    }

    def numbers(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: numbers(value) for key, value in tree.items()}
        return float(tree)

    return {"differences": numbers(metrics.differences(accuracy))}


FEW = 10
"""With fewer people (or images, where people are unknown) than this, a bootstrap says nothing."""


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
        **pools(),
        **samples(params),
        **architecture(),
        **blur(),
        **scores(params),
    }
