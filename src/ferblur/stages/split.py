"""Split the baseline's dataset, and the second model's with its blurred samples (Table I)."""

from pathlib import Path

import numpy as np

from ferblur import manifest, stages
from ferblur.params import load

SOURCE = Path("data/balance")
OUT = Path("data/split")


def main() -> None:
    """Write the baseline and second manifests with train, val and test."""
    params = load()
    split = params.split
    balanced = manifest.read(SOURCE / "train.csv")
    second = manifest.add_blurred(
        balanced,
        {level: params.blur.radius(level) for level in split.blurred_levels},
        split.blurred_per_class,
        split.reuse,
        np.random.default_rng(split.seed),
    )
    for name, samples in {"baseline": balanced, "second": second}.items():
        divided = manifest.assign_splits(samples, split.ratios, split.stratify, split.seed)
        manifest.write(OUT / f"{name}.csv", divided)


if __name__ == "__main__":
    stages.run(main)
