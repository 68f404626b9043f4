"""A pool's images aligned shard by shard, so that a killed run continues and ranks can share."""

from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pandas as pd
import torch
from PIL import Image
from tqdm import tqdm

from ferblur.alignment import rotation
from ferblur.alignment.detection import DETECTORS, Detection, Detector
from ferblur.core.errors import UserError
from ferblur.core.files import atomic, read_json, write_csv, write_json
from ferblur.core.params import Align
from ferblur.core.ranks import Ranks, cores

if TYPE_CHECKING:
    Progress = tqdm[NoReturn]

PREPARE = Path("data/prepare")

SHARD = 256
"""Images worked on between two saves; a killed run loses at most this much."""

THREADS = 8
"""At most, in one process: more would cost memory; torchrun adds processes."""

PIXELS = 1 << 21
"""In a detector call at most, so that large images come in smaller batches."""

Result = tuple[np.ndarray | None, dict[str, object]]
"""An aligned face, or None where the image is rejected, and its table row."""


def choose(faces: list[Detection], rule: str) -> Detection | None:
    """Pick the face to keep: the only one, or as `rule` (align.several_faces) says."""
    if len(faces) == 1:
        return faces[0]
    if not faces or rule == "reject":
        return None
    if rule == "largest":
        return max(faces, key=lambda face: face.box[2] * face.box[3])
    return max(faces, key=lambda face: face.confidence)


def align_image(
    image: np.ndarray, found: list[Detection], params: Align
) -> tuple[np.ndarray | None, dict[str, object]]:
    """Align one image given its detections.

    `image` is H x W x 3 uint8. Returns the size x size x 3 uint8 face, or None where it is
    rejected, and the table row: status (aligned, kept, or the reason), number of faces, and the
    chosen face's box, eyes, angle (degrees) and confidence.
    """
    faces = [face for face in found if face.confidence >= params.min_confidence]
    row: dict[str, object] = {"status": "", "faces": len(faces)}
    chosen = choose(faces, params.several_faces)
    if chosen is None:
        if faces:
            return None, row | {"status": f"{len(faces)} faces"}
        if params.no_face == "reject":
            return None, row | {"status": "no face"}
        whole = rotation.resize(image, params.size, params.interpolation)
        return whole, row | {"status": "kept whole: no face"}
    row |= dict(zip(("x", "y", "width", "height"), chosen.box, strict=True))
    row |= dict(zip(("left_eye_x", "left_eye_y"), chosen.left_eye, strict=True))
    row |= dict(zip(("right_eye_x", "right_eye_y"), chosen.right_eye, strict=True))
    row |= {"angle": rotation.eye_angle(chosen), "confidence": chosen.confidence}
    face = rotation.align(image, chosen, params.size, params.interpolation)
    return face, row | {"status": "empty crop" if face is None else "aligned"}


COLUMNS = [
    "status",
    "faces",
    "x",
    "y",
    "width",
    "height",
    "left_eye_x",
    "left_eye_y",
    "right_eye_x",
    "right_eye_y",
    "angle",
    "confidence",
]


def read_image(path: Path) -> np.ndarray | str:
    """Decode a JPEG file to H x W x 3 uint8 RGB, or say in a few words why it cannot be."""
    try:
        with Image.open(path, formats=["JPEG"]) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        return f"unreadable: {error}".replace(str(path), path.name)


