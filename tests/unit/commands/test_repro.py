"""The pipeline with its trainings side by side, on stages that take no time.

pytest tests/unit/commands/test_repro.py
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from ferblur.commands import repro

PIPELINE = """
stages:
  split:
    cmd: python stage.py split
    deps: [stage.py]
    outs: [data/split]
  train:
    matrix: {model: [baseline, second], seed: "${train.seeds}"}
    cmd: python stage.py train ${item.model}-${item.seed}
    deps: [data/split]
    params: [train.epochs]
    outs: ["models/${item.model}/${item.seed}"]
  evaluate:
    matrix: {model: [baseline, second], seed: "${train.seeds}"}
    cmd: python stage.py evaluate ${item.model}-${item.seed}
    deps: [data/split, "models/${item.model}/${item.seed}"]
    outs: ["data/evaluate/${item.model}/${item.seed}"]
  statistics:
    cmd: python stage.py statistics
    deps: [data/evaluate]
    outs: [results/statistics]
  architecture:
    cmd: python stage.py architecture
    deps: [stage.py]
    outs: [results/architecture]
"""

STAGE = """
import os, sys, time
from pathlib import Path

stage, name = sys.argv[1], "".join(sys.argv[2:])
meeting, failing = os.environ.get("MEETING"), os.environ.get("FAILING")
failed = Path("failed")
if stage == "train" and meeting:  # wait for as many as are to be under way at once
    from ferblur.core.resume import die_with_parent

    die_with_parent()
    Path("met").mkdir(exist_ok=True)
    Path("met", name).touch()
    while len(os.listdir("met")) < int(meeting):
        time.sleep(0.05)
if f"{stage}@{name}" == failing:
    failed.write_text(str(os.getppid()))
    sys.exit(f"{stage}: no {name} today")
if stage == "train" and meeting and failing:  # wait until the failure has been noticed
    while not failed.exists() or Path("/proc", failed.read_text()).exists():
        time.sleep(0.05)
