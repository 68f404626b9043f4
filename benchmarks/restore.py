"""Milliseconds for a face: estimating its blur, undoing it, and asking the network, on one core.

    python benchmarks/restore.py     # after make repro; a minute or two

All take turns on the same faces of the training pool, at the study's levels of blur, so that the
ratios to the network hold on a machine whose speed wanders. The network is the baseline, asked in
the stages' own portable arithmetic and batches. Prints a table and writes benchmarks/restore.json.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ferblur.core import arithmetic
from ferblur.core.errors import one_line
from ferblur.core.files import write_json
from ferblur.core.params import Params, load_params
from ferblur.core.ranks import cores
from ferblur.core.study import LEVELS, MODELS

HERE = Path(__file__).parent
NETWORK = "network"


def ways(
    params: Params, faces: list[np.ndarray], radii: list[float], copies: int
) -> dict[str, Callable[[], object]]:
    """By name, what each does with all faces, each blurred with one of `radii` px.

    Estimators are fitted to `copies` copies of the very faces: how well does not matter here.
    """
    from ferblur.beyond.blurring import weights
    from ferblur.beyond.cells import weights as trained
    from ferblur.beyond.estimation import fit, radii_to_fit
    from ferblur.beyond.named import STUDYS, load
    from ferblur.beyond.params import load_extensions
    from ferblur.beyond.sharpness import features, laplacian_variance, logarithms
    from ferblur.beyond.training import samples
    from ferblur.dataset.blur import box_blur
    from ferblur.dataset.faces import Faces
    from ferblur.dataset.manifest import make_rows
    from ferblur.model import network
    from ferblur.model.device import choose_device
    from ferblur.model.training import deterministic, predict

    chosen = load_extensions().restore
    shown = radii_to_fit(len(faces), copies, max(radii), chosen.seed)
    found = [
        features(box_blur(face, float(radius)))
        for copy in shown
        for face, radius in zip(faces, copy, strict=True)
    ]
    fitted = fit(np.stack(found), shown.ravel(), chosen.trees, chosen.seed)
    blurred = [box_blur(face, radius) for face, radius in zip(faces, radii, strict=True)]
    kernels = [weights(STUDYS, radius) for radius in radii]

    def laplacian() -> None:
        variances = np.array([laplacian_variance(face) for face in blurred])
        fitted.laplacian.predict(logarithms(variances))

    def learned() -> None:
        fitted.learned.predict(np.stack([features(face) for face in blurred]))

    def undo(method: str) -> Callable[[], None]:
        restore = load("restoration", method).restore

        def run() -> None:
            for face, kernel in zip(blurred, kernels, strict=True):
                restore(face, kernel)

        return run

    rows = make_rows([str(number) for number in range(len(faces))], 0)
    asked = samples(Faces(np.stack(blurred), rows.assign(subject="")), rows, params)
    device = choose_device(arithmetic.PORTABLE)
    file = trained(Path("models") / MODELS[0], params.train.seeds[0], params.evaluate.epoch)
    model = network.load(file).to(device)

    def ask() -> None:
        with deterministic(device, arithmetic.PORTABLE):
            predict(model, asked, params.evaluate.batch_size, device)

    return {
        "laplacian": laplacian,
        "learned": learned,
        **{method: undo(method) for method in chosen.methods},
        NETWORK: ask,
    }


def measure(params: Params, count: int, rounds: int, copies: int) -> dict[str, list[float]]:
    """Milliseconds a face of each way, in each round."""
    pool = np.load("data/align/train.npy", mmap_mode="r", allow_pickle=False)
    places = np.random.default_rng(0).permutation(len(pool))[:count]
    levels = [radius for level in LEVELS if (radius := params.blur.radius(level)) > 0]
    radii = [levels[number % len(levels)] for number in range(len(places))]
    every = ways(params, [np.asarray(pool[place]) for place in places], radii, copies)
    for run in every.values():
        run()
    spent: dict[str, list[float]] = {name: [] for name in every}
    for _ in tqdm(range(rounds), desc="rounds", disable=None):
        for name, run in every.items():
            start = time.perf_counter()
            run()
            spent[name].append(1000 * (time.perf_counter() - start) / len(places))
    return spent


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--faces", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--out", type=Path, default=HERE / "restore.json")
    options = parser.parse_args()
    if not arithmetic.pinned():  # read when libraries are loaded, so in a process that begins anew
        fresh = os.environ | arithmetic.pins() | {"OPENBLAS_NUM_THREADS": "1"}
        sys.exit(subprocess.run([sys.executable, *sys.argv], env=fresh, check=False).returncode)
    params = load_params()
    spent = measure(params, options.faces, options.rounds, options.copies)
    to_network = {
        name: statistics.median(
            mine / its for mine, its in zip(values, spent[NETWORK], strict=True)
        )
        for name, values in spent.items()
    }
    print(f"{options.faces} faces, {options.rounds} rounds, one core, ms/face:")
    print(f"{'':20} {'median':>8} {'lowest':>8} {'highest':>8} {'/ network':>10}")
    for name, values in spent.items():
        middle, low, high = statistics.median(values), min(values), max(values)
        print(f"{name:20} {middle:8.2f} {low:8.2f} {high:8.2f} {to_network[name]:10.2f}")
    write_json(
        options.out,
        {
            "faces": options.faces,
            "cores": cores(),
            "machine": platform.machine(),
            "milliseconds_per_face": spent,
            "to_network": to_network,
        },
    )


if __name__ == "__main__":
    with one_line():
        main()
