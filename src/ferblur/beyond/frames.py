"""Blur as a camera makes it: of the whole frame, before the face in it is found and aligned."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.alignment import search
from ferblur.alignment.batches import DECODED, Batch, Source, plan
from ferblur.alignment.detection import Detector
from ferblur.alignment.search import Result
from ferblur.alignment.shards import COLUMNS, WHOLE_NUMBERS
from ferblur.beyond.blurring import box
from ferblur.core.params import Align
from ferblur.dataset.blur import box_blur, sigma
from ferblur.images.decoding import read_image


def sources(faces: pd.DataFrame, folder: Path) -> list[Source]:
    """The raw images of a table of aligned faces, which are in the pool's `folder`."""
    rows = faces[["source_id", "image_height", "image_width"]].itertuples(index=False)
    return [Source(folder / file, height, width) for file, height, width in rows]


def frame_radii(faces: pd.DataFrame, radius: float, size: int) -> np.ndarray:
    """Box radii in px of N raw images that blur as `radius` px of the aligned face do: N float64.

    That is, whose standard deviation is the same share of the face's width: a box's deviation is
    not in proportion to its radius, so neither are the radii.

    `faces` has the box of each sharp face, empty where the image was kept whole: then all of it is
    the face. That becomes `size` x `size` px; where its sides differ, their geometric mean counts.
    """
    width, height = (
        np.where(np.isnan(sides := _numbers(faces[name])), faces[f"image_{name}"], sides)
        for name in ("width", "height")
    )
    whole, share = box(sigma(radius) ** 2 * width * height / size**2)
    return np.asarray(whole + share)


def align_blurred(
    files: Sequence[Source], radii: np.ndarray, detector: Detector | None, params: Align
) -> tuple[np.ndarray, list[dict[str, object]]]:
    """Align N images as stage `align` does, each blurred by its box radius in px before that.

    Returns N x size x size x 3 uint8, black where there is no face, and what became of each image:
    its columns of the table of `align`.
    """
    pixels = np.zeros((len(files), params.size, params.size, 3), np.uint8)
    rows: list[dict[str, object]] = [{}] * len(files)
    for batch in plan(list(files), params):
        for place, (face, row) in _align_batch(batch, files, radii, detector, params):
            rows[place] = row
            if face is not None:
                pixels[place] = face
    return pixels, rows


def _align_batch(
    batch: Batch, files: Sequence[Source], radii: np.ndarray, detector: Detector | None,
    params: Align,
) -> Iterator[tuple[int, Result]]:  # fmt: skip
    """As `alignment.batches.align_batch`, which reads sharp images; with each one's place."""
    images: dict[int, tuple[np.ndarray, int]] = {}
    for place in batch.places:
        try:
            images[place] = _blurred(files[place], float(radii[place]))
        except ValueError as error:
            yield place, (None, {"status": f"unreadable: {error}", "faces": 0})
    if detector is None:
        for place, (image, _) in images.items():
            yield place, search.keep_whole(image, params, "not searched")
    elif images:
        seen = [search.view(image, params.enlarge) for image, _ in images.values()]
        found = detector.detect(np.stack([view.pixels for view in seen]))
        for (place, (image, shrunk)), view, faces in zip(images.items(), seen, found, strict=True):
            yield place, search.align_image(image, view, faces, params, shrunk)


def _blurred(file: Source, radius: float) -> tuple[np.ndarray, int]:
    """A blurred image, and how many times as large it was as a file, whose px `radius` counts."""
    image = read_image(file.path, DECODED)
    size = (file.height, file.width)
    if size[0] * size[1] <= DECODED and image.shape[:2] != size:
        raise ValueError("its size is no longer what prepare found")
    shrunk = round(max(size) / max(image.shape))
    return box_blur(image, radius / shrunk), shrunk


def table(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """What became of images, as `align_blurred` returns it, with every column of `align`'s table.

    Whole numbers are whole, and what an image without a face lacks is missing.
    """
    made = pd.DataFrame(list(rows), columns=COLUMNS)
    whole = dict.fromkeys(WHOLE_NUMBERS, "Int64")
    return made.astype(whole | {"angle": float, "confidence": float})


def found(rows: pd.DataFrame) -> np.ndarray:
    """Of N rows of a table of faces, those with a face or an image kept whole: N bool."""
    return rows["status"].str.startswith(("aligned", "kept")).to_numpy(dtype=bool)


def _numbers(column: pd.Series) -> np.ndarray:
    """A column as float64, NaN where it is missing or, as `Faces.open` reads it, empty."""
    numbers = pd.to_numeric(column, errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=float, na_value=np.nan))
