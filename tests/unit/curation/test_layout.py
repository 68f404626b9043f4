"""The one layout, and what is said of a folder that does not have it."""

import os
from pathlib import Path

import pytest

from ferblur.core.errors import UserError
from ferblur.core.study import EMOTIONS
from ferblur.curation import layout


def test_labels_are_label_encoders() -> None:
    from sklearn.preprocessing import LabelEncoder

    shuffled = ["surprise", "fear", "anger", "sadness", "disgust", "happiness"]
    assert tuple(LabelEncoder().fit(shuffled).classes_) == EMOTIONS


def test_files_are_sorted_and_hidden_ones_left_out(pools: Path) -> None:
    (pools / "train/.DS_Store").touch()
    (pools / "train/fear/.thumb.jpg").touch()
    (pools / "train" / layout.SIDECAR).write_text("file,subject\n")
    found = layout.list_files(pools, "train")
    assert found == sorted(found)
    assert len(found) == 12
    assert "fear/0.jpg" in found


def test_counts_of_a_good_dataset(pools: Path) -> None:
    assert layout.check(pools) == {"train": 12, "deployment": 12}


def test_subjects_come_from_the_sidecar(pools: Path) -> None:
    assert layout.read_subjects(pools, "train") is None
    (pools / "train" / layout.SIDECAR).write_text("subject,file,x\n007,fear/0.jpg,1\n")
    assert layout.read_subjects(pools, "train") == {"fear/0.jpg": "007"}


def test_a_sidecar_without_subjects_is_named(pools: Path) -> None:
    (pools / "train" / layout.SIDECAR).write_text("file\nfear/0.jpg\n")
    with pytest.raises(UserError, match=r"truth\.csv: needs the columns 'file' and 'subject'"):
        layout.read_subjects(pools, "train")


def test_mistakes_in_the_layout_are_named(pools: Path) -> None:
    (pools / "train/neutral").mkdir()
    with pytest.raises(UserError, match="train/neutral: not a folder named after an emotion"):
        layout.check(pools)
    (pools / "train/neutral").rmdir()
    for file in (pools / "deployment/fear").iterdir():
        file.unlink()
    with pytest.raises(UserError, match="deployment/fear: no images"):
        layout.check(pools)


def test_a_missing_pool_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train: no such folder; data\.root needs train/ and"):
        layout.check(tmp_path)


def test_a_pipe_cannot_hang_the_run(pools: Path) -> None:
    os.mkfifo(pools / "train/fear/2.jpg")
    with pytest.raises(UserError, match=r"train/fear/2\.jpg: not a regular file"):
        layout.check(pools)


def test_a_dangling_link_is_named(pools: Path) -> None:
    (pools / "train/fear/2.jpg").symlink_to("nowhere")
    with pytest.raises(UserError, match=r"train/fear/2\.jpg: cannot be read"):
        layout.check(pools)
