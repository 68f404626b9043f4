"""params.yaml: every mistake is one line naming the key, before any work starts."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from clone import ROOT
from ferblur.core.errors import UserError
from ferblur.core.params import changed, load_params

PROFILES = ("demo", "smoke", "affwild2")


def keys(content: Any, prefix: str = "") -> set[str]:
    if not isinstance(content, dict):
        return {prefix}
    return set().union(*(keys(value, f"{prefix}.{key}") for key, value in content.items()))


def profile(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / f"profiles/{name}.yaml").read_text())
    return content


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_are_valid_and_have_the_same_keys(name: str) -> None:
    load_params(ROOT / f"profiles/{name}.yaml")
    assert keys(profile(name)) == keys(profile("demo"))


def test_affwild2_holds_the_papers_values() -> None:
    params = load_params(ROOT / "profiles/affwild2.yaml")
    assert params.blur.model_dump() == {
        "none": 0, "low": 2, "medium": 4, "high": 8, "very_high": 14,
    }  # fmt: skip
    assert params.align.size == params.train.input_size == 128
    assert params.balance.deployment_per_class == 750
    assert params.split.ratios == (0.7, 0.2, 0.1)
    assert params.split.blurred_per_class == 1000
    assert params.split.blurred_levels == ("low", "medium", "high")
    train = params.train
    assert (train.weights, train.normalisation, train.optimizer) == ("imagenet", "none", "adam")
    assert (train.epochs, train.batch_size, train.learning_rate) == (15, 32, 1e-4)
    assert len(train.seeds) == 1


def test_the_demo_trains_each_model_several_times() -> None:
    assert len(load_params(ROOT / "profiles/demo.yaml").train.seeds) >= 3


def test_one_training_has_one_seed() -> None:
    train = load_params(ROOT / "profiles/demo.yaml").train
    assert train.once(7).seeds == (7,)
    assert train.once(7).model_dump() == train.model_dump() | {"seeds": (7,)}


MISTAKES = {
    "unknown key": (("train", "epoch"), 3, "train.epoch: Extra inputs are not permitted (is 3)"),
    "out of range": (("train", "epochs"), 0, "train.epochs: Input should be greater than"),
    "not a choice": (("prepare", "hash_of"), "name", "prepare.hash_of: Input should be 'file'"),
    "a number in quotes": (("train", "epochs"), "15", "train.epochs: Input should be a valid int"),
    "a flag that is a number": (("split", "reuse"), 1, "split.reuse: Input should be a valid bool"),
    "unknown emotion": (
        ("synthesize", "clips", "train", "joy"), 1, "synthesize.clips.train.joy: Extra",
    ),
    "half a second emotion": (("synthesize", "mixed"), 0.5, "synthesize.mixed: Input should be le"),
    "all labels wrong": (("synthesize", "mislabelled"), 1, "synthesize.mislabelled: Input should"),
    "an onset above the apex": (("synthesize", "onset"), 1.1, "synthesize.onset: Input should be"),
    "a drift of something else": (
        ("synthesize", "drift", "camera"), 1, "synthesize.drift.camera: Extra inputs",
    ),
    "no people": (("synthesize", "subjects", "train"), 0, "synthesize.subjects.train: Input sh"),
    "no frames": (("synthesize", "frames", "train"), 0, "synthesize.frames.train: Input should be"),
    "more people than clips": (
        ("synthesize", "subjects", "train"), 190, "synthesize: subjects.train: at most 189, for 1",
    ),
    "more duplicates than frames": (
        ("synthesize", "duplicates", "deployment"), 1421,
        "synthesize: duplicates.deployment: at most 1420, for 355 clips, 1420 frames, not 1421",
    ),
    "no seed": (("train", "seeds"), [], "train.seeds: must be a list of 1 to 100, not"),
    "a seed twice": (("train", "seeds"), [1, 2, 1], "train.seeds: must not name anything twice"),
    "a seed alone": (("train", "seeds"), 3, "train.seeds: Input should be a valid array (is 3)"),
    "a seed too large": (("train", "seeds"), [1, 2**32], "train.seeds.1: Input should be less t"),
    "ratios": (("split", "ratios"), [0.7, 0.2, 0.2], "split.ratios: must add up to 1"),
    "range reversed": (("balance", "brightness"), [1.3, 1.1], "balance.brightness: must be [small"),
    "radii out of order": (("blur", "low"), 5, "blur: radii must grow from low to very_high"),
    "sharp is blurred": (("blur", "none"), 1, "blur.none: Input should be less than"),
    "a level twice": (("split", "blurred_levels"), ["low", "low"], "split.blurred_levels: must n"),
    "colour": (("figures", "second"), "orange", "figures.second: must be a colour"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_naming_the_key(mistake: str, tmp_path: Path) -> None:
    path, value, message = MISTAKES[mistake]
    content = profile("demo")
    section = content
    for key in path[:-1]:
        section = section[key]
    section[path[-1]] = value
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(UserError) as caught:
        load_params(file)
    assert str(caught.value).startswith(f"{file}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("section", "key"), [("train", None), ("train", "epochs")])
def test_a_missing_key_is_named(section: str, key: str | None, tmp_path: Path) -> None:
    content = profile("demo")
    if key is None:
        del content[section]
    else:
        del content[section][key]
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump(content))
    name = section if key is None else f"{section}.{key}"
    with pytest.raises(UserError, match=rf"{name}: Field required$"):
        load_params(file)


def test_several_mistakes_are_all_named(tmp_path: Path) -> None:
    content = profile("demo")
    content["train"]["epochs"] = -1
    content["align"]["size"] = "big"
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(UserError) as caught:
        load_params(file)
    assert len(str(caught.value).splitlines()) == 2


def test_changed_keys_are_dotted_and_sorted() -> None:
    ours = {"b": {"x": 1, "y": 2}, "a": 1, "same": {"z": 0}}
    theirs = {"b": {"x": 1, "y": 3, "w": 4}, "same": {"z": 0}}
    assert changed(ours, theirs) == ["a", "b.w", "b.y"]
