"""Both models' manifests, and what a change of radius touches."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ferblur.core.study import SPLITS
from ferblur.dataset.manifest import read_manifest
from ferblur.stages import balance, split


@pytest.fixture
def balanced(aligned: Path) -> Path:
    balance.main()
    return aligned


def files() -> dict[str, bytes]:
    return {name: Path(f"data/split/{name}.csv").read_bytes() for name in ("baseline", "second")}


def test_second_is_the_baselines_samples_and_blurred_ones(balanced: Path) -> None:
    split.main()
    baseline, second = (read_manifest(Path(f"data/split/{n}.csv")) for n in ("baseline", "second"))
    assert (len(baseline), len(second)) == (72, 72 + 6 * 3 * 3)
    assert (baseline["blur_radius"] == 0).all()
    assert second["blur_radius"].value_counts().to_dict() == {0.0: 72, 2.0: 18, 4.0: 18, 8.0: 18}
    assert set(baseline["split"]) == set(second["split"]) == set(SPLITS)


def test_a_radius_touches_only_what_uses_it(balanced: Path, edit: Callable[..., None]) -> None:
    split.main()
    before = files()
    edit(blur={"very_high": 20})
    split.main()
    assert files() == before  # very_high is in no training set
    edit(blur={"low": 1})
    split.main()
    assert files()["baseline"] == before["baseline"]
    assert files()["second"] != before["second"]
