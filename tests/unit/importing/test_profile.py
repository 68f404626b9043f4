"""The profile that an import leaves."""

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from ferblur.core.errors import UserError
from ferblur.core.params import changed, load_params
from ferblur.importing import profile


def written(here: Path, base: str = "demo", small: bool = False) -> Path:
    counts = {"train": Counter(anger=13040, zeal=5), "deployment": Counter(anger=3, zeal=3)}
    path = here / "made.yaml"
    root, emotions = Path("datasets/mine"), ("anger", "zeal")
    profile.write(path, here / f"profiles/{base}.yaml", root, "X", emotions, counts, small)
    return path


@pytest.mark.parametrize("base", ["demo", "smoke", "affwild2"])
def test_what_the_dataset_demands_is_changed(base: str, here: Path) -> None:
    before = load_params(here / f"profiles/{base}.yaml").model_dump()
    after = load_params(written(here, base, small=True)).model_dump()
    assert set(changed(before, after)) <= {
        *("align.detector", "balance.deployment_per_class", "data.emotions", "data.root"),
        "split.blurred_per_class",
    }
    assert after["data"] == {"root": "datasets/mine", "emotions": ("anger", "zeal")}
    assert after["balance"]["deployment_per_class"] == "smallest"
    assert after["split"]["blurred_per_class"] == 1000  # of 13,040, as in the paper
    assert after["align"]["detector"] == "none"


def test_comments_stay_in_their_column(here: Path) -> None:
    before = (here / "profiles/demo.yaml").read_text().splitlines()
    after = written(here).read_text().splitlines()
    assert after[0].startswith("# The profile demo for datasets/mine")
    assert [line.partition("#")[2] for line in after if line.startswith(" ")] == [
        line.partition("#")[2] for line in before if line.startswith(" ")
    ]
    (root,) = (line for line in after if line.startswith("  root:"))
    assert root == "  root: datasets/mine       # folder with {train,deployment}/<emotion>/*.jpg"


def test_only_the_sections_own_key_is_changed(here: Path) -> None:
    assert written(here).read_text().count("emotions: [anger, zeal]") == 1
    text = "a:\n  seed: 1\n\n# words\nb:\n  x: 2\n  seed: 3 # why\n"
    assert profile._set(text, "b", "seed", "44") == text.replace("3 #", "44  #")
    with pytest.raises(UserError, match=r"a\.x: not in the profile"):
        profile._set(text, "a", "x", "1")


def test_unknown_profiles(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        UserError, match="no profile 'x'; there are affwild2, demo, photographs, smoke"
    ):
        profile.named("x")
    monkeypatch.chdir(here.parent)
    with pytest.raises(UserError, match="run this in the project's folder"):
        profile.named("demo")


def test_names_that_profiles_have(here: Path) -> None:
    assert profile.own("affwild2", Path("datasets/affwild2"))
    assert not profile.own("mine", Path("datasets/mine"))
    with pytest.raises(UserError, match="demo: is a profile's name"):
        profile.own("demo", Path("datasets/demo"))


@pytest.mark.parametrize(("sizes", "small"), [([48, 48, 300], True), ([64], True), ([65], False)])
def test_small_images(sizes: list[int], small: bool, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.png" for number in range(len(sizes))]
    for size, file in zip(sizes, files, strict=True):
        Image.new("L", (size, 2 * size)).save(file)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    assert profile.are_small([*files, tmp_path / "broken.png"]) == small
    assert not profile.are_small([])
