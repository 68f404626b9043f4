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
from closure import closure, data, modules
from ferblur.core.params import Params, Train
from ferblur.core.study import MODELS, TASKS

STAGES = ROOT / "src/ferblur/stages"

APART = ("weights", "extensions")
"""Folders with stages apart: what training may start from, and what goes beyond the paper."""


def stages() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for folder in (".", "datasets/synthetic", *APART):
        found |= yaml.safe_load((ROOT / folder / "dvc.yaml").read_text())["stages"]
    return found


def paths(entries: list[Any]) -> set[str]:
    return {next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries}


def produced(stage: dict[str, Any]) -> set[str]:
    return paths(stage.get("outs", [])) | paths(stage.get("metrics", []))


NOTHING_TO_CHOOSE = {"architecture", "tables", "claims", "paper", "report", "networks"}
"""Stages that only show or ask what there is, with no section of their own."""

SHOWN_WHOLE = {"claims": {"figures"}, "report": set()}
"""Stages that show the parameters as a whole, but for these sections."""

NOT_READ = {
    "src/ferblur/core/run_log.py": set(stages()),  # what differs from run to run
    "src/ferblur/evidence/verdicts.py": {"report"},  # which reads what was judged
}
"""Modules that name a file, and the stages that do not read it through them."""

HEAVY = {
    "torch": {"align", "architecture", "train", "evaluate", "pretrain", "networks"},
    "torchvision": {"architecture", "train", "evaluate", "pretrain", "networks"},
    "sklearn": {"split", "evaluate"},
}
"""Packages that take a second to load, and the stages that compute with them."""


def test_every_stage_has_its_module_section_test_and_description() -> None:
    sections = set(Params.model_fields)
    for name, stage in stages().items():
        assert stage["desc"]
        assert stage["cmd"].startswith(f"python -m ferblur.stages.{name}")
        assert (STAGES / f"{name}.py").is_file()
        assert name in sections or name in NOTHING_TO_CHOOSE
    assert {Path(path).stem for path in modules(STAGES)} == set(stages())
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests/unit/stages").iterdir()}
    assert set(stages()) <= tests


@pytest.mark.parametrize("name", stages())
def test_every_import_is_a_dependency(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    declared: set[str] = set()
    for path in paths(stages()[name]["deps"]):
        if path.startswith("src/"):
            declared |= modules(Path(path)) if Path(path).is_dir() else {path}
    imported = closure(f"ferblur.stages.{name}")
    assert declared == imported | data(imported)


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
        assert {name for name, found in packages.items() if package in found} == computing
    light = [name for name, found in packages.items() if not found & set(HEAVY)]
    assert len(light) > 7
    code = f"import sys, {', '.join(f'ferblur.stages.{name}' for name in light)}; "
    code += f"sys.exit(', '.join({set(HEAVY)} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.stderr == b"\n", done.stderr  # nor does another package load them


def sections_read(module: Path) -> set[str]:
    """Sections of params.yaml that a module reads, from its syntax tree."""
    tree = ast.parse(module.read_text())
    names = {
        argument.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
        if isinstance(argument.annotation, ast.Name) and argument.annotation.id == "Params"
    }

    def loads(node: ast.expr) -> bool:
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        return called and node.func.id == "load_params"  # type: ignore[attr-defined]

    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and loads(node.value):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in Params.model_fields
        and (loads(node.value) or (isinstance(node.value, ast.Name) and node.value.id in names))
    }


@pytest.mark.parametrize("name", stages())
def test_every_section_read_is_declared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    declared = {key.partition(".")[0] for key in stages()[name].get("params", [])}
    read: set[str] = set()
    for path in map(Path, closure(f"ferblur.stages.{name}")):
        if path.parent.name != "core":  # which reads train.arithmetic to start any stage
            read |= sections_read(path)
    if name in SHOWN_WHOLE:
        read = set(Params.model_fields) - SHOWN_WHOLE[name]
    elif name == "paper":
        source = (ROOT / "paper/main.typ").read_text().replace("params.yaml", "")
        read = set(re.findall(r"\bparams\.(\w+)", source))
    assert declared == read


@pytest.mark.parametrize("name", stages())
def test_every_path_in_a_stage_is_declared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    stage = stages()[name]
    declared = {
        re.sub(r"\$\{item\.\w+\}", "", path).replace("${data.root}", "datasets/synthetic")
        for path in paths(stage["deps"]) | produced(stage)
    }
    literals = {
        node.value
        for module in closure(f"ferblur.stages.{name}")
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
    beyond = yaml.safe_load((ROOT / "extensions/dvc.yaml").read_text())["stages"]
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
