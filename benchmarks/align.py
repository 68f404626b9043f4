"""Images per second from JPEG file to aligned face: the paper's way, mtcnn in batches, and ours.

`make benchmark` runs it with the packages of requirements-reference.lock on the built-in
dataset; `python benchmarks/align.py --folder FOLDER` on other images. They take turns, on the
same files and cores, so that their ratios hold on a machine whose speed wanders. Also measured:
how much of our detection is convolution, and how fast that is against this machine's matrix
product. All in this machine's own arithmetic, where the stage keeps to AVX2 (docs/arithmetic.md).
Prints a table and writes benchmarks/align.json.
"""

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.profiler import ProfilerActivity, profile
from tqdm import tqdm

from ferblur.alignment.batches import Source, align_files
from ferblur.alignment.detection import Detector, Mtcnn, MtcnnReference
from ferblur.core.files import write_json
from ferblur.core.params import load_params
from ferblur.core.ranks import cores
from ferblur.images.decoding import read_image

HERE = Path(__file__).parent
WARM_UP = 32  # images


def one_by_one() -> Callable[[list[Path]], int]:
    """DeepFace.extract_faces on one file after another, as the paper did it."""
    from deepface import DeepFace

    def run(files: list[Path]) -> int:
        return sum(
            bool(DeepFace.extract_faces(str(file), "mtcnn", enforce_detection=False, align=True))
            for file in files
        )

    return run


def staged(detector: Detector, threads: int) -> Callable[[list[Path]], int]:
    """What the align stage does with a shard, `threads` batches at a time."""
    params = load_params().align
    workers = ThreadPoolExecutor(threads)

    def run(files: list[Path]) -> int:
        sources = []
        for file in files:
            with Image.open(file) as image:
                sources.append(Source(file, image.height, image.width))
        return sum(1 for _ in align_files(sources, detector, params, workers))

    return run


def matrix_peak(size: int = 1024, seconds: float = 2.0) -> float:
    """GFLOP/s of the best float32 matrix product on one core."""
    a, b = torch.rand(size, size), torch.rand(size, size)
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def convolutions(files: list[Path]) -> dict[str, float]:
    """Share of our detection spent in convolutions, and their GFLOP/s, on one core."""
    images = np.stack([read_image(file) for file in files])
    detector = Mtcnn()
    detector.detect(images)
    with profile(activities=[ProfilerActivity.CPU], with_flops=True) as profiler:
        detector.detect(images)
    events = profiler.key_averages()
    total = sum(event.self_cpu_time_total for event in events)
    inside = sum(e.self_cpu_time_total for e in events if "mkldnn_convolution" in e.key)
    flops = sum(event.flops for event in events if event.key == "aten::conv2d")
    peak = matrix_peak()
    return {
        "share_of_detection": inside / total,
        "gflop_per_image": flops / len(images) / 1e9,
        "gflop_per_second": flops / inside / 1e3,
        "matrix_product_gflop_per_second": peak,
        "share_of_matrix_product": flops / inside / 1e3 / peak,
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("datasets/synthetic/deployment"))
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    files = sorted(options.folder.rglob("*.jpg"))
    if len(files) < WARM_UP:
        sys.exit(f"--folder: {options.folder} has {len(files)} .jpg files; {WARM_UP} are needed")
    generator = np.random.default_rng(0)
    files = [files[i] for i in generator.permutation(len(files))[: options.images]]

    torch.set_num_threads(1)  # the align stage's way: a thread a batch, as many as cores
    inside = convolutions(files[:WARM_UP])  # first: PyTorch's profiler crashes beside TensorFlow
    ways = {
        "one by one (paper)": one_by_one(),
        "mtcnn in batches": staged(MtcnnReference(), 1),  # TensorFlow fills the cores itself
        "the same, overlapped": staged(MtcnnReference(), cores()),
        "ours": staged(Mtcnn(), cores()),
    }
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for run in ways.values():
        run(files[:WARM_UP])
    for _ in tqdm(range(options.rounds), desc="rounds", disable=None):
        for name, run in ways.items():
            start = time.perf_counter()
            done = run(files)
            speeds[name].append(done / (time.perf_counter() - start))

    median = {name: statistics.median(values) for name, values in speeds.items()}
    base, batched, *_ = median.values()
    print(f"{len(files)} images, {cores()} cores, {options.rounds} rounds, images/s:")
    print(f"{'':20} {'median':>8} {'lowest':>8} {'highest':>8} {'/ paper':>8} {'/ batches':>9}")
    for name, values in speeds.items():
        print(
            f"{name:20} {median[name]:8.1f} {min(values):8.1f} {max(values):8.1f} "
            f"{median[name] / base:8.1f} {median[name] / batched:9.1f}"
        )
    print(
        f"convolutions, one core: {inside['share_of_detection']:.0%} of our detection's time, "
        f"{inside['gflop_per_second']:.0f} GFLOP/s, {inside['share_of_matrix_product']:.0%} of the "
        f"{inside['matrix_product_gflop_per_second']:.0f} GFLOP/s of a matrix product"
    )
    write_json(
        HERE / "align.json",
        {
            "images": len(files),
            "cores": cores(),
            "machine": platform.machine(),
            "torch": torch.__version__,
            "images_per_second": speeds,
            "median_ratios": {
                name: {"to_paper": value / base, "to_batches": value / batched}
                for name, value in median.items()
            },
            "convolutions": inside,
        },
    )


if __name__ == "__main__":
    main()
