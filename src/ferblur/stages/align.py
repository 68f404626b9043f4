"""Find the face in every accepted image, level its eyes, crop it (section III.B)."""

from pathlib import Path

import pandas as pd

from ferblur.alignment import losses
from ferblur.alignment.detection import make_detector
from ferblur.alignment.shards import align_pool, merge_pool
from ferblur.core import stage
from ferblur.core.files import write_json
from ferblur.core.params import load_params
from ferblur.core.ranks import joined
from ferblur.core.resume import partial_folder, publish
from ferblur.core.study import POOLS

PREPARE = Path("data/prepare")
ALIGN = Path("data/align")
ALIGN_RESULTS = Path("results/align")
TEXT = {"source_id": str, "subject": str}


def main() -> None:
    """Align both pools; under torchrun, each rank its share of the shards."""
    params = load_params()
    root = Path(params.data.root)
    detector = make_detector(params.align.detector)  # before the work is named after the code
    accepted = {
        pool: pd.read_csv(PREPARE / f"{pool}.csv", dtype=TEXT, keep_default_na=False)
        for pool in POOLS
    }
    inputs = {
        # a run that stopped for its losses goes on from what it has
        "params": params.align.model_dump(exclude={"max_rejected"}),
        "files": {p: (PREPARE / f"{p}.csv").read_text() for p in POOLS},
    }
    with joined() as ranks, partial_folder("align", inputs, ranks) as folder:
        for pool in POOLS:
            align_pool(accepted[pool], root, pool, folder, detector, params.align, ranks)
        ranks.wait()
        if not ranks.first:
            return
        counts = {
            pool: losses.count(merge_pool(accepted[pool], pool, folder, params.align))
            for pool in POOLS
        }
        for pool in POOLS:
            for name in (f"{pool}.npy", f"{pool}.csv", f"{pool}-rejects.csv"):
                publish(folder / name, ALIGN / name)
            print(losses.line(pool, counts[pool]))
        write_json(ALIGN_RESULTS / "counts.json", counts)
        losses.judge(counts, params.align)


if __name__ == "__main__":
    stage.run(main)
