"""Image files aligned batch by batch, side by side, in bounded memory."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ferblur.alignment import search
from ferblur.alignment.detection import Detector
from ferblur.alignment.search import Result
from ferblur.core.params import Align
from ferblur.images.decoding import read_image

PIXELS = search.SEARCHED
"""In a detector call at most, so that large images come in smaller batches."""

DECODED = 1 << 24
"""px of an image that is decoded whole; one of more is shrunk on the way, and cropped from that."""

MEMORY = 1 << 30
"""Bytes that the batches at work may need; a batch that needs more works alone."""

DECODING, SEARCHING = 12, 120
"""Bytes for a px of a file while it is decoded, and for a px that is searched (measured)."""


@dataclass(frozen=True)
class Source:
    """An image file and the height and width in px that `prepare` found it to have."""

    path: Path
    height: int
    width: int


@dataclass(frozen=True)
class Batch:
    """Images of one size, by their places in the shard, and the bytes that aligning them takes."""

    places: list[int]
    memory: int


def plan(sources: list[Source], params: Align) -> list[Batch]:
    """Sort images into batches, by their sizes alone.

    mtcnn pads a mixed batch to its largest image, which changes its answer: one size a batch.
    """
    batches = []
    sizes = [(source.height, source.width) for source in sources]
    for height, width in sorted(set(sizes)):
        same = [place for place, size in enumerate(sizes) if size == (height, width)]
        seen_height, seen_width = search.view_size(height, width, params.enlarge)
        seen = seen_height * seen_width
        many = max(1, min(params.batch_size, PIXELS // max(seen, height * width)))
        each = DECODING * height * width + SEARCHING * seen
        for start in range(0, len(same), many):
            places = same[start : start + many]
            batches.append(Batch(places, len(places) * each))
    return batches


def align_batch(sources: list[Source], detector: Detector | None, params: Align) -> list[Result]:
    """Decode and align images of one size."""
    images: dict[int, np.ndarray] = {}
    results: list[Result] = []
    for place, source in enumerate(sources):
        try:
            images[place] = _read(source)
            results.append((None, {}))
        except ValueError as error:
            results.append((None, {"status": f"unreadable: {error}", "faces": 0}))
    if detector is None:
        for place, image in images.items():
            results[place] = search.keep_whole(image, params, "not searched")
    elif images:
        seen = [search.view(image, params.enlarge) for image in images.values()]
        found = detector.detect(np.stack([view.pixels for view in seen]))
        for (place, image), view, faces in zip(images.items(), seen, found, strict=True):
            source = sources[place]
            shrunk = round(max(source.height, source.width) / max(image.shape))
            results[place] = search.align_image(image, view, faces, params, shrunk)
    return results


def _read(source: Source) -> np.ndarray:
    image = read_image(source.path, DECODED)
    size = (source.height, source.width)
    if size[0] * size[1] <= DECODED and image.shape[:2] != size:
        raise ValueError("its size is no longer what prepare found")
    return image


def align_files(
    sources: list[Source], detector: Detector | None, params: Align, workers: Executor
) -> Iterator[tuple[int, Result]]:
    """Align image files; yields the place of each in the list and its result, in some order.

    Batches are shared out among `workers`, which cannot change the result: each is computed by one
    thread, and the batches depend on the list alone.
    """

    def work(batch: Batch) -> list[Result]:
        return align_batch([sources[place] for place in batch.places], detector, params)

    for batch, results in _in_turn(work, plan(sources, params), workers):
        yield from zip(batch.places, results, strict=True)


def _in_turn(
    work: Callable[[Batch], list[Result]], batches: list[Batch], workers: Executor
) -> Iterator[tuple[Batch, list[Result]]]:
    """Do batches side by side, as many as MEMORY has room for; yield them in their order."""
    waiting: deque[tuple[Batch, Future[list[Result]]]] = deque()
    for batch in batches:
        while waiting and sum(one.memory for one, _ in waiting) + batch.memory > MEMORY:
            first, results = waiting.popleft()
            yield first, results.result()
        waiting.append((batch, workers.submit(work, batch)))
    for batch, results in waiting:
        yield batch, results.result()
