"""Many frames rendered side by side, one process a core.

An image is the same whatever the number of processes, which is FERBLUR_PROCESSES, by default one a
core.
"""

import multiprocessing
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tqdm import tqdm

from ferblur.core.files import atomic
from ferblur.core.params import Synthesize
from ferblur.core.ranks import cores
from ferblur.core.resume import die_with_parent
from ferblur.rendering.clips import Frame, draw, make_renderer, shoot
from ferblur.rendering.renderer import Renderer, compile_kernel


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


def render(params: Synthesize, frames: Sequence[Frame], folder: Path) -> None:
    """Render the frames that `folder` lacks, as <pool>/<emotion>/<number>.jpg; no repeated ones."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # the processes already fill the cores
    missing = [
        frame
        for frame in frames
        if not frame.duplicate_of and not (folder / frame.pool / frame.file).exists()
    ]
    compile_kernel()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores(), context, _Worker.start, (params, folder)) as workers:
        finished = workers.map(_Worker.work, missing, chunksize=4)
        for _ in tqdm(finished, total=len(missing), desc="render", unit="img", disable=None):
            pass
