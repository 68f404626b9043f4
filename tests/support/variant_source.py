"""What variants are made from: both models' datasets, of a few faces in clips."""

import numpy as np

from face_tables import faces, raised
from ferblur.beyond.training import Source
from ferblur.core.params import Params
from ferblur.core.study import EMOTIONS
from ferblur.curation.splitting import add_blurred, assign_splits

KERNELS = ("box", "gaussian", "defocus", "motion")
STRONGEST = 20.0
FRAMES = 4
"""Of a clip. The clips of a person show two emotions."""


def source(
    params: Params, largest: int = 40, others: int = 24, reuse: bool = False, seed: int = 3
) -> Source:
    """A dataset whose commonest emotion has `largest` faces, and every other one `others`."""
    table = faces(dict.fromkeys(EMOTIONS, others) | {"happiness": largest})
    clips = table["source_id"].str.replace(
        r"\d+", lambda found: str(int(found[0]) // FRAMES), regex=True
    )
    people = clips.str.extract(r"(\d+)")[0].radd("person ")
    baseline = raised(table)
    levels = params.blur.radii().items()
    radii: dict[str, float] = {
        level: px for level, px in levels if level in params.split.blurred_levels
    }
    second = add_blurred(baseline, radii, 8, reuse, EMOTIONS, np.random.default_rng(1))
    split = params.split
    drawn = [
        assign_splits(rows, split.ratios, split.stratify, split.seed) for rows in (baseline, second)
    ]
    return Source(
        baseline=drawn[0],
        second=drawn[1],
        people=people.set_axis(table["source_id"]),
        clips=clips.set_axis(table["source_id"]),
        params=params,
        kernels=KERNELS,
        strongest=STRONGEST,
        generator=np.random.default_rng(seed),
    )
