"""What a run from scratch needs here: time, memory, disk; from counts and parameters, and rough.

The time comes from a short matrix product on one core, held against the machine on which the demo
profile was timed in 2026: two cores of an AMD EPYC, on one thread of which the product does
`REFERENCE` billion operations a second. What each step costs a core there:

| step                       | cost                                                              |
|----------------------------|-------------------------------------------------------------------|
| each stage                 | 2.5 s: Python, DVC, libraries                                     |
| rendering                  | 45 ms a face, and 4 s                                             |
| prepare                    | 1.5 ms an image, and 10 ms a megapixel                            |
| align                      | 270 ms a megapixel searched, of which an image has at most 2      |
| training                   | 2.9 GFLOP an image of 128 px and epoch, at `SUSTAINED` GFLOP/s    |
| validation and evaluation  | a third of that                                                   |
| pretrain                   | the same for its faces, on one core; only where it has not run    |

float32 and bfloat16, which need not be portable, are taken to be `FASTER`; there a training has all
cores, portable ones run side by side. Nobody has timed a training on a GPU for this.
"""

import heapq
import math
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ferblur.core import arithmetic
from ferblur.core.params import Params
from ferblur.core.ranks import cores
from ferblur.core.resume import PARTIAL
from ferblur.core.study import LEVELS
from ferblur.images.decoding import FORMATS

Counts = Mapping[str, Mapping[str, int]]
"""Files by pool and emotion."""

REFERENCE = 107.0
"""GFLOP/s of the matrix product on the machine of the table."""

SUSTAINED = 80.0
"""GFLOP/s of a portable training there, on each of two cores."""

FASTER = {arithmetic.PORTABLE: 1.0, "float32": 1.2, "bfloat16": 1.9}
"""Speed of a training on the CPU by its arithmetic."""

GPU = "GPU"

PRETRAINED = Path("weights/rendered")
"""The output of the stage `pretrain`, which DVC makes where it is missing."""

STAGE = 2.5
"""Seconds of a stage in which it does not work yet."""

DETECTORS = {"mtcnn": 0.27, "mtcnn-reference": 1.7, "none": 0.0}
"""Seconds of a core for a megapixel."""

SINGLE_STAGES = 11
"""Stages that run once."""

SAMPLED = 16
"""Images whose size is looked up."""

MODEL = 40_000_000
"""Bytes of the network's weights."""

NOT_CACHED = (str(PARTIAL), "results")
"""Folders of which DVC's cache holds no copy."""

CODE = """
import time, numpy
a = numpy.ones((768, 768), numpy.float32)
a @ a
best, end = 1.0, time.monotonic() + 0.3
while (start := time.monotonic()) < end:
    a @ a
    best = min(best, time.monotonic() - start)
print(2 * 768**3 / best / 1e9)
"""


@dataclass(frozen=True)
class Work:
    """How much there is to do, at most: as if no file were lost on the way."""

    files: int
    rendered: int
    megapixels: float
    """Of an image of the dataset, in the median."""
    samples: dict[str, int]
    """Of each model's dataset (Table I)."""
    tested: int
    """Faces of the deployment set, at one blur level."""
    pretrained: int
    """Faces that are rendered and fitted to before any training, 0 where that is done."""

    @classmethod
    def of(cls, params: Params, counts: Counts, megapixels: float, rendered: bool) -> "Work":
        """The work of a dataset, by its files."""
        files = sum(sum(pool.values()) for pool in counts.values())
        classes = len(params.data.emotions)
        balanced = classes * max(counts["train"].values())
        split, wanted = params.split, params.balance.deployment_per_class
        blurred = classes * split.blurred_per_class * len(split.blurred_levels)
        smallest = min(counts["deployment"].values())
        missing = params.train.weights == "rendered" and not PRETRAINED.exists()
        return cls(
            files, files if rendered else 0, megapixels,
            {"baseline": balanced, "second": balanced + blurred},
            classes * (smallest if wanted == "smallest" else wanted),
            missing * params.pretrain.clips * params.pretrain.frames,
        )  # fmt: skip


