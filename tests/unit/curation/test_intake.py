"""Every file a user may have gets its documented outcome, and no file is lost."""

import os
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ferblur.core.params import Prepare
from ferblur.curation import intake
from ferblur.curation.intake import Intake, accept_pool, examine, in_both, near_duplicates
from ferblur.curation.sidecar import SIDECAR
from ferblur.images import decoding
from ferblur.images.decoding import read_image
from hostile_images import CASES, Accepted, detailed, exif, save

BY_FILE = Prepare(hash_of="file", strict=False, max_rejected=1)
BY_PIXELS = Prepare(hash_of="pixels", strict=False, max_rejected=1)
EMOTIONS = ("fear", "anger")

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # as in a stage, where none is shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An emotion's folder in a pool; the other emotion's is empty."""
    for emotion in EMOTIONS:
        (tmp_path / "raw/train" / emotion).mkdir(parents=True)
    return tmp_path / "raw/train/fear"


def accept(folder: Path, params: Prepare = BY_FILE) -> Intake:
    return accept_pool(folder.parents[1], "train", params, EMOTIONS)


def test_the_corpus_is_large() -> None:
    assert len(CASES) >= 200


@pytest.mark.parametrize("name", [pytest.param(name, id=ascii(name)) for name in CASES])
def test_a_hostile_file_has_its_outcome(folder: Path, name: str) -> None:
    case, path = CASES[name], folder / name
    case.make(path)
    start = time.monotonic()
    found = accept(folder)
    assert time.monotonic() - start < 10
    assert found.found == 1
    if isinstance(case.outcome, str):
        (reason,) = found.rejects["reason"]
        assert re.match(case.outcome, reason)
        assert reason.isprintable()
        assert str(folder) not in reason
        return
    assert found.rejects["reason"].tolist() == []
    row, pixels = found.accepted.iloc[0], read_image(path)
    assert (row["image_width"], row["image_height"]) == case.outcome.size == pixels.shape[1::-1]
    assert np.abs(pixels.mean((0, 1)) - case.outcome.colour).max() <= 3
    if case.outcome.corner:
        assert np.abs(pixels[:4, :4].mean((0, 1)) - case.outcome.corner).max() <= 6


@pytest.fixture
def everything(folder: Path) -> Path:
    """All cases at once, but for those that take a while."""
    for name, case in CASES.items():
        if not name.startswith(("bomb", "1000_", "100000_", "strips_")):
            case.make(folder / name)
    return folder