def align_shard(
    paths: list[Path], detector: Detector, params: Align, workers: Executor, progress: "Progress"
) -> tuple[np.ndarray, list[dict[str, object]]]:
    """Align a list of image files; returns M x size x size x 3 uint8 faces and one row a file.

    Batches are shared out among `workers`, which cannot change the result: each is computed by one
    thread, and the batches depend on the shard alone.
    """
    images = list(workers.map(read_image, paths))
    results: list[Result] = [
        (None, {"status": image, "faces": 0}) if isinstance(image, str) else (None, {})
        for image in images
    ]
    pixels = {i: image for i, image in enumerate(images) if not isinstance(image, str)}
    # mtcnn pads a mixed batch to its largest image, which changes its answer: one shape a batch
    batches = []
    for shape in sorted({image.shape for image in pixels.values()}):
        same = [i for i, image in pixels.items() if image.shape == shape]
        size = max(1, min(params.batch_size, PIXELS // (shape[0] * shape[1])))
        batches += [same[start : start + size] for start in range(0, len(same), size)]

    def work(batch: list[int]) -> list[Result]:
        found = detector.detect(np.stack([pixels[i] for i in batch]))
        aligned = [
            align_image(pixels[i], faces, params) for i, faces in zip(batch, found, strict=True)
        ]
        progress.update(len(batch))
        return aligned

    for batch, aligned in zip(batches, workers.map(work, batches), strict=True):
        for i, result in zip(batch, aligned, strict=True):
            results[i] = result
    kept = [face for face, _ in results if face is not None]
    empty = np.zeros((0, params.size, params.size, 3), dtype=np.uint8)
    return np.stack(kept) if kept else empty, [row for _, row in results]


def align_pool(root: Path, pool: str, folder: Path, params: Align, ranks: Ranks) -> None:
    """Align this rank's shards of a pool into `folder`, but for those already there."""
    accepted = _accepted(pool)
    starts = range(SHARD * ranks.rank, len(accepted), SHARD * ranks.size)
    todo = [start for start in starts if not _shard(folder, pool, start)[1].exists()]
    if not todo:
        return
    # one thread a batch, whatever the machine: the number of threads changes the last bits
    torch.set_num_threads(1)
    detector = DETECTORS[params.detector]()
    threads = max(1, cores() // ranks.size)
    count = sum(len(accepted[start : start + SHARD]) for start in todo)
    with (
        ThreadPoolExecutor(min(threads, THREADS)) as workers,
        tqdm(total=count, desc=f"align {pool}", unit="img", disable=not ranks.first or None) as bar,
    ):
        for start in todo:
            paths = [root / pool / file for file in accepted["source_id"][start : start + SHARD]]
            faces, rows = align_shard(paths, detector, params, workers, bar)
            pixels_path, rows_path = _shard(folder, pool, start)
            with atomic(pixels_path) as temporary:
                np.save(temporary, faces)
            write_json(rows_path, {"rows": rows})  # written last, so it vouches for the pixels


def merge_pool(root: Path, pool: str, folder: Path, params: Align) -> dict[str, int]:
    """Join a pool's shards in `folder` and return the counts.

    Writes `<pool>.npy` (N x size x size x 3 uint8), `<pool>.csv` (one row a face) and
    `<pool>-rejects.csv`; accepted files = faces + rejects.
    """
    accepted = _accepted(pool)
    shards = [_shard(folder, pool, start) for start in range(0, len(accepted), SHARD)]
    rows = [row for _, rows_path in shards for row in read_json(rows_path)["rows"]]
    table = accepted.reset_index(drop=True).join(pd.DataFrame(rows, columns=COLUMNS))
    whole = table["status"].str.startswith(("aligned", "kept"))
    with atomic(folder / f"{pool}.npy") as temporary:
        shape = (int(whole.sum()), params.size, params.size, 3)
        if not shape[0]:
            raise UserError(f"{root / pool}: no face found in any of {len(table)} images")
        merged = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        position = 0
        for pixels_path, _ in shards:
            faces = np.load(pixels_path, mmap_mode="r")
            merged[position : position + len(faces)] = faces
            position += len(faces)
        merged.flush()
    write_csv(folder / f"{pool}.csv", table[whole])
    rejects = table.loc[~whole, ["source_id", "status"]].rename(columns={"status": "reason"})
    write_csv(folder / f"{pool}-rejects.csv", rejects)
    return {
        "accepted": len(table),
        "aligned": int((table["status"] == "aligned").sum()),
        "kept_whole": int(table["status"].str.startswith("kept").sum()),
        "rejected": len(rejects),
        "several_faces": int((table["faces"] > 1).sum()),
    }


def _accepted(pool: str) -> pd.DataFrame:
    return pd.read_csv(
        PREPARE / f"{pool}.csv", dtype={"source_id": str, "subject": str}, keep_default_na=False
    )


def _shard(folder: Path, pool: str, start: int) -> tuple[Path, Path]:
    """Pixels and rows of the shard that starts with the pool's image number `start`."""
    pixels = folder / f"{pool}-{start:08d}.npy"
    return pixels, pixels.with_suffix(".json")
