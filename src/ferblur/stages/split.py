"""Split the baseline's dataset, and the second model's with its blurred samples (Table I)."""

from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.core import stage
from ferblur.core.files import write_json
from ferblur.core.params import load_params
from ferblur.curation.splitting import add_blurred, assign_splits
from ferblur.dataset.manifest import read_manifest, write_manifest

PREPARE = Path("data/prepare")
BALANCE = Path("data/balance")
SPLIT = Path("data/split")
SPLIT_RESULTS = Path("results/split")


def main() -> None:
    """Write the baseline and second manifests with train, val and test."""
    params = load_params()
    split = params.split
    balanced = read_manifest(BALANCE / "train.csv")
    second = add_blurred(
        balanced,
        {level: params.blur.radius(level) for level in split.blurred_levels},
        split.blurred_per_class,
        split.reuse,
        params.data.emotions,
        np.random.default_rng(split.seed),
    )
    counts = {}
    for name, samples in {"baseline": balanced, "second": second}.items():
        divided = assign_splits(samples, split.ratios, split.stratify, split.seed)
        write_manifest(SPLIT / f"{name}.csv", divided)
        counts[name] = _count_known(divided)
        print(
            "{}: {test:,} test samples, {same_picture:,} of a picture that training shows too, "
            "{near_duplicate:,} of a near-duplicate of another".format(name, **counts[name])
        )
    write_json(SPLIT_RESULTS / "counts.json", counts)


def _count_known(samples: pd.DataFrame) -> dict[str, int]:
    """How many test samples show what training shows too: the same picture, or one like it."""
    near = pd.read_csv(PREPARE / "near_duplicates.csv", keep_default_na=False)
    groups = near[near["pool"] == "train"].set_index("file")["group"]
    samples = samples.assign(group=samples["source_id"].map(groups))
    train, test = (samples[samples["split"] == name] for name in ("train", "test"))
    same = test["source_id"].isin(train["source_id"])
    pictures = train.groupby("group")["source_id"].nunique()
    others = test["group"].map(pictures).fillna(0) - same  # `same` counts itself in its group
    return {
        "test": len(test),
        "same_picture": int(same.sum()),
        "near_duplicate": int((others > 0).sum()),
    }


if __name__ == "__main__":
    stage.run(main)
