"""Balanced manifests of both pools."""

from collections.abc import Callable
from pathlib import Path

import pytest

from face_tables import FIVE, SEVEN
from ferblur.core.errors import UserError
from ferblur.dataset.manifest import read_manifest
from ferblur.stages import balance


def test_both_pools_are_balanced(aligned: Path) -> None:
    balance.main()
    train = read_manifest(Path("data/balance/train.csv"))
    deployment = read_manifest(Path("data/balance/deployment.csv"))
    assert train["label"].value_counts().to_dict() == dict.fromkeys(range(6), 12)
    assert deployment["label"].value_counts().to_dict() == dict.fromkeys(range(6), 5)


def test_the_pools_draws_are_independent(aligned: Path, edit: Callable[..., None]) -> None:
    balance.main()
    before = Path("data/balance/train.csv").read_bytes()
    edit(balance={"deployment_per_class": 3})
    balance.main()
    assert Path("data/balance/train.csv").read_bytes() == before


def test_too_many_a_class_is_named(aligned: Path, edit: Callable[..., None]) -> None:
    edit(balance={"deployment_per_class": 9})
    with pytest.raises(UserError, match=r"balance\.deployment_per_class: 9 .* of anger"):
        balance.main()


@pytest.mark.parametrize("classes", [FIVE, SEVEN])
def test_any_classes_are_balanced(
    aligned: Path, edit: Callable[..., None], classes: tuple[str, ...]
) -> None:
    edit(balance={"deployment_per_class": "smallest"})
    balance.main()
    for pool, each in (("train", 12), ("deployment", 8)):
        rows = read_manifest(Path(f"data/balance/{pool}.csv"))
        names = rows["source_id"].str.partition("/")[0]
        assert names.tolist() == [classes[label] for label in rows["label"]]
        assert names.value_counts().to_dict() == dict.fromkeys(classes, each)
