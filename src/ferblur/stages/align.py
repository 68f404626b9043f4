"""Find the face in every accepted image, level its eyes, crop it (section III.B)."""

import json
import os
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from ferblur import alignment, dataset, stages
from ferblur.detection import Detection, Detector
from ferblur.errors import UserError
from ferblur.files import atomic, write_csv, write_json
from ferblur.params import Align, load
from ferblur.partial import partial_folder, publish

SOURCE = Path("data/prepare")
OUT = Path("data/align")
RESULTS = Path("results/align")

SHARD = 256
"""Images worked on between two saves; a killed run loses at most this much."""


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
        whole = alignment.resize(image, params.size, params.interpolation)
        return whole, row | {"status": "kept whole: no face"}
    row |= dict(zip(("x", "y", "width", "height"), chosen.box, strict=True))
    row |= dict(zip(("left_eye_x", "left_eye_y"), chosen.left_eye, strict=True))
    row |= dict(zip(("right_eye_x", "right_eye_y"), chosen.right_eye, strict=True))
    row |= {"angle": alignment.eye_angle(chosen), "confidence": chosen.confidence}
    face = alignment.align(image, chosen, params.size, params.interpolation)
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


def align_shard(
    paths: list[Path], detector: Detector, params: Align, progress: "tqdm[NoReturn]"
) -> tuple[np.ndarray, list[dict[str, object]]]:
    """Align a list of image files; returns M x size x size x 3 uint8 faces and one row a file."""
    images = []
    for path in paths:
        with Image.open(path, formats=["JPEG"]) as image:
            images.append(np.asarray(image.convert("RGB")))
    found: list[list[Detection]] = [[] for _ in images]
    # mtcnn pads a mixed batch to its largest image, which changes its answer: one shape a batch
    for shape in sorted({image.shape for image in images}):
        same = [i for i, image in enumerate(images) if image.shape == shape]
        for start in range(0, len(same), params.batch_size):
            batch = same[start : start + params.batch_size]
            detections = detector.detect(np.stack([images[i] for i in batch]))
            for i, faces in zip(batch, detections, strict=True):
                found[i] = faces
            progress.update(len(batch))
    results = [
        align_image(image, faces, params) for image, faces in zip(images, found, strict=True)
    ]
    kept = [face for face, _ in results if face is not None]
    empty = np.zeros((0, params.size, params.size, 3), dtype=np.uint8)
    return np.stack(kept) if kept else empty, [row for _, row in results]


def align_pool(root: Path, pool: str, folder: Path, params: Align) -> dict[str, int]:
    """Align a pool shard by shard into `folder`, continuing after the shards already there.

    Writes `<pool>.npy` (N x size x size x 3 uint8), `<pool>.csv` (one row a face) and
    `<pool>-rejects.csv`; accepted files = faces + rejects. Returns the counts.
    """
    accepted = pd.read_csv(
        SOURCE / f"{pool}.csv", dtype={"source_id": str, "subject": str}, keep_default_na=False
    )
    detector: Detector | None = None
    rows: list[dict[str, object]] = []
    shards = []
    with tqdm(total=len(accepted), desc=f"align {pool}", unit="img", disable=None) as progress:
        for start in range(0, len(accepted), SHARD):
            part = accepted.iloc[start : start + SHARD]
            pixels_path = folder / f"{pool}-{start:08d}.npy"
            rows_path = pixels_path.with_suffix(".json")
            if not rows_path.exists():  # written last, so it vouches for the pixels
                detector = detector or Detector()
                paths = [root / pool / file for file in part["source_id"]]
                faces, shard_rows = align_shard(paths, detector, params, progress)
                with atomic(pixels_path) as temporary:
                    np.save(temporary, faces)
                write_json(rows_path, {"rows": shard_rows})
            else:
                progress.update(len(part))
            shards.append(pixels_path)
            rows += json.loads(rows_path.read_text())["rows"]

    table = accepted.reset_index(drop=True).join(pd.DataFrame(rows, columns=COLUMNS))
    whole = table["status"].str.startswith(("aligned", "kept"))
    with atomic(folder / f"{pool}.npy") as temporary:
        shape = (int(whole.sum()), params.size, params.size, 3)
        if not shape[0]:
            raise UserError(f"{root / pool}: no face found in any of {len(table)} images")
        merged = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        position = 0
        for shard in shards:
            faces = np.load(shard, mmap_mode="r")
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


def main() -> None:
    """Align both pools."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    params = load()
    inputs = {
        "params": params.align.model_dump(),
        "files": {p: (SOURCE / f"{p}.csv").read_text() for p in dataset.POOLS},
    }
    with partial_folder("align", inputs) as folder:
        root = Path(params.data.root)
        counts = {pool: align_pool(root, pool, folder, params.align) for pool in dataset.POOLS}
        for pool in dataset.POOLS:
            for name in (f"{pool}.npy", f"{pool}.csv", f"{pool}-rejects.csv"):
                publish(folder / name, OUT / name)
        write_json(RESULTS / "counts.json", counts)


if __name__ == "__main__":
    stages.run(main)
