"""dvc.yaml held against the code, the documents held against the Makefile, the DAG run whole."""

import ast
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from clone import Clone, committed
from closure import closure
from ferblur.files import sha256
from ferblur.params import Params

ROOT = Path(__file__).parents[1]
STAGES = ROOT / "src/ferblur/stages"


NOTHING_TO_CHOOSE = {"tables", "claims", "paper", "report"}
"""Stages that only show what the others did, with no section of their own."""

SHOWN_WHOLE = {"claims": {"figures"}, "report": set()}
"""Stages that show the parameters as a whole, but for these sections."""


def stages() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in (ROOT / "dvc.yaml", ROOT / "datasets/synthetic/dvc.yaml"):
        found |= yaml.safe_load(path.read_text())["stages"]
    return found


def paths(entries: list[Any]) -> set[str]:
    return {next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries}


def produced(stage: dict[str, Any]) -> set[str]:
    return paths(stage.get("outs", [])) | paths(stage.get("metrics", []))


def hashes(folders: list[Path]) -> dict[Path, str]:
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path: sha256(path) for path in files}


def test_every_stage_has_its_module_section_test_and_description() -> None:
    sections = set(Params.model_fields)
    for name, stage in stages().items():
        assert stage["desc"]
        assert stage["cmd"].startswith(f"python -m ferblur.stages.{name}")
        assert (STAGES / f"{name}.py").is_file()
        assert name in sections or name in NOTHING_TO_CHOOSE
    modules = {path.stem for path in STAGES.glob("*.py")} - {"__init__"}
    assert modules == set(stages())


@pytest.mark.parametrize("name", stages())
def test_every_import_is_a_dependency(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    declared = {path for path in paths(stages()[name]["deps"]) if path.startswith("src/")}
    assert declared == closure(f"ferblur.stages.{name}")


def sections_read(module: Path) -> set[str]:
    """Sections of params.yaml a stage module reads, from its syntax tree."""
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
        return called and node.func.id == "load"  # type: ignore[attr-defined]

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
def test_every_section_read_is_declared(name: str) -> None:
    declared = {key.partition(".")[0] for key in stages()[name].get("params", [])}
    read = sections_read(STAGES / f"{name}.py")
    if name in SHOWN_WHOLE:
        read = set(Params.model_fields) - SHOWN_WHOLE[name]
    elif name == "paper":
        source = (ROOT / "paper/main.typ").read_text().replace("params.yaml", "")
        read = set(re.findall(r"\bparams\.(\w+)", source))
    assert declared == read


@pytest.mark.parametrize("name", stages())
def test_every_path_in_a_stage_is_declared(name: str) -> None:
    stage = stages()[name]
    declared = {
        path.replace("${item.model}", "").replace("${data.root}", "datasets/synthetic")
        for path in paths(stage["deps"]) | produced(stage)
    }
    modules = [STAGES / f"{name}.py"]
    if name == "claims":
        modules += [ROOT / f"src/ferblur/{noun}.py" for noun in ("facts", "agreement", "verdicts")]
    literals = {
        node.value
        for module in modules
        for node in ast.walk(ast.parse(module.read_text()))
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


def test_data_flows_one_way() -> None:
    made: dict[str, str] = {}
    for name, stage in stages().items():
        for path in produced(stage):
            assert made.setdefault(path, name) == name


def test_readme_names_real_targets_and_files() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text()
        assert set(re.findall(r"make ([a-z][a-z-]*)", text)) <= targets
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert link.startswith("https://") or (ROOT / link).exists(), (document, link)


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


def test_the_whole_pipeline_runs_to_table_3(clone: Clone) -> None:
    names = set(clone.run("dvc", "stage", "list", "--all", "--name-only").split())
    ran = clone.first
    assert {name.rpartition(":")[2] for name in names} == set(ran)
    assert len(ran) == 15
    metrics = clone.run("dvc", "metrics", "show", "--md")
    assert "not_reproduced" in metrics
    for model in ("baseline", "second"):
        levels = re.findall(rf"results/evaluate/{model}/(\w+)\.json", metrics)
        assert levels == ["test", "none", "low", "medium", "high", "very_high"]
    table = (clone.folder / "paper/tables/table3.csv").read_text().splitlines()
    assert len(table) == 6
    figures = {path.name for path in (clone.folder / "paper/figures").iterdir()}
    assert len(figures) == 12
    for page in ("paper/main.pdf", "results/report.html", "results/claims.md"):
        assert (clone.folder / page).stat().st_size > 10_000


def test_nothing_reruns(clone: Clone) -> None:
    assert clone.ran() == []


def test_git_holds_no_data(clone: Clone) -> None:
    tracked = clone.run("git", "ls-files").splitlines()
    assert not [
        name for name in tracked if name.endswith((".npy", ".safetensors", ".jpg", ".html"))
    ]
    assert "results/evaluate/second/very_high.json" in tracked
    assert max((clone.folder / name).stat().st_size for name in tracked) < 2 * 2**20


def test_a_change_reruns_what_depends_on_it(clone: Clone) -> None:
    clone.edit('second: "#D55E00"', 'second: "#CC79A7"')
    assert clone.ran() == ["figures", "paper", "report"]
    source = clone.folder / "paper/main.typ"
    source.write_text(source.read_text() + "\nOne sentence more.\n")
    assert clone.ran() == ["paper"]
    clone.edit("very_high: 14", "very_high: 20")
    stale = clone.stale()
    assert not [name for name in stale if name.startswith(("train", "align", "synthesize"))]
    assert {"evaluate@baseline", "evaluate@second"} <= stale
    clone.edit("low: 2", "low: 1")
    ran = clone.ran("evaluate@baseline", "train@second")
    assert sorted(ran) == ["evaluate@baseline", "split", "train@second"]
    difference = clone.run("dvc", "metrics", "diff", "HEAD", "--all", "--md")
    for level in ("low", "very_high"):
        assert f"results/evaluate/baseline/{level}.json" in difference
    clone.restore()
    assert clone.stale() == set()


OTHER_MACHINE = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "SkylakeX",
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
    "MKL_CBWR": "AVX2",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL",
    "OMP_NUM_THREADS": "1",
    "FERBLUR_PROCESSES": "4",
}
"""What may be set where somebody else runs it, as if by another processor."""


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """What `make repro PROFILE=smoke` leaves on another machine: uncommitted results."""
    made = Clone(tmp_path_factory.mktemp("readers"))
    with pytest.MonkeyPatch.context() as patched:
        for name, value in OTHER_MACHINE.items():
            patched.setenv(name, value)
        made.run("python", "-m", "ferblur.preflight", "smoke")
        made.run("dvc", "repro")
    return made


def test_another_machine_makes_the_same_bytes(clone: Clone, readers: Clone) -> None:
    found, expected = readers.outputs(), clone.outputs()
    for outputs in (found, expected):  # the page shows durations
        assert outputs.pop("results/report.html")
    assert "paper/main.pdf" in found
    assert found == expected


def test_the_tests_pass_on_results_of_the_readers_own(readers: Clone) -> None:
    """`make repro && make test`: for those that read the repository and not a clone of it."""
    committed("params.yaml")  # without a commit, the clone's results may be the reader's already
    changed = readers.run("git", "status", "--short")
    assert "results/evaluate/baseline/none.json" in changed
    modules = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if re.search(r"\bROOT\b|\bcommitted as\b", path.read_text())
        and path.parent.name != "docker"
    ]
    assert "tests/test_agreement.py" in modules
    said = readers.run(
        "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not clones", *modules
    )
    assert re.search(r"\d\d+ passed", said)
    assert readers.run("git", "status", "--short") == changed


