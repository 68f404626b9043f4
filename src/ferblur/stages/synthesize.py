"""Render the built-in dataset: faces of the six emotions, of people that differ between pools."""

from pathlib import Path

from ferblur.core import stage
from ferblur.core.files import write_csv
from ferblur.core.params import load_params
from ferblur.core.resume import partial_folder, publish
from ferblur.core.study import POOLS
from ferblur.curation.sidecar import SIDECAR
from ferblur.rendering.clips import plan, truth
from ferblur.rendering.studio import render

SYNTHETIC = Path("datasets/synthetic")


def main() -> None:
    """Render what is missing, repeat the duplicates, write the ground truth, publish the pools."""
    params = load_params().synthesize
    frames = {pool: plan(params, pool) for pool in POOLS}
    with partial_folder("synthesize", params.model_dump()) as folder:
        render(params, [frame for pool in POOLS for frame in frames[pool]], folder)
        for pool in POOLS:
            for frame in frames[pool]:
                if frame.duplicate_of:
                    content = (folder / pool / frame.duplicate_of).read_bytes()
                    (folder / pool / frame.file).write_bytes(content)
            write_csv(folder / pool / SIDECAR, truth(params, frames[pool]))
        for pool in POOLS:
            publish(folder / pool, SYNTHETIC / pool)


if __name__ == "__main__":
    stage.run(main)
