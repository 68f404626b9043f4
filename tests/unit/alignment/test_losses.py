"""Losses are counted by reason and class, told in one line, and stop the run above a share."""

import pandas as pd
import pytest

from ferblur.alignment import losses
from ferblur.core.errors import UserError
from ferblur.core.params import Align, Params


@pytest.fixture
def params(smoke: Params) -> Align:
    return smoke.align.model_copy(update={"max_rejected": 0.3})


def table(*statuses: tuple[str, int, str]) -> pd.DataFrame:
    """A pool of faces of (emotion, number, status)."""
    emotions = ["fear", "anger", "joy"]
    rows = [
        {"emotion": emotion, "label": emotions.index(emotion), "status": status, "faces": 1}
        for emotion, number, status in statuses
        for _ in range(number)
    ]
    return pd.DataFrame(rows)


FEW = [("joy", 8, "aligned"), ("anger", 3, "aligned"), ("anger", 1, "no face")]


def test_every_file_is_counted_once() -> None:
    mixed = table(
        *FEW, ("joy", 2, "kept whole: no face"), ("fear", 1, "3 faces"), ("fear", 1, "2 faces"),
        ("fear", 1, "unreadable: a damaged JPEG: cut: here"), ("fear", 2, "empty crop"),
    )  # fmt: skip
    mixed.loc[mixed["status"].str.endswith("faces"), "faces"] = 3
    counts = losses.count(mixed)
    assert counts["accepted"] == 19
    assert counts["accepted"] == counts["aligned"] + counts["kept_whole"] + counts["rejected"]
    assert (counts["kept_whole"], counts["several_faces"]) == (2, 2)
    assert counts["reasons"] == {
        "empty crop": 2, "no face": 1, "several faces": 2, "unreadable": 1,
    }  # fmt: skip
    assert list(counts["classes"].items()) == [  # by label
        ("fear", {"accepted": 5, "rejected": 5}),
        ("anger", {"accepted": 4, "rejected": 1}),
        ("joy", {"accepted": 10, "rejected": 0}),
    ]


def test_the_line_of_a_pool_without_losses() -> None:
    counts = losses.count(table(("joy", 3, "aligned")))
    assert losses.line("train", counts) == "train: 3 images, 3 faces found, none lost"
    counts = losses.count(table(("joy", 3, "kept whole: not searched")))
    assert losses.line("train", counts) == "train: 3 images, 3 kept whole, none lost"


def test_the_line_says_what_is_lost_where_and_what_changes_it() -> None:
    counts = losses.count(table(*FEW, ("fear", 2, "no face above min_confidence")))
    assert losses.line("deployment", counts) == (
        "deployment: 14 images, 11 faces found, 3 lost (21.4%: 1 no face, "
        "2 no face above min_confidence), most of fear (2 of 2), none left of fear; "
        "listed in data/align/deployment-rejects.csv; "
        "keys: align.no_face, align.detector, align.min_confidence"
    )


def test_no_key_changes_what_cannot_be_read() -> None:
    counts = losses.count(table(*FEW[:2], ("fear", 1, "unreadable: gone")))
    assert losses.line("train", counts).endswith("listed in data/align/train-rejects.csv")


def test_losses_above_the_share_stop_the_run_for_all_pools_at_once(params: Align) -> None:
    few = losses.count(table(*FEW))
    losses.judge({"train": few, "deployment": few}, params)
    many = losses.count(table(*FEW, ("fear", 5, "no face"), ("fear", 1, "aligned")))
    with pytest.raises(UserError) as error:
        losses.judge({"train": many, "deployment": many}, params)
    lines = str(error.value).split("\n")
    assert len(lines) == 2
    assert lines[1] == (
        "align.max_rejected: 0.3, but deployment lost 6 of 18 images (33.3%); "
        "listed in data/align/deployment-rejects.csv; change align.no_face or align.detector or "
        "align.max_rejected, which keeps the work done"
    )
    with pytest.raises(UserError, match=r"^align.max_rejected: 0.3, but train [^\n]*$"):
        losses.judge({"train": many, "deployment": few}, params)


def test_the_share_itself_is_allowed(params: Align) -> None:
    seven = losses.count(table(("joy", 7, "aligned"), ("joy", 3, "no face")))
    losses.judge({"train": seven}, params)


def test_a_class_without_a_face_stops_the_run_whatever_the_share(params: Align) -> None:
    gone = losses.count(table(*FEW, ("fear", 1, "unreadable: gone")))
    with pytest.raises(UserError) as error:
        losses.judge({"train": gone}, params)
    assert str(error.value) == (
        "train: no face is left of fear; listed in data/align/train-rejects.csv; "
        "change align.no_face or align.detector or data.emotions"
    )
    every = losses.count(table(("joy", 2, "empty crop"), ("fear", 1, "empty crop")))
    with pytest.raises(UserError, match=r"lost 3 of 3 .*, with none left of fear and joy; listed"):
        losses.judge({"train": every}, params)
    everything = params.model_copy(update={"max_rejected": 1.0})
    with pytest.raises(UserError, match=r"^train: no face is left of fear and joy"):
        losses.judge({"train": every}, everything)
