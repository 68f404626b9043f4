"""Split the baseline's dataset, and the second model's with its blurred samples (Table I)."""

from pathlib import Path

import numpy as np

from ferblur.core import stage
from ferblur.core.params import load_params
from ferblur.curation.splitting import add_blurred, assign_splits
from ferblur.dataset.manifest import read_manifest, write_manifest

BALANCE = Path("data/balance")
SPLIT = Path("data/split")


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
        np.random.default_rng(split.seed),
    )
    for name, samples in {"baseline": balanced, "second": second}.items():
        divided = assign_splits(samples, split.ratios, split.stratify, split.seed)
        write_manifest(SPLIT / f"{name}.csv", divided)


if __name__ == "__main__":
    stage.run(main)
