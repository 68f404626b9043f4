"""dvc.yaml, the rooms and the locks held against the code; no stage is run.

pytest tests/unit/test_pipeline.py
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from clone import ROOT, committed
from closure import closure, data, module_name, modules, named, rooms
from ferblur.beyond.params import EXTENSIONS, Extensions
from ferblur.core.params import Params, Train
from ferblur.core.study import MODELS, TASKS
from reads import keys, reached

STAGES = ROOT / "src/ferblur/stages"

APART = ("weights", "extensions")
"""Folders with stages apart: what training may start from, and what goes beyond the paper."""


def listed(folder: str) -> dict[str, dict[str, Any]]:
    """The stages of a folder's dvc.yaml; one that is run for several things stands there once."""
    content = yaml.safe_load((ROOT / folder / "dvc.yaml").read_text())["stages"]
    return {name: stage | stage.get("do", {}) for name, stage in content.items()}


def stages() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for folder in (".", "datasets/synthetic", *APART):
        found |= listed(folder)
    return found


BEYOND = set(listed("extensions"))
"""The stages beyond the paper."""


def paths(entries: list[Any]) -> set[str]:
    return {next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries}


def each(stage: dict[str, Any]) -> Any:
    """What a stage is run for, each by itself: parts of its matrix, or what follows `foreach`."""
    return [*stage.get("matrix", {}).values(), stage.get("foreach", "")]


def run_for(stage: dict[str, Any]) -> set[str]:
    """The parameters whose values a stage is run for: `sweep.models`."""
    return set(re.findall(r"\$\{(\w+\.\w+)\}", str(each(stage))))


def parameters(stage: dict[str, Any], file: str | None = None) -> set[str]:
    """The parameters that a stage declares, of params.yaml or another file."""
    found: set[str] = set()
    for entry in stage.get("params", []):
        if isinstance(entry, dict):
            found |= set(entry.get(file, []))
        elif file is None:
            found.add(entry)
    return found


def produced(stage: dict[str, Any]) -> set[str]:
    return paths(stage.get("outs", [])) | paths(stage.get("metrics", []))


NOTHING_TO_CHOOSE = {
    "architecture", "tables", "claims", "paper", "report", "networks", "capture", "adapt", "answers"
}  # fmt: skip
"""Stages that only show or ask what there is, with no section of their own."""

SHOWN_WHOLE = {"claims": {"figures"}, "report": set()}
"""Stages that show the parameters as a whole, but for these sections."""

NOT_READ = {
    "src/ferblur/beyond/params.py": BEYOND
    - {"sweep"},  # where models may be, to check sweep.models
    "src/ferblur/core/run_log.py": set(stages()),  # what differs from run to run
    "src/ferblur/evidence/verdicts.py": {"report", "answers"},  # which read what was judged
}
"""Modules that name a file, and the stages that do not read it through them."""

ASKING = {"vary", "sweep", "adapt", "capture", "restore", "explain"}
"""Stages beyond the paper that ask the trainings something new."""

HEAVY = {
    "torch": {"align", "architecture", "train", "evaluate", "pretrain", "networks"} | ASKING,
    "torchvision": {"architecture", "train", "evaluate", "pretrain", "networks"} | ASKING,
    "sklearn": {"split", "evaluate", "restore"},
}
"""Packages that take a second to load, and the stages that compute with them."""


def test_every_stage_has_its_module_section_test_and_description() -> None:
    for name, stage in stages().items():
        sections = (Extensions if name in BEYOND else Params).model_fields
        assert stage["desc"]
        assert stage["cmd"].startswith(f"python -m ferblur.stages.{name}")
        assert (STAGES / f"{name}.py").is_file()
        assert name in sections or name in NOTHING_TO_CHOOSE
    assert {Path(path).stem for path in modules(STAGES)} == set(stages())
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests/unit/stages").iterdir()}
    assert set(stages()) <= tests


def chosen(stage: dict[str, Any]) -> str:
    """The module of a room that a stage loads by the name it is run for, or nothing."""
    return "".join(path for path in paths(stage["deps"]) if path.startswith("src/") and "$" in path)