def test_a_clone_pulls_instead_of_computing(
    clone: Clone, tmp_path_factory: pytest.TempPathFactory
) -> None:
    remote = tmp_path_factory.mktemp("remote")
    clone.run("dvc", "remote", "add", "--local", "--default", "store", str(remote))
    clone.run("dvc", "push")
    folder = tmp_path_factory.mktemp("pulled") / "project"
    clone.run("git", "clone", "-q", str(clone.folder), str(folder))
    pulled = Clone.__new__(Clone)
    pulled.folder = folder
    pulled.run("dvc", "remote", "add", "--local", "--default", "store", str(remote))
    output = pulled.run("dvc", "repro", "--pull")
    assert "Running stage" not in output
    assert pulled.stale() == set()


def test_a_wrong_parameter_stops_before_work_starts(clone: Clone) -> None:
    path = clone.folder / "params.yaml"
    before = path.read_text()
    path.write_text(before.replace("epochs: 2", "epochs: 0"))
    output = clone.run("dvc", "repro", "train@baseline", check=False)
    clone.restore()  # DVC deletes a stage's outputs before it runs it
    assert "train.epochs: Input should be greater than or equal to 1 (is 0)" in output
    assert "Traceback" not in output


def test_kills_at_random_moments_cost_nothing(clone: Clone) -> None:
    kills = int(os.environ.get("FERBLUR_KILLS", "1"))
    clone.edit("epochs: 2", f"epochs: {6 * kills}")
    command = ["dvc", "repro", "--force", "--single-item", "train@second"]
    start = time.monotonic()
    clone.run(*command)
    took = time.monotonic() - start
    folders = [clone.folder / "models/second", clone.folder / "results/train/second"]
    whole = hashes(folders)
    # the moments fall into one training: killed runs last, together, less than a whole one, by
    # a margin because a run may be faster than the first
    moments = np.sort(np.random.default_rng().uniform(0, 0.8 * took, kills))
    environment = clone.environment() | {"FERBLUR_CHECKPOINT": "1"}
    for lasts in np.diff(moments, prepend=0):
        process = subprocess.Popen(
            command, cwd=clone.folder, env=environment, stdout=subprocess.DEVNULL
        )
        time.sleep(lasts)
        assert process.poll() is None
        process.kill()
        process.wait()
    clone.run(*command)
    assert hashes(folders) == whole
    clone.restore()


def test_codecheck_lists_every_output(clone: Clone) -> None:
    listed = [
        entry["file"] for entry in yaml.safe_load((ROOT / "codecheck.yml").read_text())["manifest"]
    ]
    assert len(listed) == len(set(listed))
    for path in listed:
        assert (clone.folder / path).exists(), path
    outputs = clone.outputs()
    files = []
    for out in map(Path, outputs):
        inside = sorted(path for path in (clone.folder / out).rglob("*") if path.is_file())
        files += [path.relative_to(clone.folder).as_posix() for path in inside] or [str(out)]
    for file in files:
        holders = [path for path in listed if file == path or file.startswith(f"{path}/")]
        assert len(holders) == 1, file
