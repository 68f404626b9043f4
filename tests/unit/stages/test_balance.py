"""Balanced manifests of both pools."""

from collections.abc import Callable
from pathlib import Path

import pytest

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
