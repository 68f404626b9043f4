"""A pool's images aligned shard by shard, so that a killed run continues and ranks can share."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
from tqdm import tqdm

from ferblur.alignment.batches import Source, align_files
from ferblur.alignment.detection import Detector
from ferblur.core.files import atomic, read_json, write_csv, write_json
from ferblur.core.params import Align
from ferblur.core.ranks import Ranks, cores

SHARD = 256
"""Images worked on between two saves; a killed run loses at most this much."""

THREADS = 8
"""At most, in one process: more would cost memory; torchrun adds processes."""

WHOLE_NUMBERS = [
    "x", "y", "width", "height", "left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y",
]  # fmt: skip
COLUMNS = ["status", "faces", *WHOLE_NUMBERS, "angle", "confidence"]


def align_pool(
    accepted: pd.DataFrame, root: Path, pool: str, folder: Path, detector: Detector | None,
    params: Align, ranks: Ranks,
) -> None:  # fmt: skip
    """Align this rank's shards of a pool into `folder`, but for those already there.

    `accepted` has a row for each of the pool's images: its `source_id`, a path in `root`/`pool`,
    and `image_height` and `image_width` in px.
    """
    files = accepted[["source_id", "image_height", "image_width"]].itertuples(index=False)
    sources = [Source(root / pool / file, height, width) for file, height, width in files]
    starts = range(SHARD * ranks.rank, len(sources), SHARD * ranks.size)
    shards = {start: sources[start : start + SHARD] for start in starts}
    todo = {k: part for k, part in shards.items() if not _shard(folder, pool, k)[1].exists()}
    threads = min(max(1, cores() // ranks.size), THREADS)
    count = sum(map(len, todo.values()))
    hidden = not todo or not ranks.first or None
    with (
        ThreadPoolExecutor(threads) as workers,
        tqdm(total=count, desc=f"align {pool}", unit="img", disable=hidden) as bar,
    ):
        for start, part in todo.items():
            pixels_path, rows_path = _shard(folder, pool, start)
            rows: list[dict[str, object]] = [{}] * len(part)
            with atomic(pixels_path) as temporary, temporary.open("wb") as stream:
                first = _begin(stream, len(part), params.size)
                for place, (face, row) in align_files(part, detector, params, workers):
                    bar.update()
                    rows[place] = row
                    if face is not None:
                        stream.seek(first + place * face.nbytes)
                        stream.write(face.tobytes())
                stream.truncate(first + len(part) * 3 * params.size**2)
            write_json(rows_path, {"rows": rows})  # written last, so it vouches for the pixels


def merge_pool(accepted: pd.DataFrame, pool: str, folder: Path, params: Align) -> pd.DataFrame:
    """Join a pool's shards in `folder`; returns `accepted` with what became of each image.

    Writes `<pool>.npy` (N x size x size x 3 uint8), `<pool>.csv` (one row a face) and
    `<pool>-rejects.csv`; accepted files = faces + rejects.
    """
    shards = [_shard(folder, pool, start) for start in range(0, len(accepted), SHARD)]
    rows = pd.concat([_rows(path) for _, path in shards], ignore_index=True)
    for name in WHOLE_NUMBERS:
        if rows[name].notna().all():
            rows[name] = rows[name].astype(int)
    table = accepted.join(rows)
    kept = table["status"].str.startswith(("aligned", "kept"))
    with atomic(folder / f"{pool}.npy") as temporary, temporary.open("wb") as stream:
        _begin(stream, int(kept.sum()), params.size)
        for start, (pixels_path, _) in zip(range(0, len(table), SHARD), shards, strict=True):
            pixels = np.load(pixels_path, mmap_mode="r")
            for place in np.flatnonzero(kept[start : start + SHARD]):
                stream.write(pixels[place].tobytes())
    write_csv(folder / f"{pool}.csv", table[kept])
    rejects = table.loc[~kept, ["source_id", "status"]].rename(columns={"status": "reason"})
    write_csv(folder / f"{pool}-rejects.csv", rejects)
    return table


def _rows(path: Path) -> pd.DataFrame:
    rows = pd.DataFrame(read_json(path)["rows"], columns=COLUMNS)
    return rows.astype(dict.fromkeys(COLUMNS[2:], float))  # NaN where an image has no face


def _begin(stream: BinaryIO, faces: int, size: int) -> int:
    """Begin a .npy file of faces that are written as they come, so that few are in memory.

    Returns where the first face goes. (A memory-mapped file would end the process on a full disk.)
    """
    shape = (faces, size, size, 3)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.tell()


def _shard(folder: Path, pool: str, start: int) -> tuple[Path, Path]:
    """Pixels and rows of the shard that starts with the pool's image number `start`."""
    pixels = folder / f"{pool}-{start:08d}.npy"
    return pixels, pixels.with_suffix(".json")
