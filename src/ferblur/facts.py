"""What this run did and found, as one nested mapping: the values claims.yaml names by dotted keys.

Nothing is decided here; `gather` only reads what the stages left, and counts.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torchvision.models.googlenet import Inception

from ferblur import manifest as manifests
from ferblur.architecture import branches, googlenet, layers
from ferblur.blur import LEVELS, box_blur
from ferblur.dataset import EMOTIONS, POOLS
from ferblur.files import read_json
from ferblur.params import Params

MODELS = ("baseline", "second")


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
        return ends.pop() if len(ends) == 1 else 0

    known = all(prepared[pool]["subjects"] for pool in POOLS)
    return {
        # `prepare` refuses a dataset that names one person in both pools
        "subjects_shared": 0 if known else None,
        "image": {
            "width": same("width"),
            "height": same("height"),
            "kilobytes": float(pd.concat(accepted.values())["bytes"].median() / 1000),
        },
        "imbalance": {
            pool: max(n.values()) / min(n.values()) if min(n.values()) else None
            for pool, n in classes.items()
        },
        "rarest": {p: min(n, key=n.__getitem__) for p, n in classes.items()},
        "duplicates": {
            "left": sum(len(t) - t["sha256"].nunique() for t in accepted.values()),
            **{pool: prepared[pool]["duplicates"] for pool in POOLS},
        },
        "aligned": {
            "share": sum(aligned[p]["aligned"] for p in POOLS)
            / sum(aligned[p]["accepted"] for p in POOLS)
        },
    }


def samples(params: Params) -> dict[str, Any]:
    """The manifests: balanced sets, splits, blurred samples (III.B to III.D, Table I)."""
    faces = {
        pool: pd.read_csv(f"data/align/{pool}.csv", usecols=["label"])["label"].value_counts()
        for pool in POOLS
    }
    balanced = manifests.read(Path("data/balance/train.csv"))
    deployment = manifests.read(Path("data/balance/deployment.csv"))
    split = {model: manifests.read(Path(f"data/split/{model}.csv")) for model in MODELS}
    second = split["second"]
    per_class = balanced["label"].value_counts()
    counts = {
        model: {
            **{name: int((rows["split"] == name).sum()) for name in manifests.SPLITS},
            "total": len(rows),
        }
        for model, rows in split.items()
    }

    def blurred(level: str) -> int | None:
        at = second.loc[second["blur_radius"] == params.blur.radius(level), "label"]
        each = {int((at == label).sum()) for label in range(len(EMOTIONS))}
        return each.pop() if len(each) == 1 else None

    any_blur = int((second["blur_radius"] > 0).sum())
    return {
        "labels": sorted(int(label) for label in balanced["label"].unique()),
        "balanced": {
            "flipped": int(balanced["flip"].sum()),
            "brighter": int((balanced["brightness"] > 1).sum()),
            "imbalance": float(per_class.max() / per_class.min()),
            "over_majority": float(per_class.max() / faces["train"].max()),
            "per_class": int(per_class.max()),
        },
        "deployment": {
            "per_class": int(deployment["label"].value_counts().max()),
            "of_smallest": float(
                deployment["label"].value_counts().max() / faces["deployment"].min()
            ),
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
    rows = layers(network)
    pooling = int(rows["type"].isin(["max pooling", "average pooling"]).sum())
    first = next(m for m in network.modules() if isinstance(m, Inception))
    return {
        "architecture": {
            "outputs": network.fc.out_features,
            "depth": int(rows["depth"].sum()),
            "depth_with_pooling": int(rows["depth"].sum()) + pooling,
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
    return {"blur": {"box": int((spread > 0).sum()) if even else None, "levels": len(LEVELS) - 1}}


def scores(params: Params) -> dict[str, Any]:
    """Scores with their intervals, differences, recalls, and the end of the training curves."""
    folder = Path("results/statistics")
    statistics = {model: read_json(folder / f"{model}.json") for model in MODELS}
    curves = {}
    for model in MODELS:
        summary = read_json(Path(f"results/train/{model}/summary.json"))[params.evaluate.epoch]
        test = statistics[model]["test"]["accuracy"]["value"]
        curves[model] = {
            "train": summary["train/accuracy"],
            "validation": summary["val/accuracy"],
            "validation_minus_test": summary["val/accuracy"] - test,
        }
    return {
        "statistics": statistics,
        "differences": read_json(folder / "differences.json"),
        "recall": read_json(folder / "recall.json"),
        "curves": curves,
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