def test_no_file_is_lost_whatever_the_number_of_threads(
    everything: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = []
    for number in ("1", "5"):
        monkeypatch.setenv("FERBLUR_PROCESSES", number)
        tables.append(accept(everything))
    one, five = tables
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(table, five.tables[name])
    assert np.array_equal(one.likenesses, five.likenesses)
    files = os.listdir(everything)
    assert one.found == len(files)
    named = [*one.accepted["source_id"], *one.duplicates["file"], *one.rejects["file"]]
    assert len(set(named)) == len(files)
    outcomes = [CASES[name].outcome for name in files]
    accepted = sum(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len(one.accepted) + len(one.duplicates) == accepted
    assert sum(one.reasons.values()) == len(one.rejects) == len(files) - accepted


def test_tables_of_strange_names_can_be_read_again(everything: Path, tmp_path: Path) -> None:
    for table in accept(everything).tables.values():
        table.to_csv(tmp_path / "table.csv", index=False)
        again = pd.read_csv(tmp_path / "table.csv", dtype=str, keep_default_na=False)
        assert again.to_numpy().tolist() == table.astype(str).to_numpy().tolist()


def test_labels_are_places_in_the_emotions(folder: Path) -> None:
    (folder / "a.png").write_bytes(save(detailed(), "PNG"))
    (folder.parent / "anger/b.png").write_bytes(save(detailed(50, 50), "PNG"))
    accepted = accept(folder).accepted
    assert accepted["source_id"].tolist() == ["anger/b.png", "fear/a.png"]
    assert accepted["label"].tolist() == [1, 0]


def test_equal_pixels_are_equal_in_any_format(folder: Path) -> None:
    picture = detailed()
    (folder / "a.png").write_bytes(save(picture, "PNG"))
    (folder / "b.bmp").write_bytes(save(picture, "BMP"))
    back = picture.rotate(90, expand=True)
    (folder / "c.png").write_bytes(save(back, "PNG", exif=exif(6)))
    assert len(accept(folder).accepted) == 3
    found = accept(folder, BY_PIXELS)
    assert found.duplicates.to_numpy().tolist() == [
        ["fear/b.bmp", "fear/a.png"],
        ["fear/c.png", "fear/a.png"],
    ]


@pytest.mark.parametrize("params", [BY_FILE, BY_PIXELS])
def test_pixels_count_as_memory_until_nothing_needs_them(
    folder: Path, params: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.png").write_bytes(save(detailed(100, 100), "PNG"))
    room, taken = decoding._pixels, []

    def likeness(pixels: np.ndarray) -> int:
        taken.append(room._most - room._free)
        return 0

    monkeypatch.setattr(intake, "difference_hash", likeness)
    examine(folder / "a.png", params.hash_of)
    assert taken == [100 * 100]
    assert room._free == room._most


def test_sizes_are_part_of_the_pixels(folder: Path) -> None:
    for name, size in (("a.png", (20, 30)), ("b.png", (30, 20))):
        (folder / name).write_bytes(save(detailed().resize((1, 1)).resize(size), "PNG"))
    digests = {examine(folder / name, "pixels").digest for name in ("a.png", "b.png")}
    assert len(digests) == 2


def test_the_sidecar_names_who_is_shown_and_who_is_missed(folder: Path) -> None:
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(save(detailed(), "PNG"))
    (folder.parent / SIDECAR).write_text(
        "file,subject\nfear/a.png,007\nfear/gone.png,007\nanger/gone.png,8\n"
    )
    found = accept(folder)
    assert found.accepted["subject"].tolist() == ["007"]
    assert found.rejects.to_numpy().tolist() == [["fear/b.png", "not listed in truth.csv"]]
    assert found.absent == ["anger/gone.png", "fear/gone.png"]
    assert found.counts(EMOTIONS)["listed_but_absent"] == 2


def test_few_files_are_read_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERBLUR_PROCESSES", "2")
    given: list[int] = []

    def work(item: int) -> int:
        given.append(item)
        return item

    for result in intake._in_order(work, range(200), "test"):
        assert len(given) <= result + 16


def test_an_interruption_waits_for_few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERBLUR_PROCESSES", "1")
    given: list[int] = []

    def work(item: int) -> int:
        given.append(item)
        if item == 3:
            raise KeyboardInterrupt
        return item

    with pytest.raises(KeyboardInterrupt):
        list(intake._in_order(work, range(1000), "test"))
    assert len(given) < 20


def of(files: list[str], likenesses: list[int], subjects: list[str]) -> Intake:
    accepted = pd.DataFrame({"source_id": files, "subject": subjects, "sha256": likenesses})
    none = pd.DataFrame({"file": [], "reason": []})
    return Intake(accepted, none, none, np.array(likenesses, np.uint64), [])


def test_what_pools_have_in_common() -> None:
    pools = {
        "train": of(["a", "b", "c", "d"], [0, 2**64 - 1, 1, 2**32 - 1], ["", "x", "y", ""]),
        "deployment": of(["a", "e"], [2**64 - 2, 2**40 - 1], ["", "x"]),
    }
    assert in_both(pools, "subject") == ["x"]
    assert near_duplicates(pools).to_numpy().tolist() == [
        ["train", "a", 0],
        ["train", "b", 1],
        ["train", "c", 0],
        ["deployment", "a", 1],
    ]
