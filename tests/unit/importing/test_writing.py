"""The dataset on the disk: links, replaced in whole or not at all."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from ferblur.core.errors import UserError
from ferblur.importing import writing

Draw = Callable[..., None]
Bring = Callable[..., str]
Files = Callable[..., dict[str, bytes]]


@pytest.fixture
def faces(given: Path, draw: Draw) -> Path:
    for pool in ("train", "test"):
        draw(*(f"{pool}/{label}/{n}.jpg" for label in ("happy", "sad") for n in range(2)))
    return given


def test_images_are_hard_links(faces: Path, bring: Bring, here: Path) -> None:
    out = bring(faces, "mine")
    linked = here / "datasets/mine/train/sadness/0.jpg"
    assert linked.samefile(faces / "train/sad/0.jpg")
    assert not linked.is_symlink()
    assert "8 hard links" in out


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_symbolic_links_where_hard_ones_are_impossible(
    number: int, faces: Path, bring: Bring, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    out = bring(faces, "mine")
    linked = here / "datasets/mine/train/sadness/0.jpg"
    assert linked.is_symlink()
    assert linked.samefile(faces / "train/sad/0.jpg")
    assert "8 symbolic links" in out


def test_a_full_disk_leaves_nothing(
    faces: Path, bring: Bring, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(OSError, match="No space"):
        bring(faces, "mine")
    assert os.listdir(here / "datasets") == []


def test_copies_where_asked_for(faces: Path, bring: Bring, here: Path) -> None:
    assert "8 copies" in bring(faces, "mine", "--copy")
    copied = here / "datasets/mine/train/sadness/0.jpg"
    assert not copied.samefile(faces / "train/sad/0.jpg")
    assert copied.read_bytes() == (faces / "train/sad/0.jpg").read_bytes()


def test_the_same_source_gives_the_same_bytes(faces: Path, bring: Bring, files: Files) -> None:
    bring(faces, "mine")
    first = files()
    bring(faces, "mine")
    assert files() == first


def test_an_import_replaces_its_predecessor(
    faces: Path, bring: Bring, files: Files, here: Path
) -> None:
    bring(faces, "mine")
    (faces / "train/sad/0.jpg").unlink()
    bring(faces, "mine")
    assert "train/sadness/0.jpg" not in files()
    assert os.listdir(here / "datasets") == ["mine"]


def test_an_edited_profile_is_never_lost(
    faces: Path, bring: Bring, files: Files, here: Path
) -> None:
    assert "is kept" not in bring(faces, "mine")
    first = files()["params.yaml"]
    with (here / "profiles/demo.yaml").open("a") as stream:
        stream.write("# new\n")
    assert "is kept" not in bring(faces, "mine")  # what was made anew is no edit
    assert files()["params.yaml"] == first + b"# new\n"
    profile = here / "datasets/mine/params.yaml"
    profile.write_text(profile.read_text().replace("seed: 1", "seed: 7", 1))
    edited = files()["params.yaml"]
    for _ in range(3):
        assert "as you edited it; one made anew has another balance.seed (to" in bring(
            faces, "mine"
        )
        assert files()["params.yaml"] == edited
    profile.write_text("no: profile\n")
    assert "is kept, as you edited it" in bring(faces, "mine")
    profile.unlink()
    assert "is kept" not in bring(faces, "mine")
    assert files()["params.yaml"] == first + b"# new\n"


def test_an_import_of_another_source_is_not_replaced(
    faces: Path, bring: Bring, files: Files, here: Path
) -> None:
    bring(faces, "mine")
    before = files()
    faces.rename(here / "faces")
    with pytest.raises(UserError, match=rf"datasets/mine: is an import of {faces}; choose"):
        bring("faces", "mine")
    assert files() == before
    (here / "datasets/mine/import.json").unlink()
    bring("faces", "mine")


def test_what_was_not_imported_is_not_replaced(faces: Path, bring: Bring, here: Path) -> None:
    mine = here / "datasets/mine/train/sadness"
    mine.mkdir(parents=True)
    (mine / "own.jpg").touch()
    with pytest.raises(UserError, match="exists and was not imported"):
        bring(faces, "mine")
    assert (mine / "own.jpg").exists()


def test_what_was_put_beside_an_import_is_not_deleted(
    faces: Path, bring: Bring, here: Path
) -> None:
    bring(faces, "mine")
    (here / "datasets/mine/notes.txt").touch()
    with pytest.raises(UserError, match=r"holds notes\.txt, which an import did not write"):
        bring(faces, "mine")


def test_a_link_in_the_datasets_place_is_left_alone(
    faces: Path, bring: Bring, here: Path, tmp_path: Path
) -> None:
    (here / "datasets").mkdir()
    (here / "datasets/mine").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="exists and was not imported"):
        bring(faces, "mine")


def test_a_source_in_its_own_place(bring: Bring, here: Path, draw: Draw, given: Path) -> None:
    draw("train/happy/1.jpg")
    (here / "datasets").mkdir()
    given.rename(here / "datasets/mine")
    for source in ("datasets/mine", "datasets/mine/train"):
        with pytest.raises(UserError, match="holds the source itself"):
            bring(source, "mine")


def test_two_imports_at_once(faces: Path, bring: Bring, here: Path) -> None:
    (here / ".partial").mkdir()
    with (
        FileLock(here / ".partial/import-mine.lock"),
        pytest.raises(UserError, match="under way"),
    ):
        bring(faces, "mine")


def test_what_a_killed_import_left_is_cleared(
    faces: Path, bring: Bring, here: Path, files: Files
) -> None:
    bring(faces, "mine")
    first = files()
    (here / "datasets/mine").rename(here / "datasets/.mine.old")  # killed between two renames
    (here / "datasets/.mine.new/train").mkdir(parents=True)
    bring(faces, "mine")
    assert files() == first
    assert os.listdir(here / "datasets") == ["mine"]


@pytest.mark.parametrize("killed", [False, True])
def test_the_only_whole_dataset_is_never_removed(
    killed: bool, faces: Path, bring: Bring, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(faces, "mine")
    first = files()
    if killed:  # before, between two renames
        Path("datasets/mine").rename("datasets/.mine.old")
        with pytest.raises(RuntimeError), writing.replacing("mine"):
            raise RuntimeError
    else:
        rename = Path.rename

        def fail(path: Path, target: Path) -> Path:
            if path.name == ".mine.new":
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", fail)
        with pytest.raises(OSError, match="Input/output"):
            bring(faces, "mine")
    assert files() == first
    assert os.listdir("datasets") == ["mine"]


def test_a_failed_import_keeps_the_earlier_one(
    faces: Path, bring: Bring, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(faces, "mine")
    first = files()

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "write_record", fail)
    with pytest.raises(KeyboardInterrupt):
        bring(faces, "mine")
    assert files() == first
    assert os.listdir("datasets") == ["mine"]


def test_names_that_are_no_text_are_recorded(faces: Path, bring: Bring, files: Files) -> None:
    (faces / "train/sad" / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"\xff\xd8\xff")
    bring(faces, "mine")
    assert "train/sadness/caf_.jpg" in files()
    assert rb"caf\udce9.jpg" in files()["import.csv"]


def test_no_people_no_truth(faces: Path, bring: Bring, files: Files) -> None:
    bring(faces, "mine")
    assert "train/truth.csv" not in files()


def test_images_that_cannot_be_made_take_their_emotion_along(
    given: Path, draw: Draw, bring: Bring, files: Files
) -> None:
    draw("a.jpg", "b.jpg", "c.jpg", "d.jpg", size=40)
    (given / "e.jpg").write_bytes(b"\xff\xd8\xff broken")
    lines = [f"{name}.jpg {code} 5 5 30 30 1.0 {code}" for name in "abcde" for code in (0, 3)]
    lines += ["d.jpg 9 5 5 30 30 1.0 2", "e.jpg 9 5 5 30 30 1.0 2"]
    (given / "label.lst").write_text("\n".join(lines))
    out = bring(given, "mine")
    assert "warning: fear is left out, as so many of its images could not be made" in out
    emotions = {path.split("/")[1] for path in files() if path.endswith(".png")}
    assert emotions == {"anger", "happiness"}
    assert "emotions: [anger, happiness]" in files()["params.yaml"].decode()
    assert "only one pool has fear" in files()["import.csv"].decode()