out = {"split": "data/split", "train": "models", "evaluate": "data/evaluate"}
path = Path(out.get(stage, f"results/{stage}"), *filter(None, name.split("-")))
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(f"{stage} {name}")
print(f"{stage}@{name}: made")
"""

TRAININGS = ["baseline-1", "baseline-2", "second-1", "second-2"]
ORDER = [
    "split",
    *[f"train@{name}" for name in TRAININGS],
    *[f"evaluate@{name}" for name in TRAININGS],
    "statistics",
    "architecture",
]


@pytest.fixture
def pipeline(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose stages write a line, as the working directory; two trainings at a time."""
    (project / "dvc.yaml").write_text(PIPELINE)
    (project / "stage.py").write_text(STAGE)
    (project / ".dvc").mkdir()
    (project / ".dvc/config").write_text("[core]\n no_scm = true\n analytics = false\n")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(project / ".dvc/site"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FERBLUR_PROCESSES", "2")
    return project


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the working directory."""
    return subprocess.run(
        [sys.executable, "-m", repro.MODULE], env=os.environ | environment,
        check=False, capture_output=True, text=True, timeout=600,
    )  # fmt: skip


def test_knows_the_trainings_and_what_they_need(pipeline: Path) -> None:
    plan = repro.Plan.read()
    assert plan.order == ORDER
    assert plan.before == ["split", "architecture"]
    assert plan.changed == set(ORDER)
    assert plan.trainings() == TRAININGS
    assert plan._replace(changed={"split", "evaluate@second-1"}).trainings() == ["second-1"]


def test_a_new_stage_takes_its_place_in_the_lock(project: Path) -> None:
    def lock(*names: str) -> str:
        stages = "".join(f"  {name}:\n    cmd: x\n    outs:\n    - path: y\n" for name in names)
        return f"schema: '2.0'\nstages:\n{stages}"

    repro.put_in_order(["a", "b"])
    assert not repro.DVC_LOCK.exists()
    repro.DVC_LOCK.write_text(lock("of-old", "c@x-10", "b", "c@x-1", "a"))
    repro.put_in_order(["a", "b", "c@x-1", "c@x-10", "d"])
    assert repro.DVC_LOCK.read_text() == lock("of-old", "a", "b", "c@x-1", "c@x-10")


@pytest.mark.parametrize(
    ("processes", "arithmetic"), [("1", "portable"), ("2", "float32"), ("2", "bfloat16")]
)
def test_elsewhere_it_is_dvc_repro(
    processes: str, arithmetic: str, pipeline: Path, edit: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked: list[list[str]] = []

    def dvc(command: list[str]) -> int:
        asked.append(command)
        return 7

    monkeypatch.setattr(repro, "dvc", dvc)
    monkeypatch.setenv("FERBLUR_PROCESSES", processes)
    edit(train={"arithmetic": arithmetic})
    assert repro.main([]) == 7
    assert asked == [["repro"]]


def test_dvc_says_what_is_wrong_with_the_pipeline(
    pipeline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pipeline / "dvc.yaml").write_text("stages: {train@baseline-1: 3}")
    assert repro.main([]) != 0
    assert "'./dvc.yaml' validation failed" in capsys.readouterr().err


def test_a_users_mistake_is_one_line(pipeline: Path) -> None:
    done = run(FERBLUR_PROCESSES="many")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"FERBLUR_PROCESSES: .*\n", done.stderr)


def test_trainings_at_once_have_rows_of_their_own(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "speaker.py").write_text(
        "import os, sys\nfrom pathlib import Path\n"
        "Path(sys.argv[1]).write_text(os.environ['TQDM_POSITION'])\n"
        "sys.exit(sys.argv[1] == 'train@second-1')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(project))
    monkeypatch.setattr(repro, "MODULE", "speaker")
    assert repro.side_by_side(TRAININGS[:2], 2) == []
    assert sorted(Path(f"train@{name}").read_text() for name in TRAININGS[:2]) == ["0", "1"]
    assert repro.side_by_side(TRAININGS[2:], 1) == ["second-1"]
    assert not Path("train@second-2").exists()  # none starts after a failure


@pytest.mark.slow
def test_trainings_run_side_by_side_and_leave_what_dvc_leaves(
    pipeline: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    alone = shutil.copytree(pipeline, tmp_path_factory.mktemp("alone") / "project")
    done = run(MEETING="2")  # each waits for another
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(os.listdir("met")) == TRAININGS
    assert not re.search("failed|WARNING|ERROR", done.stdout + done.stderr)
    for name in TRAININGS:
        assert f"train@{name}: made\n" in done.stdout
        assert f"evaluate@{name}: made\n" in done.stdout
    by_dvc = re.findall("Running stage '(.*)'", done.stdout)
    assert sorted(by_dvc) == ["architecture", "split", "statistics"]
    assert (pipeline / ".dvc/tmp/rwlock").read_text() == "{}"

    again = run(MEETING="9")
    assert (again.returncode, again.stdout) == (0, "Data and pipelines are up to date.\n")

    subprocess.run([sys.executable, "-m", "dvc", "repro"], cwd=alone, check=True)
    made = [file for file in alone.rglob("*") if file.is_file() and ".dvc" not in file.parts]
    assert {alone / "dvc.lock", alone / "data/evaluate/second/2"} <= set(made)
    for file in made:
        assert (pipeline / file.relative_to(alone)).read_bytes() == file.read_bytes()


@pytest.mark.slow
def test_a_training_that_fails_stops_the_run_and_loses_nothing(pipeline: Path) -> None:
    done = run(MEETING="2", FAILING="train@baseline-2")
    assert done.returncode not in (0, 130)
    assert "train: no baseline-2 today\n" in done.stderr
    assert "baseline-2: failed; once more, alone\n" in done.stdout
    assert "ERROR: failed to reproduce 'train@baseline-2'" in done.stderr
    assert Path("data/evaluate/baseline/1").is_file()  # it was under way
    assert not Path("models/second").exists()
    shutil.rmtree("met")
    done = run()
    assert done.returncode == 0, done.stderr
    assert "train@baseline-1: made" not in done.stdout
    assert "train@baseline-2: made\n" in done.stdout
    assert Path("results/statistics").is_file()
    assert re.findall(r"^  (\S+):$", repro.DVC_LOCK.read_text(), re.MULTILINE) == ORDER


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "to_all", "status"),
    [
        (signal.SIGINT, True, 130),
        (signal.SIGINT, False, 130),
        (signal.SIGTERM, False, -15),
        (signal.SIGKILL, False, -9),
    ],
    ids=["Ctrl-C", "kill -INT", "kill", "kill -9"],
)
def test_who_stops_it_stops_the_trainings(
    number: signal.Signals, to_all: bool, status: int, pipeline: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", repro.MODULE],
        env=os.environ | {"MEETING": "9", "SHELL": "/bin/sh"},  # as where nobody logs in
        start_new_session=True, stdout=subprocess.DEVNULL,
        # a shell ignores it in what it runs in the background, as it may these tests
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    met = pipeline / "met"
    while len(list(met.glob("*"))) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    started = psutil.Process(process.pid).children(recursive=True)
    assert len([child for child in started if "stage.py" in child.cmdline()]) == 2
    (os.killpg if to_all else os.kill)(process.pid, number)
    assert process.wait(timeout=120) == status
    _, alive = psutil.wait_procs(started, timeout=120)
    assert not alive
    if to_all:
        assert (pipeline / ".dvc/tmp/rwlock").read_text() == "{}"
