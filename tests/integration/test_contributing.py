"""CONTRIBUTING's examples beyond the paper, put into a clone: one file and one parameter each.

pytest tests/integration/test_contributing.py
"""

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml

from clone import ROOT, Clone
from ferblur.beyond.training import Variant
from ferblur.core.params import load_params
from ferblur.core.study import SPLITS
from ferblur.dataset.blur import sigma
from ferblur.dataset.manifest import COLUMNS
from variant_source import source

EXTENSIONS = "extensions/dvc.yaml"
CHOICES = "extensions/params.yaml"


def example(heading: str) -> tuple[str, str, str]:
    """Of a section: the file's path, the file, and the lines of extensions/params.yaml."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    _, _, after = text.partition(f"\n## {heading}\n")
    section, *_ = after.split("\n## ")
    (path,) = re.findall(r"`(src/ferblur/\w+/\w+\.py)`:\n", section)
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    (line,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    return path, code, line


KERNEL, VARIANT = example("Adding a kind of blur"), example("Adding a variant")


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which stages beyond the paper have run, as far as DVC can tell."""
    made = Clone(tmp_path_factory.mktemp("contributing"))
    stages = json.loads(made.run("python", "-c", LISTED))
    for path in {path for stage in stages.values() for path in stage["deps"] + stage["outs"]}:
        file = made.folder / path
        if not file.exists():
            file = file if file.suffix else file / "something"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(path)
    done = [f"{EXTENSIONS}:{name}" for name in stages]
    made.run("dvc", "commit", "--force", *done)
    made.commit("as if run")
    assert stale(made) == set()
    return made


LISTED = """
import json
from dvc.repo import Repo

with Repo() as repo:
    print(json.dumps({
        stage.addressing.rpartition(":")[2]: {
            "deps": [dep.def_path for dep in stage.deps if "params.yaml" not in dep.def_path],
            "outs": [out.def_path for out in stage.outs],
        }
        for stage in repo.index.stages
        if stage.relpath.startswith("extensions") and "@" in stage.addressing
    }))
"""
"""The variants and sweeps, with the paths that each reads and makes."""


def stale(clone: Clone) -> set[str]:
    """The variants and sweeps that DVC would run again for what they read themselves."""
    status = json.loads(clone.run("dvc", "status", "--json", EXTENSIONS))
    names = {name.rpartition(":")[2] for name in status}
    return {name for name in names if "@" in name}


@pytest.fixture
def clone(started: Clone) -> Iterator[Clone]:
    yield started
    for path, *_ in (KERNEL, VARIANT):
        (started.folder / path).unlink(missing_ok=True)
    started.run("git", "checkout", "-q", "--", ".")


def add(clone: Clone, given: tuple[str, str, str], key: str) -> None:
    """Put an example's file into the clone, and its line below or in place of `section.key`'s."""
    path, code, line = given
    assert not (clone.folder / path).exists()
    (clone.folder / path).write_text(code)
    choices = clone.folder / CHOICES
    text = choices.read_text()
    section, _, name = key.partition(".")
    start = text.index(f"\n{section}:\n")
    found = re.compile(rf"^  {name}:.*\n", re.MULTILINE).search(text, start)
    assert found is not None
    new = line if line.startswith(f"  {name}:") else found[0] + line
    choices.write_text(text[: found.start()] + new + text[found.end() :])


def names(clone: Clone) -> list[str]:
    """The stages beyond the paper."""
    listed = clone.run("dvc", "stage", "list", "--name-only", EXTENSIONS).split()
    return [name.rpartition(":")[2] for name in listed]


CHECKED = (
    "from ferblur.beyond.params import load_extensions as load; print(load().model_dump_json())"
)


def test_a_variant_is_one_file_and_one_parameter(clone: Clone) -> None:
    before = names(clone)
    add(clone, VARIANT, "vary.variants")
    name = Path(VARIANT[0]).stem
    assert set(names(clone)) - set(before) == {f"vary@{name}"}
    assert name in json.loads(clone.run("python", "-c", CHECKED))["vary"]["variants"]
    assert stale(clone) == {f"vary@{name}"}  # no other is trained or asked again
    choices = clone.folder / CHOICES
    text, third = choices.read_text(), "    second: models/second\n"
    assert third in text
    choices.write_text(text.replace(third, f"{third}    {name}: data/vary/{name}\n"))
    clone.run("python", "-c", CHECKED)
    asked = stale(clone)
    assert {f"vary@{name}", f"sweep@{name}"} <= asked
    assert {stage.partition("@")[2] for stage in asked} == {name}


def test_the_variant_is_a_manifest(clone: Clone) -> None:
    add(clone, VARIANT, "vary.variants")
    study = source(load_params(ROOT / "profiles/smoke.yaml"))
    made = module(clone.folder / VARIANT[0]).variant(study)
    assert isinstance(made, Variant)
    assert set(made.rows) == set(COLUMNS)
    assert made.rows["sample_id"].tolist() == list(range(len(made.rows)))
    assert set(made.rows["split"]) == set(SPLITS)
    assert len(study.baseline) < len(made.rows) < len(study.second)
    assert set(made.rows["blur_radius"]) < set(study.second["blur_radius"])


def test_a_kind_of_blur_is_one_file_and_one_parameter(clone: Clone) -> None:
    before = names(clone)
    add(clone, KERNEL, "sweep.kernels")
    name = Path(KERNEL[0]).stem
    assert names(clone) == before
    checked = json.loads(clone.run("python", "-c", CHECKED))
    now = yaml.safe_load((ROOT / CHOICES).read_text())["sweep"]["kernels"]
    assert checked["sweep"]["kernels"] == [*now, name]
    sweeps = {stage for stage in before if stage.startswith("sweep@")}
    assert sweeps <= stale(clone)


@pytest.mark.parametrize("radius", [0.5, 1, 2, 4, 8, 14, 20])
def test_the_kind_of_blur_is_as_strong_as_the_box(clone: Clone, radius: float) -> None:
    add(clone, KERNEL, "sweep.kernels")
    kernel = module(clone.folder / KERNEL[0]).weights(sigma(radius), 0.3)
    side = len(kernel)
    assert kernel.shape == (side, side)
    assert side % 2 == 1
    assert kernel.sum() == pytest.approx(1)
    places = np.arange(side) - side // 2
    for axis in (0, 1):
        deviation = np.sqrt((kernel.sum(axis=axis) * places**2).sum())
        assert deviation == pytest.approx(sigma(radius), rel=0.01)


def test_a_name_without_a_file_is_said(clone: Clone) -> None:
    add(clone, VARIANT, "vary.variants")
    (clone.folder / VARIANT[0]).unlink()
    name = Path(VARIANT[0]).stem
    said = clone.run("python", "-c", CHECKED, check=False)
    assert f"vary.variants: '{name}' is no file of src/ferblur/variants" in said


def test_the_examples_are_clean(clone: Clone) -> None:
    for given, key in ((KERNEL, "sweep.kernels"), (VARIANT, "vary.variants")):
        add(clone, given, key)
    paths = [KERNEL[0], VARIANT[0]]
    clone.run("ruff", "check", "--no-cache", *paths)
    clone.run("ruff", "format", "--no-cache", "--check", *paths)
    clone.run("pytest", "-q", "-p", "no:cacheprovider", "tests/unit/kernels/test_every_kernel.py",
              "tests/unit/variants/test_every_variant.py",
              "-k", f"{Path(KERNEL[0]).stem} or {Path(VARIANT[0]).stem}")  # fmt: skip
