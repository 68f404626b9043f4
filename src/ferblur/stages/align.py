"""Find the face in every accepted image, level its eyes, crop it (section III.B)."""

from pathlib import Path

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


def main() -> None:
    """Align both pools; under torchrun, each rank its share of the shards."""
    params = load_params()
    root = Path(params.data.root)
    inputs = {
        "params": params.align.model_dump(),
        "files": {p: (PREPARE / f"{p}.csv").read_text() for p in POOLS},
    }
    with joined() as ranks, partial_folder("align", inputs, ranks) as folder:
        for pool in POOLS:
            align_pool(root, pool, folder, params.align, ranks)
        ranks.wait()
        if not ranks.first:
            return
        counts = {pool: merge_pool(root, pool, folder, params.align) for pool in POOLS}
        for pool in POOLS:
            for name in (f"{pool}.npy", f"{pool}.csv", f"{pool}-rejects.csv"):
                publish(folder / name, ALIGN / name)
        write_json(ALIGN_RESULTS / "counts.json", counts)


if __name__ == "__main__":
    stage.run(main)
