"""The image in use: by any user, on a mounted project, with nothing to spare.

Skipped, with the reason, where no Docker engine is reachable or it has no image `ferblur`.
"""

import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from clone import Clone

IMAGE = "ferblur"

USER = "12345:12345" if os.getuid() == 0 else f"{os.getuid()}:{os.getgid()}"
"""Root tries a user that exists nowhere; others can give files to nobody but themselves."""

HARDENED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")


def unusable() -> str:
    """Why nothing can be run here; empty if it can."""
    if shutil.which("docker") is None:
        return "runs the image, and there is no docker command"
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        return "runs the image, and no Docker engine is reachable"
    found = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False)
    return f"no image '{IMAGE}': make docker builds it" if found.returncode else ""


REASON = unusable()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)


def docker(*arguments: str, status: int = 0) -> str:
    """Run a docker command, expect an exit status, and give what it printed, errors first."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr + done.stdout


def run(*command: str, options: tuple[str, ...] = (), status: int = 0) -> str:
    """Run a command in a new container with no network."""
    return docker("run", "--rm", "--network=none", *options, IMAGE, *command, status=status)


class Mounted:
    """A git and DVC repository that containers mount as their project, owned by USER."""

    def __init__(self, folder: Path) -> None:
        self.clone = Clone(folder)
        self.folder = folder
        self.said = ""
        self.mount = f"--volume={folder}:/project"
        self.give()

    def give(self) -> None:
        if os.getuid() == 0:
            subprocess.run(["chown", "--recursive", USER, str(self.folder)], check=True)

    def run(self, *command: str, options: tuple[str, ...] = (), status: int = 0) -> str:
        return run(*command, options=(f"--user={USER}", self.mount, *options), status=status)

    def owners(self) -> set[str]:
        found = [path.lstat() for path in (self.folder, *self.folder.rglob("*"))]
        return {f"{one.st_uid}:{one.st_gid}" for one in found}


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Mounted:
    """The smoke profile, run once with nothing to spare, its results committed; `said` keeps
    what was printed."""
    made = Mounted(tmp_path_factory.mktemp("mounted"))
    made.said = made.run("dvc", "repro", options=(*HARDENED, "--env=PROFILE=smoke"))
    made.run("git", "add", "-A")
    made.run("git", "commit", "-qm", "smoke")
    return made


@pytest.fixture
def volume() -> Iterator[str]:
    """A named volume, deleted afterwards."""
    name = f"ferblur-test-{uuid.uuid4().hex}"
    yield name
    docker("volume", "rm", "--force", name)


def test_runs_read_only_without_capabilities_or_network(mounted: Mounted) -> None:
    lines = mounted.said.splitlines()
    assert "Table III" in lines
    found = [line for line in lines if line.startswith(("device: ", "dataset: ", "profile: "))]
    assert len(found) == 3
    assert found[2] == "profile: smoke"
    assert "dvc push" in lines[-1]
    assert mounted.owners() == {USER}


def test_makes_the_same_bytes_as_outside(mounted: Mounted, clone: Clone) -> None:
    inside, outside = mounted.clone.outputs(), clone.outputs()
    for outputs in (inside, outside):
        assert outputs.pop("results/report.html")  # it shows durations
    assert "results/metrics/second/none.json" in inside
    assert inside == outside


def test_checks_that_the_machine_computes_alike() -> None:
    said = run("python", "-m", "ferblur.commands.verify", options=("--cap-drop=ALL",))
    assert said.splitlines()[-1] == "This machine gives the bytes of the committed run."


def test_dvc_works_for_a_user_without_a_name(mounted: Mounted) -> None:
    path = mounted.folder / "params.yaml"
    before = path.read_text()
    path.write_text(before.replace("very_high: 14", "very_high: 20"))
    output = mounted.run("dvc", "repro", options=(*HARDENED, "--env=FERBLUR_PROCESSES=2"))
    assert "evaluate@second-1: " in output
    assert "train second" not in output
    assert "results/metrics/second/very_high.json" in mounted.run(
        "dvc", "metrics", "diff", "--all", "main"
    )
    plots = mounted.run("dvc", "plots", "diff", "HEAD", "--out", "dvc_plots")
    assert "index.html" in plots
    assert (mounted.folder / "dvc_plots/index.html").stat().st_size > 10_000
    mounted.run("git", "checkout", "--", ".")
    mounted.run("dvc", "checkout")
    assert mounted.owners() == {USER}


def test_an_experiment_runs_and_is_kept(mounted: Mounted) -> None:
    change = "statistics.confidence=0.9"
    output = mounted.run("dvc", "exp", "run", "--name", "narrower", "-S", change)
    assert "Ran experiment(s): narrower" in output
    assert mounted.run("dvc", "exp", "list", "--name-only").splitlines()[-1] == "narrower"
    assert "statistics.confidence" in mounted.run("dvc", "exp", "diff", "HEAD", "narrower")
    mounted.run("git", "checkout", "--", ".")
    mounted.run("dvc", "checkout")
    assert mounted.owners() == {USER}


def test_nothing_is_hashed_again(mounted: Mounted) -> None:
    assert list((mounted.folder / ".dvc/tmp/site").rglob("*.db"))
    assert "up to date" in mounted.run("dvc", "repro")


def test_a_stop_in_training_is_quick_and_loses_nothing(mounted: Mounted) -> None:
    before = mounted.clone.outputs()
    command = ("dvc", "repro", "--force", "--single-item", "train@second-1")
    options = ("--network=none", f"--user={USER}", mounted.mount)
    name = docker("run", "--detach", *options, IMAGE, *command).strip()
    try:
        while not list((mounted.folder / ".partial/train@second-1").glob("*/checkpoint.pt")):
            assert docker("inspect", "--format={{.State.Running}}", name).strip() == "true"
            time.sleep(0.1)
        start = time.monotonic()
        docker("stop", name)
        assert time.monotonic() - start < 10
        assert docker("inspect", "--format={{.State.ExitCode}}", name).strip() == "143"
    finally:
        docker("rm", "--force", name)
    assert not (mounted.folder / "models/second/1/last.safetensors").exists()
    # by the killed run's lock DVC would call this stage's output busy: its reader lives, by number
    assert "train@second-1" not in mounted.run("dvc", "repro", "--force", "--single-item", "split")
    assert "train second 1: CPU" in mounted.run("dvc", "repro", options=HARDENED)
    assert mounted.clone.outputs() | {"results/report.html": ""} == (
        before | {"results/report.html": ""}
    )
    assert not (mounted.folder / ".partial/train@second-1").exists()


def test_what_one_pushes_another_pulls(
    mounted: Mounted, tmp_path_factory: pytest.TempPathFactory
) -> None:
    remote = tmp_path_factory.mktemp("remote")
    if os.getuid() == 0:
        shutil.chown(remote, *map(int, USER.split(":")))
    options = (f"--volume={remote}:/remote",)
    assert "pushed" in mounted.run("dvc", "push", options=options)
    other = Mounted(tmp_path_factory.mktemp("pulled"))
    for name in ("params.yaml", "dvc.lock", "datasets/synthetic/dvc.lock"):
        shutil.copy(mounted.folder / name, other.folder / name)
    for folder in ("results", "paper"):
        shutil.copytree(mounted.folder / folder, other.folder / folder, dirs_exist_ok=True)
    (other.folder / "results/report.html").unlink()
    other.give()
    output = other.run("dvc", "repro", "--pull", options=options)
    assert "Running stage" not in output
    assert (other.folder / "models/second/1/last.safetensors").is_file()
    assert (other.folder / "results/report.html").is_file()


def test_without_a_mount_the_cache_is_kept_in_a_volume(volume: str) -> None:
    options = (
        "--user=23456:23456",
        "--env=PROFILE=smoke",
        f"--volume={volume}:/project/.dvc/cache",
    )
    command = ("dvc", "repro", "balance")
    assert "Running stage 'align'" in run(*command, options=options)
    again = run(*command, options=options)
    # but for stages whose results are in git: DVC caches those of others
    for name in ("datasets/synthetic/dvc.yaml:synthesize", "balance"):
        assert f"Stage '{name}' is cached - skipping run" in again


def test_a_project_in_a_volume_keeps_everything(volume: str) -> None:
    options = (f"--volume={volume}:/project", "--env=PROFILE=smoke", *HARDENED)
    assert "Running stage 'prepare'" in run("dvc", "repro", "prepare", options=options)
    assert "up to date" in run("dvc", "repro", "prepare", options=options)


def test_a_project_of_somebody_else_is_said_in_one_line(tmp_path: Path) -> None:
    if os.getuid():
        pytest.skip("only root can give a folder to somebody else")
    options = (f"--volume={tmp_path}:/project", f"--user={USER}")
    tmp_path.chmod(0o755)
    output = run("dvc", "repro", options=options, status=1)
    assert output.strip().splitlines() == [
        '/project is not writable for uid 12345: run with --user "$(id -u):$(id -g)", as its owner'
    ]


def test_a_mistake_stops_a_run_but_not_a_shell() -> None:
    mistake = (
        "PROFILE: no profile 'tiny'; there are affwild2, demo, smoke "
        "(profiles/*.yaml and datasets/*/params.yaml)"
    )
    options = ("--env=PROFILE=tiny",)
    stopped = run("dvc", "repro", options=options, status=1)
    assert stopped.strip() == mistake
    assert run("echo", "still here", options=options).splitlines() == [mistake, "still here"]


def test_a_command_keeps_its_exit_status_and_output() -> None:
    run("bash", "-c", "exit 7", status=7)
    done = subprocess.run(
        ["docker", "run", "--rm", "--network=none", IMAGE, "echo", "only this"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "only this\n"


def test_holds_no_compiler_cache_or_repository() -> None:
    script = """
        for name in cc gcc g++ clang ld make nvcc ptxas; do command -v $name; done
        python -c 'import triton' 2> /dev/null && echo triton
        find / -xdev \\( -name 'ptxas*' -o -name '*.whl' -o -path '*/cache/pip' \\) 2> /dev/null
        ls -A /project | grep -x -e .git -e .venv -e data -e models
        ls -A /root /var/lib/apt/lists /var/cache/apt/archives 2> /dev/null | grep deb
        test $(id -u) -ne 0 || echo root
    """
    assert run("sh", "-c", script, options=("--entrypoint=",)) == ""


def test_bill_of_materials_is_valid_and_complete() -> None:
    text = run("cat", "/opt/venv/sbom.cdx.json", options=("--entrypoint=",))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = json.loads(text)
    names = {component["name"]: component for component in found["components"]}
    code = "from ferblur.evidence.environment import packages; print(*packages())"
    freeze = run("python", "-c", code, options=("--entrypoint=",))
    assert set(freeze.split()) <= {name.lower() for name in names}
    assert {"ferblur", "torch", "git", "python3"} <= set(names)
    assert "triton" not in names
    assert names["torch"]["purl"].startswith("pkg:pypi/torch@")
    assert names["torch"]["licenses"]
    assert names["git"]["purl"].startswith("pkg:deb/")


def test_labels_and_user() -> None:
    config = json.loads(docker("image", "inspect", IMAGE))[0]["Config"]
    labels = {key.rpartition(".")[2] for key in config["Labels"] if "opencontainers" in key}
    assert {"title", "description", "licenses", "revision", "name"} <= labels
    assert config["User"] == "10001:10001"
    environment = dict(entry.split("=", 1) for entry in config["Env"])
    assert environment["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert "compute" in environment["NVIDIA_DRIVER_CAPABILITIES"]


def test_warns_of_another_lock_file(mounted: Mounted) -> None:
    path = mounted.folder / "requirements.lock"
    before = path.read_bytes()
    assert "build it again" not in mounted.run("true")
    path.write_bytes(before + b"# edited\n")
    assert "requirements.lock is not the one this image was built from" in mounted.run("true")
    path.write_bytes(before)
