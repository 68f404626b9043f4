"""Images per second in training: the way the study would have written it, ours, and pure compute.

`make benchmark` runs it on the built-in dataset (after make repro). The ways take turns on the same
samples, so that their ratios hold on a machine whose speed wanders:

- textbook: all samples decoded into float16 arrays in memory, float32, channels first
- ours: read, augmented and blurred on the fly, channels last, bfloat16 where the hardware has it
- compute: ours on batches that are in memory already
- float32, portable: ours in other arithmetic; the portable way in a process of its own, which waits
  while the others run

Ours over textbook is what the care is worth; ours over compute is what reading costs; ours over
float32 and portable is what the same bytes on every processor cost. Compute
and textbook are also held against this machine's best matrix product in their precision. Prints a
table and writes benchmarks/train.json.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from ferblur.core import arithmetic
from ferblur.core.files import write_json
from ferblur.core.params import Train, load_params
from ferblur.core.ranks import cores
from ferblur.core.study import EMOTIONS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.dataset.samples import Samples
from ferblur.model import network
from ferblur.model.device import arithmetic_on, choose_device
from ferblur.model.training import (
    Loop,
    deterministic,
    prefetch,
    reader_threads,
    shuffled,
    train_one_epoch,
)

HERE = Path(__file__).parent
SIZES = (72, 128)


def second_model(params: Train) -> Samples:
    """The second model's training samples, whose share of blurred ones is the study's."""
    rows = read_manifest(Path("data/split/second.csv"))
    rows = rows[rows["split"] == "train"]
    faces = Faces.open(Path("data/align"), "train")
    return Samples(faces, rows, params.input_size, params.channel_order)


def textbook(samples: Samples, order: list[list[int]], params: Train) -> Callable[[], None]:
    """Arrays in memory and a plain loop in float32."""
    images = np.stack([samples[i][0] for i in range(len(samples))])
    pixels = (images.transpose(0, 3, 1, 2) / 255).astype(np.float16)
    labels = samples.labels
    model = (
        network.build(params, len(EMOTIONS))
        .googlenet.to(memory_format=torch.contiguous_format)
        .train()
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=params.learning_rate)
    criterion = torch.nn.CrossEntropyLoss()

    def run() -> None:
        for batch in order:
            x, y = torch.from_numpy(pixels[batch].astype(np.float32)), torch.tensor(labels[batch])
            output = model(x)
            loss = criterion(output.logits, y)
            for head in (output.aux_logits1, output.aux_logits2):
                loss = loss + params.auxiliary_weight * criterion(head, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()

    return run


def ours(
    samples: Samples, order: list[list[int]], params: Train, device: torch.device, in_memory: bool
) -> Callable[[], None]:
    """What the stage `train` does, from faces on disk or from batches in memory."""
    constant = params.model_copy(update={"schedule": "constant"})
    loop = Loop.begin(constant, len(EMOTIONS), 1, device)
    kept = list(prefetch(samples, order, 1)) if in_memory else None

    def run() -> None:
        data = kept if kept is not None else prefetch(samples, order, reader_threads(device))
        with deterministic(device, params.arithmetic):
            train_one_epoch(loop, data)

    return run


@contextmanager
def portable(size: int, steps: int) -> Iterator[Callable[[], None]]:
    """`ours` in portable arithmetic, whose settings must be there before torch is loaded."""
    with subprocess.Popen(
        [sys.executable, __file__, "--portable", str(size), str(steps)],
        env=os.environ | arithmetic.pins(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        lines, answers = process.stdin, process.stdout

        def run() -> None:
            lines.write("\n")
            assert answers.readline() == "done\n"

        yield run
        lines.close()


def serve(size: int, steps: int) -> None:
    """The other side of `portable`: runs for each line that comes."""
    params = load_params().train.model_copy(update={"input_size": size, "arithmetic": "portable"})
    samples = second_model(params)
    order = shuffled(len(samples), params.batch_size, 0)[:steps]
    run = ours(samples, order, params, torch.device("cpu"), in_memory=False)
    for _ in sys.stdin:
        run()
        print("done", flush=True)


def flops_per_image(params: Train) -> float:
    """Floating-point operations of one training step, forward and backward, for an image."""
    model = network.build(params, len(EMOTIONS)).train()
    images = torch.zeros(2, params.input_size, params.input_size, 3, dtype=torch.uint8)
    with FlopCounterMode(display=False) as counter:
        logits, auxiliary = model(images)
        torch.autograd.backward(torch.stack([logits, *auxiliary]).sum())
    return float(counter.get_total_flops()) / 2


def matrix_peak(precision: str, size: int = 2048) -> float:
    """GFLOP/s of the best of many matrix products on all cores."""
    a, b = (torch.rand(size, size).to(getattr(torch, precision)) for _ in range(2))
    best, end = float("inf"), time.perf_counter() + 3
    while time.perf_counter() < end:
        start = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def measure(size: int, steps: int, rounds: int) -> dict[str, Any]:
    """All ways at one input size."""
    params = load_params().train.model_copy(update={"input_size": size, "arithmetic": "bfloat16"})
    samples = second_model(params)
    order = shuffled(len(samples), params.batch_size, 0)[:steps]
    device, cpu = choose_device(params.arithmetic), torch.device("cpu")
    ways = {
        "textbook": textbook(samples, order, params),
        "ours": ours(samples, order, params, cpu, in_memory=False),
        "compute": ours(samples, order, params, cpu, in_memory=True),
    }
    if device.type == "cuda":
        ways["ours, cuda"] = ours(samples, order, params, device, in_memory=False)
        ways["compute, cuda"] = ours(samples, order, params, device, in_memory=True)
    float32 = params.model_copy(update={"arithmetic": "float32"})
    ways["float32"] = ours(samples, order, float32, cpu, in_memory=False)
    speeds: dict[str, list[float]] = {name: [] for name in (*ways, "portable")}
    with portable(size, steps) as ways["portable"]:
        for run in ways.values():
            run()
        for _ in tqdm(range(rounds), desc=f"{size} px", disable=None):
            for name, run in ways.items():
                start = time.perf_counter()
                run()  # ends with the totals read, so a GPU has finished
                images = sum(len(batch) for batch in order)
                speeds[name].append(images / (time.perf_counter() - start))
    median = {name: statistics.median(values) for name, values in speeds.items()}
    precision = arithmetic_on(params.arithmetic, cpu)
    flops, peak = flops_per_image(params), matrix_peak(precision)
    plain_peak = matrix_peak("float32")

    def ratio(one: str, other: str) -> float:
        return statistics.median(a / b for a, b in zip(speeds[one], speeds[other], strict=True))

    return {
        "images_per_second": speeds,
        "median": median,
        "ours_to_textbook": ratio("ours", "textbook"),
        "ours_to_compute": ratio("ours", "compute"),
        "ours_to_portable": ratio("ours", "portable"),
        "float32_to_portable": ratio("float32", "portable"),
        "precision": precision,
        "gflop_per_image": flops / 1e9,
        "compute_gflop_per_second": flops * median["compute"] / 1e9,
        "matrix_product_gflop_per_second": peak,
        "compute_to_matrix_product": flops * median["compute"] / 1e9 / peak,
        "float32_matrix_product_gflop_per_second": plain_peak,
        "textbook_to_float32_matrix_product": flops * median["textbook"] / 1e9 / plain_peak,
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--portable", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.portable:
        serve(*options.portable)
        return
    found = {size: measure(size, options.steps, options.rounds) for size in SIZES}
    print(f"{options.rounds} rounds of {options.steps} steps, {cores()} cores, images/s:")
    for size, result in found.items():
        print(f"{size} px, {result['precision']}")
        for name, values in result["images_per_second"].items():
            low, middle, high = min(values), result["median"][name], max(values)
            print(f"  {name:14} {middle:8.1f}   ({low:.1f} to {high:.1f})")
        print(
            f"  ours / textbook {result['ours_to_textbook']:.2f}, "
            f"ours / compute {result['ours_to_compute']:.3f}, "
            f"ours / portable {result['ours_to_portable']:.2f}, "
            f"float32 / portable {result['float32_to_portable']:.2f}; "
            f"compute {result['compute_gflop_per_second']:.0f} GFLOP/s, "
            f"{result['compute_to_matrix_product']:.0%} of a matrix product's "
            f"{result['matrix_product_gflop_per_second']:.0f}; "
            f"textbook {result['textbook_to_float32_matrix_product']:.0%} of float32's "
            f"{result['float32_matrix_product_gflop_per_second']:.0f}"
        )
    about = {"cores": cores(), "machine": platform.machine(), "torch": torch.__version__}
    write_json(HERE / "train.json", about | {str(size): result for size, result in found.items()})


if __name__ == "__main__":
    main()
