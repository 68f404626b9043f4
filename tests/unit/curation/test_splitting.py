"""Blurred samples and splits (III.D); Table I from the paper's own totals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from face_tables import COUNTS, FIVE, SEVEN, faces, few, raised
from ferblur.core.errors import UserError
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS, SPLITS
from ferblur.curation.splitting import add_blurred, assign_splits


def blurred(balanced: pd.DataFrame, per_class: int, reuse: bool = False) -> pd.DataFrame:
    radii = {"low": 2.0, "medium": 4.0, "high": 8.0}
    return add_blurred(balanced, radii, per_class, reuse, EMOTIONS, np.random.default_rng(1))


def test_table_1_from_the_papers_totals(root: Path) -> None:
    split = load_params(root / "profiles/affwild2.yaml").split
    balanced = raised(faces(COUNTS))
    for samples, sizes in (
        (balanced, [78_240, 54_768, 15_648, 7_824]),
        (blurred(balanced, split.blurred_per_class), [96_240, 67_368, 19_248, 9_624]),
    ):
        divided = assign_splits(samples, split.ratios, split.stratify, split.seed)
        counts = divided["split"].value_counts()
        assert [len(divided), *(counts[name] for name in SPLITS)] == sizes


def test_blurred_samples_keep_their_augmentation() -> None:
    balanced = raised(few(happiness=20))
    second = blurred(balanced, 5)
    added = second.iloc[len(balanced) :]
    pd.testing.assert_frame_equal(second.iloc[: len(balanced)], balanced)
    assert added.groupby(["label", "blur_radius"]).size().to_dict() == {
        (label, radius): 5 for label in range(6) for radius in (2.0, 4.0, 8.0)
    }
    same = ["source_id", "label", "flip", "brightness"]
    assert len(added.merge(balanced[same], on=same)) == len(added)


def test_without_reuse_a_sample_serves_one_level() -> None:
    balanced = raised(few(happiness=15))
    same = ["source_id", "label", "flip", "brightness"]
    assert not blurred(balanced, 5).iloc[len(balanced) :].duplicated(same).any()
    assert blurred(balanced, 15, reuse=True).iloc[len(balanced) :].duplicated(same).any()


def test_too_few_samples_to_blur_are_named() -> None:
    balanced = raised(few(happiness=14))
    why = "needs 15 samples of anger, the balanced dataset has 14; at most 4 can be drawn"
    with pytest.raises(UserError, match=rf"blurred_per_class: 5 {why}"):
        blurred(balanced, 5)


def test_splits_part_the_samples_at_random() -> None:
    balanced = raised(faces(dict.fromkeys(EMOTIONS, 100)))
    divided = assign_splits(balanced, (0.7, 0.2, 0.1), stratify=False, seed=2)
    assert divided["split"].value_counts().to_dict() == {"train": 420, "val": 120, "test": 60}
    pd.testing.assert_frame_equal(divided.drop(columns="split"), balanced.drop(columns="split"))
    shares = divided[divided["split"] == "test"]["label"].value_counts()
    assert shares.nunique() > 1  # not stratified: class shares differ


def test_stratified_splits_have_equal_shares() -> None:
    balanced = raised(faces(dict.fromkeys(EMOTIONS, 100)))
    divided = assign_splits(balanced, (0.7, 0.2, 0.1), stratify=True, seed=2)
    sizes = divided.groupby(["split", "label"]).size().unstack()
    assert (sizes.nunique(axis=1) == 1).all()


def test_splits_that_cannot_be_made_are_named() -> None:
    with pytest.raises(UserError, match=r"split\.ratios: .* of 4 samples leaves a split empty"):
        assign_splits(few().iloc[:4], (0.7, 0.2, 0.1), stratify=False, seed=2)
    with pytest.raises(UserError, match=r"split\.stratify:"):
        assign_splits(few(fear=1), (0.7, 0.2, 0.1), stratify=True, seed=2)


@pytest.mark.parametrize("emotions", [FIVE, SEVEN])
def test_any_classes_are_blurred(emotions: tuple[str, ...]) -> None:
    balanced = faces(dict.fromkeys(emotions, 6), emotions).assign(
        sample_id=range(6 * len(emotions)), blur_radius=0.0
    )
    added = add_blurred(
        balanced, {"low": 2.0, "high": 8.0}, 3, False, emotions, np.random.default_rng(1)
    ).iloc[len(balanced) :]
    names = added["source_id"].str.partition("/")[0]
    assert names.tolist() == [emotions[label] for label in added["label"]]
    assert names.value_counts().to_dict() == dict.fromkeys(emotions, 6)
