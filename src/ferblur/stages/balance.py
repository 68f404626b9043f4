"""Balance both pools: raise train's minorities, lower deployment's majorities."""

from pathlib import Path

import numpy as np

from ferblur import manifest, stages
from ferblur.dataset import EMOTIONS
from ferblur.faces import Faces
from ferblur.params import load

SOURCE = Path("data/align")
OUT = Path("data/balance")


def main() -> None:
    """Write the balanced train manifest and the balanced deployment manifest."""
    params = load().balance
    train_draw, deployment_draw = np.random.default_rng(params.seed).spawn(2)
    train = Faces.open(SOURCE, "train").table
    deployment = Faces.open(SOURCE, "deployment").table
    manifest.write(
        OUT / "train.csv", manifest.raise_minorities(train, params.brightness, train_draw)
    )
    manifest.write(
        OUT / "deployment.csv",
        manifest.lower_majorities(
            deployment, params.deployment_per_class, EMOTIONS, deployment_draw
        ),
    )


if __name__ == "__main__":
    stages.run(main)
