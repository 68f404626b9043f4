"""Both models' manifests, and what a change of radius touches."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from face_tables import FIVE, SEVEN
from ferblur.core.files import read_json
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


@pytest.mark.parametrize("classes", [FIVE, SEVEN])
def test_any_classes_are_split(balanced: Path, classes: tuple[str, ...]) -> None:
    split.main()
    second = read_manifest(Path("data/split/second.csv"))
    blurred = second[second["blur_radius"] > 0]
    assert blurred["label"].value_counts().to_dict() == dict.fromkeys(range(len(classes)), 9)


def test_what_training_shows_too_is_counted(
    balanced: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    near = pd.DataFrame(
        [("train", "fear/0.jpg", 0), ("train", "anger/0.jpg", 0), ("deployment", "fear/1.jpg", 1),
         ("train", "fear/2.jpg", 1), ("train", "sadness/1.jpg", 2), ("train", "sadness/2.jpg", 2)],
        columns=["pool", "file", "group"],
    )  # fmt: skip
    near.to_csv("data/prepare/near_duplicates.csv", index=False)
    split.main()
    counts = read_json(Path("results/split/counts.json"))
    groups = {file: group for pool, file, group in near.to_numpy().tolist() if pool == "train"}
    for model in ("baseline", "second"):
        samples = read_manifest(Path(f"data/split/{model}.csv"))
        train = set(samples.loc[samples["split"] == "train", "source_id"])
        test = samples.loc[samples["split"] == "test", "source_id"].tolist()
        alike = [
            any(other in train and group == groups.get(file) and other != file
                for other, group in groups.items())
            for file in test
        ]  # fmt: skip
        assert counts[model] == {
            "test": len(test),
            "same_picture": sum(file in train for file in test),
            "near_duplicate": sum(alike),
        }
    assert counts["second"]["near_duplicate"] > 0
    assert counts["second"]["near_duplicate"] < counts["second"]["same_picture"]
    assert len(capsys.readouterr().out.splitlines()) == 2
