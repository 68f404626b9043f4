"""Every mistake in extensions/params.yaml gives a line: the key, the value, what is allowed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from clone import ROOT
from ferblur.beyond.named import names
from ferblur.beyond.params import EXTENSIONS, chosen, load_extensions
from ferblur.core.errors import UserError


def content() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / EXTENSIONS).read_text())
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "params.yaml"


def mistakes(path: Path, given: dict[str, Any]) -> list[str]:
    path.write_text(yaml.safe_dump(given, sort_keys=False))
    with pytest.raises(UserError) as error:
        load_extensions(path)
    return [line.removeprefix(f"{path}: ") for line in str(error.value).splitlines()]


@pytest.mark.parametrize("file", ["params.yaml", "photographs.yaml"])
def test_the_repositorys_own_are_right(file: str) -> None:
    found = load_extensions(ROOT / EXTENSIONS.with_name(file))
    assert found.sweep.kernels[0] == "box"
    assert set(found.vary.variants) <= set(names("variants"))
    assert set(found.restore.methods) <= set(names("restoration"))


def test_photographs_differ_only_in_what_is_trained() -> None:
    demo, photographs = (
        yaml.safe_load((ROOT / EXTENSIONS).with_name(name).read_text())
        for name in ("params.yaml", "photographs.yaml")
    )
    trained = photographs["vary"]["variants"]
    assert set(trained) < set(demo["vary"]["variants"])
    assert set(photographs["sweep"]["models"]) == {"baseline", "second", *trained}
    for content in (demo, photographs):
        del content["vary"]["variants"], content["sweep"]["models"]
    assert photographs == demo


LEVELS_OF_BLUR = "must grow from 0, not"

MISTAKES = [
    ("vary", "seed", -1, "vary.seed: ", "greater than or equal to 0 (is -1)"),
    ("vary", "seed", "6", "vary.seed: ", "valid integer (is '6')"),
    ("vary", "variants", ["none"], "vary.variants: ", "'none' is no file of src/ferblur/variants, "
     "which has all_radii, baseline_by_clip"),
    ("vary", "variants", ["mixture", "all_radii", "mixture"], "vary.variants: ",
     "must not name anything twice (is ['mixture', 'all_radii', 'mixture'])"),
    ("vary", "variants", [], "vary.variants: ", "at least 1 item"),
    ("vary", "kernels", ["gaussian"], "vary.kernels: ", "must begin with box"),
    ("vary", "strongest", 1, "vary.strongest: ", "greater than 1 (is 1)"),
    ("sweep", "kernels", ["box", "fish"], "sweep.kernels: ", "'fish' is no file of "
     "src/ferblur/kernels, which has box, defocus, gaussian, motion"),
    ("sweep", "kernels", ["motion", "box"], "sweep.kernels: ", "must begin with box"),
    ("sweep", "kernels", [], "sweep.kernels: ", "must begin with box"),
    ("sweep", "radii", [], "sweep.radii: ", f"{LEVELS_OF_BLUR} []"),
    ("sweep", "radii", [1, 2], "sweep.radii: ", f"{LEVELS_OF_BLUR} [1.0, 2.0]"),
    ("sweep", "radii", [0, 4, 2], "sweep.radii: ", f"{LEVELS_OF_BLUR} [0.0, 4.0, 2.0]"),
    ("sweep", "radii", [0, 2, 2], "sweep.radii: ", f"{LEVELS_OF_BLUR} [0.0, 2.0, 2.0]"),
    ("sweep", "radii", [0, 600], "sweep.radii.1: ", "less than or equal to 512 (is 600)"),
    ("sweep", "radii", [0, float("nan")], "sweep.radii.1: ", "finite number"),
    ("sweep", "models", {"second": "models/second"}, "sweep.models: ",
     "must begin with baseline and second"),
    ("restore", "trees", 0, "restore.trees: ", "greater than or equal to 1 (is 0)"),
    ("restore", "copies", 1.5, "restore.copies: ", "valid integer"),
    ("restore", "methods", ["magic"], "restore.methods: ", "'magic' is no file of "
     "src/ferblur/restoration"),
    ("route", "threshold", 0, "route.threshold: ", "greater than 0 (is 0)"),
    ("route", "sharp", "nobody", "route.sharp: ", "'nobody' is not one of sweep.models, baseline"),
    ("route", "blurred", "equal_steps", "route.blurred: ",
     "'equal_steps' is not one of sweep.models"),
    ("explain", "people", 0, "explain.people: ", "greater than or equal to 1 (is 0)"),
    ("explain", "persons", 3, "explain.persons: ", "Extra inputs are not permitted (is 3)"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "key", "value", "where", "what"), MISTAKES)
def test_a_mistake_gives_a_line(
    path: Path, section: str, key: str, value: object, where: str, what: str
) -> None:
    given = content()
    given[section][key] = value
    (line,) = mistakes(path, given)
    assert line.startswith(where)
    assert what in line


def test_weights_are_where_a_stage_leaves_them(path: Path) -> None:
    given = content()
    allowed = "baseline: models/baseline, second: models/second, equal_steps: data/vary/equal_steps"
    for name, folder in (
        ("mixture", "models/mixture"),
        ("mixture", "data/vary/all_radii"),
        ("other", "data/vary/other"),
    ):
        given["sweep"]["models"] = {
            "baseline": "models/baseline", "second": "models/second", name: folder
        }  # fmt: skip
        given["route"]["blurred"] = "second"
        path.write_text(yaml.safe_dump(given, sort_keys=False))
        with pytest.raises(UserError) as error:
            load_extensions(path)
        assert f"{path}: sweep.models: '{name}: {folder}' is not one of {allowed}" in str(
            error.value
        )


def test_every_mistake_is_said_at_once(path: Path) -> None:
    given = content()
    given["vary"]["seed"], given["explain"]["seed"], given["more"] = -1, "x", {}
    del given["restore"]
    found = mistakes(path, given)
    assert [line.partition(":")[0] for line in found] == [
        "vary.seed", "restore", "explain.seed", "more"
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "[1, 2]", "vary: [", "vary: {seed: 1"])
def test_no_sections_at_all(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(UserError, match=re.escape(str(path))):
        load_extensions(path)


def test_no_file(path: Path) -> None:
    with pytest.raises(UserError, match=r"params\.yaml"):
        load_extensions(path)


def test_a_stage_is_told_what_it_may_be_asked() -> None:
    assert chosen(["b"], ("a", "b"), "vary.variants") == "b"
    for given in ([], ["c"], ["a", "b"]):
        with pytest.raises(UserError) as error:
            chosen(given, ("a", "b"), "vary.variants")
        assert str(error.value) == f"name one of vary.variants, a, b; not '{' '.join(given)}'"
    with pytest.raises(UserError, match="which is empty; not 'a'"):
        chosen(["a"], (), "vary.variants")