@pytest.mark.parametrize("name", stages())
def test_every_import_is_a_dependency(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    declared: set[str] = set()
    for path in paths(stages()[name]["deps"]):
        if path.startswith("src/"):
            declared |= modules(Path(path)) if Path(path).is_dir() else {path}
    imported = closure(f"ferblur.stages.{name}")
    imported |= named(imported)
    if one := chosen(stages()[name]):  # of whose room no other module makes the stage stale
        assert str(Path(one).parent) in rooms(imported)
        imported = imported - modules(Path(one).parent) | {one}
    assert declared == imported | data(imported - {one})


@pytest.mark.parametrize("room", ["kernels", "variants", "restoration"])
def test_what_is_loaded_by_name_imports_nothing_of_its_own_room(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    beside = modules(Path("src/ferblur") / room)
    for path in beside:
        assert closure(module_name(path)) & beside == {path}


def test_a_new_variant_trains_no_other_again() -> None:
    for name, key in (("vary", "vary.variants"), ("sweep", "sweep.models")):
        stage = stages()[name]
        assert run_for(stage) == {key}
        declared = parameters(stage, str(EXTENSIONS))
        assert not [given for given in declared if key.startswith(given)]
    assert chosen(stages()["vary"]) == "src/ferblur/variants/${item.variant}.py"
    assert not chosen(stages()["sweep"])


def test_dvc_yaml_is_a_table_of_contents() -> None:
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 280
    for path in modules(STAGES):
        assert len(Path(path).read_text().splitlines()) <= 120, path


def test_packages_hold_a_sentence_and_no_code() -> None:
    for path in sorted((ROOT / "src").rglob("__init__.py")):
        sentence, *rest = ast.parse(path.read_text()).body
        assert isinstance(sentence, ast.Expr), path
        code = [ast.unparse(node) for node in rest]
        starts = path == STAGES / "__init__.py"
        assert code == ["from ferblur.core import stage as stage"] * starts, path


def test_one_name_for_one_folder() -> None:
    names, folders = defaultdict(set), defaultdict(set)
    for path in sorted((ROOT / "src").rglob("*.py")):
        found = re.findall(r'^([A-Z_]+) = Path\("([^"]+)"\)$', path.read_text(), re.MULTILINE)
        for name, folder in found:
            names[folder].add(name)
            folders[name].add(folder)
    assert len(names) > 20
    assert {folder: found for folder, found in names.items() if len(found) > 1} == {}
    assert {name: found for name, found in folders.items() if len(found) > 1} == {}


def loaded(path: Path) -> set[str]:
    """The packages that a module imports when it is loaded, not in a function or for types."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_stages_load_only_what_they_compute_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    packages = {
        name: set[str]().union(*map(loaded, map(Path, closure(f"ferblur.stages.{name}"))))
        for name in stages()
    }
    for package, computing in HEAVY.items():
        there = computing & set(packages)
        assert {name for name, found in packages.items() if package in found} == there
    light = [name for name, found in packages.items() if not found & set(HEAVY)]
    assert len(light) > 7
    code = f"import sys, {', '.join(f'ferblur.stages.{name}' for name in light)}; "
    code += f"sys.exit(', '.join({set(HEAVY)} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.stderr == b"\n", done.stderr  # nor does another package load them


@pytest.mark.parametrize("name", stages())
def test_every_section_read_is_declared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    declared = {key.partition(".")[0] for key in parameters(stages()[name])}
    read: set[str] = set()
    imported = closure(f"ferblur.stages.{name}")
    for path in map(Path, imported | named(imported)):
        if path.parent.name != "core":  # which reads train.arithmetic to start any stage
            for statement in ast.parse(path.read_text()).body:
                read |= keys(statement, Params) & set(Params.model_fields)
    if name in SHOWN_WHOLE:
        read = set(Params.model_fields) - SHOWN_WHOLE[name]
    elif name == "paper":
        source = (ROOT / "paper/main.typ").read_text().replace("params.yaml", "")
        read = set(re.findall(r"\bparams\.(\w+)", source))
    assert declared == read


@pytest.mark.parametrize("name", stages())
def test_every_choice_beyond_the_paper_that_is_read_is_declared(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    stage = stages()[name]
    imported = closure(f"ferblur.stages.{name}")
    statements = reached(imported | named(imported))
    read = set[str]().union(*(keys(statement, Extensions) for statement in statements))
    declared = parameters(stage, str(EXTENSIONS))
    assert declared <= read  # a section or a key of it
    undeclared = {key for key in read if "." in key} - run_for(stage) - declared
    assert {key for key in undeclared if key.partition(".")[0] not in declared} == set()
    assert not declared or name in BEYOND


@pytest.mark.parametrize("name", stages())
def test_every_path_in_a_stage_is_declared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    stage = stages()[name]
    choices = yaml.safe_load((ROOT / EXTENSIONS).read_text())
    declared = set()
    for path in paths(stage["deps"]) | produced(stage):
        values = [path]
        if path == "${item}":  # a folder for each thing that the stage is run for
            section, key = next(iter(run_for(stage))).split(".")
            values = list(choices[section][key].values())
        declared |= {
            re.sub(r"\$\{(item\.\w+|key)\}", "", value).replace(
                "${data.root}", "datasets/synthetic"
            )
            for value in values
        }
    imported = closure(f"ferblur.stages.{name}")
    literals = {
        node.value
        for module in imported | named(imported)
        if name not in NOT_READ.get(module, ())
        for node in ast.walk(ast.parse(Path(module).read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.match(r"(data|datasets|models|results|paper)/[\w/.-]+$", node.value)
    }
    if name == "paper":
        source = (ROOT / "paper/main.typ").read_text()
        literals |= set(re.findall(r'"/((?:paper|results)/[^"]+)"', source))
    for literal in literals:
        assert any(
            path.startswith(literal) or literal.startswith(path.rstrip("/")) for path in declared
        ), literal


@pytest.mark.parametrize("name", ["train", "evaluate"])
def test_a_training_is_a_model_and_a_seed(name: str) -> None:
    stage = stages()[name]
    assert stage["matrix"] == {"model": [*MODELS], "seed": "${train.seeds}"}
    assert stage["cmd"].endswith(f"stages.{name} ${{item.model}} ${{item.seed}}")
    for path in produced(stage):
        assert "${item.model}/${item.seed}" in path


def test_a_new_seed_makes_no_training_stale() -> None:
    declared = stages()["train"]["params"]
    assert declared == sorted(f"train.{key}" for key in Train.model_fields if key != "seeds")
    assert not [key for key in stages()["evaluate"]["params"] if "train.seeds".startswith(key)]
    for name in ("statistics", "figures"):  # which read the seeds
        assert "train.seeds" in stages()[name]["params"]


def test_metrics_are_listed_as_in_tables_2_and_3() -> None:
    metrics = [next(iter(entry)) for entry in stages()["statistics"]["metrics"]]
    assert metrics == [f"results/metrics/{model}/{task}.json" for model in MODELS for task in TASKS]


def test_data_flows_one_way() -> None:
    made: dict[str, str] = {}
    for name, stage in stages().items():
        for path in produced(stage):
            assert made.setdefault(path, name) == name


def test_nothing_of_the_study_reads_what_goes_beyond_it() -> None:
    beyond = listed("extensions")
    made = {path for stage in beyond.values() for path in produced(stage)}
    for name in stages().keys() - beyond.keys():
        for path in paths(stages()[name]["deps"]):
            for out in made:
                assert not f"{path}/".startswith(f"{out}/"), (name, out)
                assert not f"{out}/".startswith(f"{path}/"), (name, out)


def test_main_runs_the_demo() -> None:
    assert committed("params.yaml") == committed("profiles/demo.yaml")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-reference.lock"])
def test_no_lock_names_a_package_index(name: str) -> None:
    lock = (ROOT / name).read_text()
    assert "://" not in lock
    packages = re.findall(r"^[a-zA-Z0-9_.-]+==", lock, re.MULTILINE)
    assert len(packages) > 100
    assert lock.count("--hash=sha256:") >= len(packages)
    assert ("tensorflow==" in packages) == (name == "requirements-reference.lock")