def median_megapixels(files: Sequence[Path]) -> float:
    """The median size of some of the files, by what their first bytes say; 0 where none does."""
    sizes = []
    for path in files[:: max(1, len(files) // SAMPLED)]:
        try:
            with Image.open(path, formats=FORMATS) as image:
                sizes.append(math.prod(image.size) / 1e6)
        except Exception:
            continue
    return sorted(sizes)[len(sizes) // 2] if sizes else 0.0


def measure() -> float:
    """GFLOP/s of this machine in a matrix product on one core, in half a second.

    In a process of its own: libraries take the settings of portable arithmetic when they start.
    """
    environment = os.environ | arithmetic.pins() | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def seconds(params: Params, work: Work, used: str, speed: float, at_once: int) -> float:
    """How long a run takes, on `at_once` cores; without its trainings where `used` is a GPU.

    `used` is the arithmetic of training, or GPU; `speed` is `measure`'s.
    """
    pixels = min(2.0, max(work.megapixels, params.align.enlarge**2 / 1e6))
    image = 0.0015 + 0.01 * work.megapixels + DETECTORS[params.align.detector] * pixels
    took = STAGE * SINGLE_STAGES + (4 + 0.045 * work.rendered / at_once) * bool(work.rendered)
    took += work.files * image / at_once
    took += work.pretrained * 0.05 / at_once + _fit(
        params, params.pretrain.epochs * work.pretrained
    )
    each = [
        _training(params, samples, work.tested, used)
        for samples in work.samples.values()
        for _ in params.train.seeds
    ]
    if used == arithmetic.PORTABLE:
        took += _together([2 * STAGE + one for one in each], at_once)
    elif used != GPU:
        took += sum(2 * STAGE + one / at_once for one in each)
    return took * REFERENCE / speed


def _training(params: Params, samples: int, tested: int, used: str) -> float:
    """Seconds of a core for a training and its evaluation."""
    train, val, test = (samples * ratio for ratio in params.split.ratios)
    images = params.train.epochs * (train + val / 3) + (test + len(LEVELS) * tested) / 3
    return _fit(params, images) / FASTER.get(used, 1.0)


def _fit(params: Params, images: float) -> float:
    """Seconds of a core for so many images of portable training."""
    return images * 2.9 * (params.train.input_size / 128) ** 2 / SUSTAINED


def _together(durations: Sequence[float], at_once: int) -> float:
    """How long tasks take of which the next begins when one ends."""
    busy = [0.0] * at_once
    for duration in durations:
        heapq.heappush(busy, heapq.heappop(busy) + duration)
    return max(busy)


def in_words(seconds: float) -> str:
    """A duration, no more exact than it is."""
    for most, unit, name in (
        (90, 1, "seconds"), (90 * 60, 60, "minutes"), (36 * 3600, 3600, "hours"),
    ):  # fmt: skip
        if seconds < most:
            number = max(1, round(seconds / unit))
            return f"{number if number < 20 else round(number, -1)} {name}"
    return f"{round(seconds / 86400, 1):g} days"


def memory(params: Params) -> int:
    """Bytes of anonymous memory that a training needs: measured from 72 to 224 px."""
    return 700_000_000 + 1000 * params.train.batch_size * params.train.input_size**2


def free_memory() -> int:
    """Bytes of memory, swap included, that this process may still take; all where nobody says."""
    found = dict[str, int]()
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            name, value = line.split()[:2]
            found[name] = 1024 * int(value)
    except (OSError, ValueError):
        return sys.maxsize
    free = found.get("MemAvailable:", sys.maxsize) + found.get("SwapFree:", 0)
    return min([free, *_limits()])


def _limits() -> Iterator[int]:
    """Limits of the control group, as Docker's --memory sets them."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            limit = Path("/sys/fs/cgroup", name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if limit.isdecimal():
            yield int(limit)


def disk(params: Params, work: Work, at_once: int) -> dict[str, int]:
    """Bytes that a run writes, by folder."""
    trainings = 2 * len(params.train.seeds)
    faces = work.files * (params.align.size**2 * 3 + 400)
    rows = sum(0.1 * samples + len(LEVELS) * work.tested for samples in work.samples.values())
    predictions = round(rows * len(params.train.seeds) * (60 + 12 * len(params.data.emotions)))
    manifests = 100 * sum(work.samples.values())
    return {
        params.data.root: 8_000 * work.rendered,
        "data": faces + predictions + manifests,
        "models": 2 * MODEL * trainings,
        str(PARTIAL): max(
            faces,
            3 * MODEL * min(at_once, trainings),
            2 * work.pretrained * params.align.size**2 * 3,
        ),
        "results": 20_000_000,
    }


def free_disk(needed: Mapping[str, int]) -> Iterator[tuple[Path, int, int, int]]:
    """For each disk that is written to: a folder on it, bytes needed at least and at most, free.

    DVC's cache holds most of it once more, which costs nothing where the file system can share
    blocks between files. What a run replaces counts as free.
    """
    folders = dict[int, Path]()
    least, most, replaced = (defaultdict[int, int](int) for _ in range(3))
    for name, size in needed.items():
        folder = Path(name) if Path(name).exists() else Path()
        device = folder.stat().st_dev
        folders.setdefault(device, folder)
        least[device] += size
        most[device] += size if name in NOT_CACHED else 2 * size
        if folder != Path():
            replaced[device] += min(size, _size(folder))
    for device, folder in folders.items():
        free = shutil.disk_usage(folder).free + replaced[device]
        yield folder, least[device], most[device], free


def _size(folder: Path) -> int:
    """Bytes of the files in a folder."""
    total = 0
    for place, _, files in os.walk(folder):
        total += sum(os.lstat(Path(place, file)).st_size for file in files)
    return total


def gigabytes(size: float) -> str:
    """A size in words."""
    return f"{size / 1e9:.1f} GB" if size < 1e10 else f"{size / 1e9:,.0f} GB"


def forecast(params: Params, work: Work, used: str) -> tuple[str, list[str], list[str]]:
    """What a run from scratch takes, in a line; what cannot fit; and what may not."""
    at_once = cores()
    faults, doubts = list[str](), list[str]()
    time = in_words(seconds(params, work, used, measure(), at_once))
    where = f"on {'these' if at_once > 1 else 'this'} {at_once} core{'s' * (at_once > 1)}"
    if used == GPU:
        where = "beside the trainings, whose time on a GPU is not known"
    side_by_side = min(at_once, 2 * len(params.train.seeds)) if used == arithmetic.PORTABLE else 1
    one, free = memory(params), free_memory()
    needs = f"{gigabytes(one * side_by_side)} of memory ({gigabytes(free)} free)"
    if one > free:
        faults.append(
            f"memory: a training needs about {gigabytes(one)}, {gigabytes(free)} are free: lower "
            "train.batch_size or train.input_size, or allow more memory"
        )
    elif one * side_by_side > free:
        doubts.append(
            f"memory: {side_by_side} trainings at once need about {gigabytes(one * side_by_side)}, "
            f"{gigabytes(free)} are free: FERBLUR_PROCESSES={max(1, free // one)} runs fewer"
        )
    for folder, least, most, free in free_disk(disk(params, work, at_once)):
        needs += f", {gigabytes(least)} to {gigabytes(most)} of disk ({gigabytes(free)} free)"
        line = f"disk: {folder.resolve()} has {gigabytes(free)} free, and a run needs about "
        if least > free:
            faults.append(line + f"{gigabytes(least)}: free some, or move the project")
        elif most > free:
            doubts.append(
                line + f"{gigabytes(most)} where DVC's cache holds copies (dvc gc -w thins it out)"
            )
    return f"about {time} from scratch {where}, {needs}; all rough", faults, doubts
