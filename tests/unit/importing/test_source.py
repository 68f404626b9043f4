"""What is taken from the user's folder, and what is not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ferblur.core.errors import UserError
from ferblur.importing.source import Folder, Source, image_suffix, words

Draw = Callable[..., None]


def test_files_are_sorted_and_junk_is_left_out(given: Path, draw: Draw) -> None:
    draw("b/2.jpg", "a.jpg", "b/.hidden.jpg", "__MACOSX/a.jpg", ".ipynb_checkpoints/a.jpg")
    draw("@eaDir/a.jpg", "a.jpg~")
    for junk in ("Thumbs.db", "desktop.ini", ".DS_Store", "b/._2.jpg"):
        (given / junk).touch()
    assert Folder(given).files == ["a.jpg", "b/2.jpg"]


def test_images_by_name_or_by_content(given: Path, draw: Draw) -> None:
    draw("a.JPG", "b.jfif", "no_suffix", "v1.5", "w.image")
    for text in ("readme", "c.txt", "d.npy", "e.mp4"):
        (given / text).write_text("text")
    assert Folder(given).images == ["a.JPG", "b.jfif", "no_suffix", "v1.5", "w.image"]


def test_links_that_lead_out_are_refused(tmp_path: Path, given: Path, draw: Draw) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/1.jpg").write_bytes(b"\xff\xd8\xff")
    draw("inside.jpg")
    (given / "out.jpg").symlink_to(tmp_path / "secret/1.jpg")
    (given / "within.jpg").symlink_to("inside.jpg")
    (given / "broken.jpg").symlink_to("nowhere.jpg")
    (given / "itself.jpg").symlink_to("itself.jpg")
    (given / "folder").symlink_to(tmp_path / "secret")
    os.mkfifo(given / "pipe.jpg")
    folder = Folder(given)
    assert folder.files == ["inside.jpg", "within.jpg"]
    assert folder.link_target("within.jpg") == given.resolve() / "inside.jpg"
    assert folder.refused == {
        "out.jpg": "a link that leaves the source folder",
        "broken.jpg": "a broken link",
        "itself.jpg": "a broken link",
        "folder": "a linked folder; give it itself, or as --images",
        "pipe.jpg": "not a regular file",
    }
    with pytest.raises(ValueError, match="leaves the source folder"):
        folder.find("out.jpg")


def test_a_link_to_a_neighbour_of_the_same_beginning_leads_out(given: Path) -> None:
    (given.parent / "given2").mkdir()
    (given.parent / "given2/1.jpg").write_bytes(b"")
    (given / "1.jpg").symlink_to("../given2/1.jpg")
    assert Folder(given).files == []


def test_tables_beside_their_images(given: Path, draw: Draw) -> None:
    draw("images/1.jpg", "labels/2.jpg")
    folder = Folder(given)
    assert folder.find("../images/1.jpg", "labels") == "images/1.jpg"
    assert folder.find("2.jpg", "labels") == "labels/2.jpg"
    assert folder.find("images/1.jpg", "labels") == "images/1.jpg"
    with pytest.raises(ValueError, match="leaves the source folder"):
        folder.find("../../images/1.jpg", "labels")


def test_paths_from_above_the_folder(given: Path, draw: Draw) -> None:
    draw("1.jpg", "p0/2.jpg")
    folder = Folder(given)
    assert folder.find("given/p0/2.jpg") == "p0/2.jpg"
    assert folder.find(f"{given.parent.name}/given/1.jpg") == "1.jpg"
    with pytest.raises(ValueError, match="no such file"):
        folder.find("others/1.jpg")


def test_names_without_a_suffix(given: Path, draw: Draw) -> None:
    draw("a/im0.jpg", "a/im1.jpg", "b/im1.png", "v1.5.jpg")
    (given / "a/im0.txt").touch()
    folder = Folder(given)
    assert folder.find("im0") == folder.find("A/IM0") == folder.find("/x/a/im0") == "a/im0.jpg"
    assert folder.find("im1", "b") == "b/im1.png"
    assert folder.find("v1.5") == "v1.5.jpg"
    for name, reason in (("im1", "several files"), ("/x/im0", "no such file"), ("im", "no such")):
        with pytest.raises(ValueError, match=reason):
            folder.find(name)


def test_names_that_are_no_text(given: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    (given / name).write_bytes(b"\xff\xd8\xff")
    assert Folder(given).images == [name]


@pytest.mark.parametrize("name", ["nothing", "given/pipe"])
def test_sources_that_are_none(name: str, tmp_path: Path, given: Path) -> None:
    os.mkfifo(given / "pipe")
    with pytest.raises(UserError, match=r"no such file|neither a file nor a folder"):
        Source(tmp_path / name)


def test_images_must_be_a_folder(given: Path) -> None:
    (given / "t.csv").write_text("file,emotion\n")
    for images in (given / "none", given / "t.csv"):
        with pytest.raises(UserError, match=r"no such|not a folder of images"):
            Source(given / "t.csv", images)


def test_an_unreadable_folder_is_no_empty_one(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (given / "a/locked").mkdir(parents=True)
    (given / "a/1.jpg").touch()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    folder = Folder(given)
    assert folder.files == ["a/1.jpg"]
    assert folder.refused == {"a/locked": "a folder that cannot be read (Permission denied)"}
    with pytest.raises(UserError, match=r"locked: cannot be read \(Permission denied\)"):
        _ = Folder(given / "a/locked").files


def test_words_of_a_path() -> None:
    assert list(words("Train_Set/a/val-00000.x.parquet"))[:4] == [
        "Train_Set", "a", "val-00000", "val"
    ]  # fmt: skip


def test_suffixes_by_content() -> None:
    assert image_suffix(b"\x89PNG....") == ".png"
    assert image_suffix(b"GIF89a") == ".gif"
    assert image_suffix(b"RIFF\n\0\0\0WEBP") == ".webp"
    for other in (b"text", b"RIFF....WAVE", b"BM is a text"):
        assert image_suffix(other) == ""
