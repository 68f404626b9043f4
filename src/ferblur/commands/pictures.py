"""Pictures from anywhere, as aligned faces: what `prepare` and `align` do, outside a run.

Nothing is written into data/ or results/.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from ferblur.alignment import search
from ferblur.alignment.batches import DECODED
from ferblur.alignment.detection import Detector, make_detector
from ferblur.alignment.shards import align_pool, merge_pool
from ferblur.core.errors import UserError
from ferblur.core.params import Align, Data, Params
from ferblur.core.ranks import Ranks
from ferblur.core.study import POOLS
from ferblur.curation.intake import accept_pool
from ferblur.dataset.faces import Faces
from ferblur.images.decoding import decode, reading


def emotions_named(text: str | None, params: Params) -> tuple[str, ...]:
    """The classes that `--emotions` names, with commas between; those of data.emotions without.

    Raises UserError in one line.
    """
    if text is None:
        return params.data.emotions
    given = tuple(name.strip() for name in text.split(","))
    try:
        return Data(root=params.data.root, emotions=given).emotions
    except ValidationError as error:
        faults = [str(fault["msg"]).removeprefix("Value error, ") for fault in error.errors()]
        what = "; ".join(dict.fromkeys(faults))
        raise UserError(f"--emotions {text}: {what}") from error


def where(root: Path, emotions: Sequence[str]) -> tuple[Path, str]:
    """The folder of the pool that is audited, and the pool's name in it.

    It is `root`/deployment, or `root` itself where that has folders of emotions.
    """
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; it must hold a folder for each emotion")
    deployment = POOLS[1]
    if (root / deployment).is_dir():
        return root, deployment
    missing = [emotion for emotion in emotions if not (root / emotion).is_dir()]
    if len(missing) == len(emotions):
        raise UserError(
            f"{root}: has neither {deployment}/ nor folders named {', '.join(emotions)}"
        )
    if missing:
        raise UserError(
            f"{root}: has no folder {', '.join(missing)}; --emotions names those there are"
        )
    whole = root.resolve()
    return whole.parent, whole.name


@contextmanager
def aligned(root: Path, emotions: Sequence[str], params: Params) -> Iterator[tuple[Faces, int]]:
    """Yield the faces of a folder, and how many files there were; they last as long as the block.

    Raises UserError where no face is found.
    """
    folder, pool = where(root, emotions)
    intake = accept_pool(folder, pool, params.prepare, emotions)
    if intake.accepted.empty:
        why = "; ".join(f"{count} {reason}" for reason, count in intake.reasons.most_common(3))
        raise UserError(f"{folder / pool}: no file is a usable picture ({why or 'it is empty'})")
    with TemporaryDirectory() as name, _same_threads():
        detector = make_detector(params.align.detector)
        temporary = Path(name)
        align_pool(intake.accepted, folder, pool, temporary, detector, params.align, Ranks())
        merge_pool(intake.accepted, pool, temporary, params.align)
        faces = Faces.open(temporary, pool)
        if faces.table.empty:
            raise UserError(f"{folder / pool}: no face was found in any of its images")
        yield faces, intake.found


@contextmanager
def _same_threads() -> Iterator[None]:
    """Give torch its threads back, of which alignment leaves one."""
    import torch

    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def every_face(
    path: Path, detector: Detector | None, params: Align
) -> tuple[np.ndarray, pd.DataFrame]:
    """Align all faces of a picture, the most certain first: N x S x S x 3 uint8, and N rows.

    Rows are as `align` writes them, with the picture's `image_width` and `image_height` in px.
    Raises UserError in one line where there is no picture, or no face in it.
    """
    try:
        if not path.exists():
            raise ValueError("no such file")
        with reading(path) as content:
            image, (width, height) = decode(content, DECODED)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error
    results = list(_align(image, max(width, height), detector, params))
    faces = [(face, row) for face, row in results if face is not None]
    if not faces:
        raise UserError(f"{path}: {results[0][1]['status']}")
    table = pd.DataFrame([row for _, row in faces])
    columns = ["x", "y", "width", "height"]
    table = table.reindex(columns=[*table, *(c for c in columns if c not in table)])
    return np.stack([face for face, _ in faces]), table.assign(
        image_width=width, image_height=height
    )


def _align(
    image: np.ndarray, side: int, detector: Detector | None, params: Align
) -> Iterator[tuple[np.ndarray | None, dict[str, Any]]]:
    """Each face in an image whose file has `side` px at its longer side, or the reason for none."""
    if detector is None:
        yield search.keep_whole(image, params, "not searched")
        return
    seen = search.view(image, params.enlarge)
    (found,) = detector.detect(seen.pixels[None])
    shrunk = round(side / max(image.shape))
    alone = [[face] for face in found if face.confidence >= params.min_confidence]
    for faces in alone or [found]:
        yield search.align_image(image, seen, faces, params, shrunk)
