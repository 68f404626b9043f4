"""The datasets of sections III.B to III.D, as rows; Table I from the paper's own totals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ferblur import manifest
from ferblur.dataset import EMOTIONS
from ferblur.errors import UserError
from ferblur.params import load

# happiness has the paper's majority count, disgust the fewest, as in Fig. 2; the others are ours
COUNTS = {
    "anger": 5_200, "disgust": 1_900, "fear": 3_100, "happiness": 13_040, "sadness": 7_700,
    "surprise": 6_400,
}  # fmt: skip


def faces(counts: dict[str, int]) -> pd.DataFrame:
    rows = [
        (f"{emotion}/{number}.jpg", EMOTIONS.index(emotion))
        for emotion, count in counts.items()
        for number in range(count)
    ]
    return pd.DataFrame(rows, columns=["source_id", "label"])


def few(**counts: int) -> pd.DataFrame:
    return faces(dict.fromkeys(EMOTIONS, 4) | counts)


def raised(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    return manifest.raise_minorities(table, (1.1, 1.3), np.random.default_rng(seed))


def blurred(balanced: pd.DataFrame, per_class: int, reuse: bool = False) -> pd.DataFrame:
    radii = {"low": 2.0, "medium": 4.0, "high": 8.0}
    return manifest.add_blurred(balanced, radii, per_class, reuse, np.random.default_rng(1))


def test_table_1_from_the_papers_totals(root: Path) -> None:
    split = load(root / "profiles/affwild2.yaml").split
    balanced = raised(faces(COUNTS))
    for samples, sizes in (
        (balanced, [78_240, 54_768, 15_648, 7_824]),
        (blurred(balanced, split.blurred_per_class), [96_240, 67_368, 19_248, 9_624]),
    ):
        divided = manifest.assign_splits(samples, split.ratios, split.stratify, split.seed)
        counts = divided["split"].value_counts()
        assert [len(divided), *(counts[name] for name in manifest.SPLITS)] == sizes


def test_every_class_is_raised_to_the_majority() -> None:
    balanced = raised(faces(COUNTS))
    assert balanced["label"].value_counts().to_dict() == dict.fromkeys(range(6), 13_040)
    originals = balanced.query("flip == 0 and brightness == 1.0")
    assert sorted(originals["source_id"]) == sorted(faces(COUNTS)["source_id"])
    assert (balanced["blur_radius"] == 0).all()
    assert balanced["sample_id"].tolist() == list(range(78_240))


def test_the_majority_is_left_as_it_is() -> None:
    balanced = raised(few(fear=9))
    majority = balanced[balanced["label"] == EMOTIONS.index("fear")]
    assert len(majority) == 9
    assert (majority["flip"] == 0).all()
    assert (majority["brightness"] == 1).all()


def test_minorities_get_flips_then_brightness_never_the_same_twice() -> None:
    balanced = raised(few(happiness=40))
    anger = balanced[balanced["label"] == 0]
    assert not anger.duplicated(["source_id", "flip", "brightness"]).any()
    kinds = [
        (flip, bright != 1)
        for flip, bright in anger[["flip", "brightness"]].itertuples(index=False)
    ]
    in_turn = [(0, False), (1, False), (0, True), (1, True)]
    assert kinds[:16] == [kind for kind in in_turn for _ in range(4)]
    factors = anger.loc[anger["brightness"] != 1, "brightness"]
    assert factors.between(1.1, 1.3).all()


def test_no_class_changes_hands() -> None:
    balanced = raised(few(happiness=11))
    names = balanced["source_id"].str.partition("/")[0]
    assert names.tolist() == [EMOTIONS[label] for label in balanced["label"]]


def test_draws_depend_on_the_seed_only() -> None:
    table = few(happiness=30)
    shuffled = table.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(raised(table), raised(shuffled))
    assert not raised(table).equals(raised(table, seed=1))


def test_deployment_is_lowered_without_repeats() -> None:
    table = faces(dict.fromkeys(EMOTIONS, 900))
    drawn = manifest.lower_majorities(table, 750, EMOTIONS, np.random.default_rng(0))
    assert len(drawn) == 4_500
    assert (drawn["label"].value_counts() == 750).all()
    assert drawn["source_id"].is_unique
    assert set(drawn["split"]) == {"deployment"}


def test_too_few_deployment_faces_are_named() -> None:
    with pytest.raises(UserError, match=r"deployment_per_class: 4 is more than the 3 .* of fear"):
        manifest.lower_majorities(few(fear=3), 4, EMOTIONS, np.random.default_rng(0))


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
    with pytest.raises(UserError, match=r"blurred_per_class: 5 needs 15 samples of class 0"):
        blurred(balanced, 5)


def test_splits_part_the_samples_at_random() -> None:
    balanced = raised(faces(dict.fromkeys(EMOTIONS, 100)))
    divided = manifest.assign_splits(balanced, (0.7, 0.2, 0.1), stratify=False, seed=2)
    assert divided["split"].value_counts().to_dict() == {"train": 420, "val": 120, "test": 60}
    pd.testing.assert_frame_equal(divided.drop(columns="split"), balanced.drop(columns="split"))
    shares = divided[divided["split"] == "test"]["label"].value_counts()
    assert shares.nunique() > 1  # not stratified: class shares differ


def test_stratified_splits_have_equal_shares() -> None:
    balanced = raised(faces(dict.fromkeys(EMOTIONS, 100)))
    divided = manifest.assign_splits(balanced, (0.7, 0.2, 0.1), stratify=True, seed=2)
    sizes = divided.groupby(["split", "label"]).size().unstack()
    assert (sizes.nunique(axis=1) == 1).all()


def test_splits_that_cannot_be_made_are_named() -> None:
    with pytest.raises(UserError, match=r"split\.ratios: .* of 4 samples leaves a split empty"):
        manifest.assign_splits(few().iloc[:4], (0.7, 0.2, 0.1), stratify=False, seed=2)
    with pytest.raises(UserError, match=r"split\.stratify:"):
        manifest.assign_splits(few(fear=1), (0.7, 0.2, 0.1), stratify=True, seed=2)


def test_a_manifest_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    balanced = raised(few(happiness=30))
    manifest.write(path, balanced)
    pd.testing.assert_frame_equal(manifest.read(path), balanced, check_dtype=False)
    assert manifest.read(path)["brightness"].tolist() == balanced["brightness"].tolist()


def test_a_train_class_without_faces_is_named() -> None:
    with pytest.raises(UserError, match="train/fear: no face was found"):
        raised(few(fear=0))
