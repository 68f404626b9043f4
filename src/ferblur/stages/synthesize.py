"""Render the built-in dataset: faces of the six emotions, of people that differ between pools.

Renders in FERBLUR_PROCESSES processes, by default one a core; an image is the same whatever their
number.
"""

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tqdm import tqdm

from ferblur.core import stage
from ferblur.core.files import atomic, write_csv
from ferblur.core.params import Synthesize, load_params
from ferblur.core.ranks import cores
from ferblur.core.resume import die_with_parent, partial_folder, publish
from ferblur.core.study import POOLS
from ferblur.curation.sidecar import SIDECAR
from ferblur.rendering.clips import Frame, draw, make_renderer, plan, shoot, truth
from ferblur.rendering.renderer import Renderer, compile_kernel

SYNTHETIC = Path("datasets/synthetic")


class _Worker:
    """A process that renders frames into a folder."""

    params: Synthesize
    renderer: Renderer
    folder: Path

    @classmethod
    def start(cls, params: Synthesize, folder: Path) -> None:
        die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is its parent's to answer
        cls.params, cls.folder, cls.renderer = params, folder, make_renderer()

    @classmethod
    def work(cls, frame: Frame) -> None:
        content = shoot(draw(cls.params, frame), cls.renderer)
        with atomic(cls.folder / frame.pool / frame.file) as temporary:
            temporary.write_bytes(content)


def main() -> None:
    """Render what is missing, repeat the duplicates, write the ground truth, publish the pools."""
    params = load_params().synthesize
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # the processes already fill the cores
    frames = {pool: plan(params, pool) for pool in POOLS}
    with partial_folder("synthesize", params.model_dump()) as folder:
        missing = [
            frame
            for pool in POOLS
            for frame in frames[pool]
            if not frame.duplicate_of and not (folder / pool / frame.file).exists()
        ]
        compile_kernel()
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(cores(), context, _Worker.start, (params, folder)) as workers:
            finished = workers.map(_Worker.work, missing, chunksize=4)
            for _ in tqdm(finished, total=len(missing), desc="render", unit="img", disable=None):
                pass
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
