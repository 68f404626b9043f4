"""Balancing raises train's minorities and lowers deployment's majorities (III.B, III.C)."""

from typing import Literal

import numpy as np
import pandas as pd
import pytest

from face_tables import COUNTS, FIVE, SEVEN, faces, few, raised
from ferblur.core.errors import UserError
from ferblur.core.study import EMOTIONS
from ferblur.curation.balancing import lower_majorities, raise_minorities


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


def test_minorities_get_flips_and_brightness_in_turn_never_the_same_twice() -> None:
    balanced = raised(few(happiness=40))
    anger = balanced[balanced["label"] == 0]
    assert not anger.duplicated(["source_id", "flip", "brightness"]).any()
    kinds = [
        (flip, bright != 1)
        for flip, bright in anger[["flip", "brightness"]].itertuples(index=False)
    ]
    mirrored, brighter, both = (1, False), (0, True), (1, True)
    assert kinds[:4] == [(0, False)] * 4
    assert kinds[4:8] == [mirrored, brighter] * 2
    assert kinds[8:12] == [brighter, mirrored] * 2  # of each face the other one
    assert kinds[12:16] == [both, brighter] * 2
    first, second = (anger["source_id"].iloc[start : start + 4].tolist() for start in (4, 8))
    assert first == second
    factors = anger.loc[anger["brightness"] != 1, "brightness"]
    assert factors.between(1.1, 1.3).all()


def test_both_operations_are_in_use_for_any_minority() -> None:
    copies = raised(few(happiness=6)).query("label == 0").iloc[4:]
    assert copies["flip"].sum() == 1
    assert (copies["brightness"] > 1).sum() == 1


def test_no_class_changes_hands() -> None:
    balanced = raised(few(happiness=11))
    names = balanced["source_id"].str.partition("/")[0]
    assert names.tolist() == [EMOTIONS[label] for label in balanced["label"]]


def test_draws_depend_on_the_seed_only() -> None:
    table = few(happiness=30)
    shuffled = table.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(raised(table), raised(shuffled))
    assert not raised(table).equals(raised(table, seed=1))


def test_a_train_class_without_faces_is_named() -> None:
    with pytest.raises(UserError, match="train/fear: no face was found"):
        raised(few(fear=0))


def test_deployment_is_lowered_without_repeats() -> None:
    table = faces(dict.fromkeys(EMOTIONS, 900))
    drawn = lower_majorities(table, 750, EMOTIONS, np.random.default_rng(0))
    assert len(drawn) == 4_500
    assert (drawn["label"].value_counts() == 750).all()
    assert drawn["source_id"].is_unique
    assert set(drawn["split"]) == {"deployment"}


def test_too_few_deployment_faces_are_named() -> None:
    with pytest.raises(UserError, match=r"deployment_per_class: 4 is more than the 3 .* of fear"):
        lower_majorities(few(fear=3), 4, EMOTIONS, np.random.default_rng(0))


@pytest.mark.parametrize("emotions", [FIVE, SEVEN])
def test_any_classes_are_balanced(emotions: tuple[str, ...]) -> None:
    counts = {name: 4 + place for place, name in enumerate(emotions)}
    table = faces(counts, emotions)
    generator = np.random.default_rng(0)
    balanced = raise_minorities(table, (1.1, 1.3), emotions, generator)
    names = balanced["source_id"].str.partition("/")[0]
    assert names.tolist() == [emotions[label] for label in balanced["label"]]
    assert names.value_counts().to_dict() == dict.fromkeys(emotions, 3 + len(emotions))
    wanted: dict[int | Literal["smallest"], int] = {3: 3, "smallest": 4}
    for per_class, drawn in wanted.items():
        lowered = lower_majorities(table, per_class, emotions, generator)
        names = lowered["source_id"].str.partition("/")[0]
        assert names.value_counts().to_dict() == dict.fromkeys(emotions, drawn)
    last = emotions[-1]
    none = faces(dict.fromkeys(emotions[:-1], 4), emotions)
    with pytest.raises(UserError, match=f"^train/{last}: no face was found"):
        raise_minorities(none, (1.1, 1.3), emotions, generator)
    for per_class in wanted:
        with pytest.raises(UserError, match=f"^deployment/{last}: no face was found"):
            lower_majorities(none, per_class, emotions, generator)
