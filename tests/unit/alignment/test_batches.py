"""Batches of one size, in bounded memory; files that cannot be used any more."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ferblur.alignment import batches
from ferblur.alignment.batches import Batch, Source
from ferblur.alignment.detection import Detection, make_detector
from ferblur.alignment.search import Result
from ferblur.core.params import Align, Params
from ferblur.rendering import subject
from ferblur.rendering.clips import make_renderer, view
from hostile_images import exif, turned


@pytest.fixture
def params(smoke: Params) -> Align:
    return smoke.align.model_copy(update={"size": 48, "batch_size": 4})


def planned(sizes: list[tuple[int, int]], params: Align) -> list[list[int]]:
    sources = [Source(Path(f"{i}.jpg"), *size) for i, size in enumerate(sizes)]
    return [batch.places for batch in batches.plan(sources, params)]


def test_a_batch_has_one_size_and_a_limit(params: Align) -> None:
    sizes = [(128, 128), (96, 128), (128, 128), (128, 96), *[(128, 128)] * 4]
    assert planned(sizes, params) == [[1], [3], [0, 2, 4, 5], [6, 7]]


def test_large_images_come_in_smaller_batches(params: Align) -> None:
    assert planned([(1000, 1000)] * 5, params) == [[0, 1], [2, 3], [4]]
    assert planned([(3000, 4000)] * 2, params) == [[0], [1]]
    enlarged = params.model_copy(update={"enlarge": 1000})
    assert planned([(48, 48)] * 5, enlarged) == [[0, 1], [2, 3], [4]]


def test_batches_at_work_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MEMORY", 10)
    needed = [3, 3, 3, 3, 7, 25, 1, 1, 9, 2]
    most, now, lock = 0, 0, threading.Lock()

    def work(batch: Batch) -> list[Result]:
        nonlocal most, now
        with lock:
            now += batch.memory
            most = max(most, now if batch.memory <= 10 else now - batch.memory + 10)
        time.sleep(0.002)
        with lock:
            now -= batch.memory
        return [(None, {"status": str(place)}) for place in batch.places]

    todo = [Batch([place], memory) for place, memory in enumerate(needed)]
    with ThreadPoolExecutor(8) as workers:
        done = list(batches._in_turn(work, todo, workers))
    assert [batch.places for batch, _ in done] == [[place] for place in range(10)]
    assert [results[0][1]["status"] for _, results in done] == [str(place) for place in range(10)]
    assert 3 < most <= 10


def test_files_that_changed_have_a_reason_and_harm_no_other(tmp_path: Path, params: Align) -> None:
    names = ["whole.jpg", "cut.jpg", "gone.jpg", "resized.jpg"]
    sources = [Source(tmp_path / name, 30, 40) for name in names]
    for source in sources:
        Image.new("RGB", (40, 30), "white").save(source.path)
    sources[1].path.write_bytes(sources[1].path.read_bytes()[:200])
    sources[2].path.unlink()
    Image.new("RGB", (41, 30)).save(sources[3].path)

    class One:
        def detect(self, images: np.ndarray) -> list[list[Detection]]:
            return [[Detection((4, 4, 20, 20), (18, 10), (8, 10), 0.9)] for _ in images]

    whole, *others = batches.align_batch(sources, One(), params)
    assert whole[1]["status"] == "aligned"
    assert all(face is None for face, _ in others)
    reasons = [str(row["status"]) for _, row in others]
    assert all(reason.startswith("unreadable: ") for reason in reasons)
    assert reasons[2] == "unreadable: its size is no longer what prepare found"
    assert [row["faces"] for _, row in others] == [0, 0, 0]


def test_boxes_of_a_file_shrunk_on_the_way_are_in_its_own_px(
    tmp_path: Path, params: Align, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "DECODED", 60 * 80)
    source = Source(tmp_path / "large.png", 120, 160)
    Image.new("RGB", (160, 120)).save(source.path)

    class One:
        def detect(self, images: np.ndarray) -> list[list[Detection]]:
            assert images.shape == (1, 60, 80, 3)
            return [[Detection((10, 20, 30, 25), (30, 30), (20, 31), 0.9)]]

    [(_, row)] = batches.align_batch([source], One(), params)
    assert [row[name] for name in ("x", "y", "width", "height")] == [20, 40, 60, 50]


def test_a_face_that_a_camera_stored_turned_is_found(
    tmp_path: Path, params: Align, smoke: Params
) -> None:
    seen = view(smoke.synthesize, np.random.default_rng(2))
    person = subject.draw(np.random.default_rng(3))
    face = make_renderer().render(person, {}, replace(seen, yaw=0.0, pitch=0.0), 128)
    upright = Image.fromarray(face).crop((0, 0, 128, 120))
    detector = make_detector("mtcnn")

    def aligned(image: Image.Image, size: tuple[int, int], exif: bytes = b"") -> Result:
        path = tmp_path / "face.png"
        image.save(path, exif=exif)
        [result] = batches.align_batch([Source(path, *size)], detector, params)
        return result

    expected, row = aligned(upright, (120, 128))
    assert row["status"] == "aligned"
    for orientation in range(1, 9):
        found, same = aligned(turned(orientation, upright), (120, 128), exif(orientation))
        assert same == row
        np.testing.assert_array_equal(found, expected)
    assert aligned(turned(3, upright), (120, 128))[1] != row  # as it is stored


def test_without_a_detector_whole_images_are_taken(tmp_path: Path, params: Align) -> None:
    source = Source(tmp_path / "face.png", 64, 96)
    Image.linear_gradient("L").convert("RGB").resize((96, 64)).save(source.path)
    [(face, row)] = batches.align_batch([source], None, params)
    assert face is not None
    assert face.shape == (48, 48, 3)
    assert row == {"status": "kept whole: not searched", "faces": 0}


SIZES = [(1, 1), (1, 300), (300, 1), (2, 3), (7, 9), (11, 12), (13, 200), (20, 3000), (2100, 30)]


@pytest.mark.parametrize("enlarge", [0, 64])
def test_images_smaller_than_a_face_are_searched_in_vain(
    tmp_path: Path, params: Align, picture: Callable[..., np.ndarray], enlarge: int
) -> None:
    detector = make_detector("mtcnn")
    params = params.model_copy(update={"enlarge": enlarge})
    for height, width in SIZES:
        source = Source(tmp_path / "image.png", height, width)
        Image.fromarray(picture(0, height, width)).save(source.path)
        [(face, row)] = batches.align_batch([source], detector, params)
        assert face is None
        assert row["status"] == "no face", (height, width)
