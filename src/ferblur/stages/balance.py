"""Balance both pools: raise train's minorities, lower deployment's majorities."""

from pathlib import Path

import numpy as np

from ferblur.core import stage
from ferblur.core.params import load_params
from ferblur.curation.balancing import lower_majorities, raise_minorities
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import write_manifest

ALIGN = Path("data/align")
BALANCE = Path("data/balance")


def main() -> None:
    """Write the balanced train manifest and the balanced deployment manifest."""
    params = load_params()
    settings, emotions = params.balance, params.data.emotions
    train_draw, deployment_draw = np.random.default_rng(settings.seed).spawn(2)
    train = Faces.open(ALIGN, "train").table
    deployment = Faces.open(ALIGN, "deployment").table
    write_manifest(
        BALANCE / "train.csv",
        raise_minorities(train, settings.brightness, emotions, train_draw),
    )
    write_manifest(
        BALANCE / "deployment.csv",
        lower_majorities(deployment, settings.deployment_per_class, emotions, deployment_draw),
    )


if __name__ == "__main__":
    stage.run(main)
