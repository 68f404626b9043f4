"""What every stage does: note how long it took, and say a user's mistake in one line."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clone import ROOT
from ferblur.core import arithmetic, run_log, stage
from ferblur.core.errors import UserError
from ferblur.core.files import read_json


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [f"/somewhere/{arguments[0]}.py", *arguments[1:]])
    pin(monkeypatch)
    stage.run(lambda: None)


def pin(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in arithmetic.NUMPY.items():
        monkeypatch.setenv(name, value)


def test_durations_add_up_by_stage(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "align")
    run(monkeypatch, "train", "baseline", "1")
    noted = read_json(run_log.RUN_LOG)["stages"]
    assert list(noted) == ["align", "train@baseline-1"]  # DVC's names
    assert noted["align"]["seconds"] >= 0
    assert noted["align"]["ended"].endswith("+00:00")


def test_stages_that_end_together_are_all_noted(project: Path) -> None:
    names = [f"train@{number}" for number in range(20)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(run_log.note_stage, names, range(20)))
    assert sorted(read_json(run_log.RUN_LOG)["stages"]) == sorted(names)


def test_a_damaged_note_is_begun_anew(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_log.RUN_LOG.parent.mkdir()
    run_log.RUN_LOG.write_text("{half")
    run(monkeypatch, "align")
    assert list(read_json(run_log.RUN_LOG)["stages"]) == ["align"]


def test_only_the_first_rank_notes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    run(monkeypatch, "align")
    assert not run_log.RUN_LOG.exists()


def test_a_users_mistake_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken() -> None:
        raise UserError("faces: none here")

    monkeypatch.setattr(sys, "argv", ["align.py"])
    pin(monkeypatch)
    with pytest.raises(SystemExit, match=r"^align: faces: none here$"):
        stage.run(mistaken)


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "data/align/train.npy")

    monkeypatch.setattr(sys, "argv", ["align.py"])
    pin(monkeypatch)
    with pytest.raises(SystemExit, match=r"^align: data/align/train\.npy: the disk is full; free"):
        stage.run(full)


def test_a_missing_file_says_who_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["align.py"])
    pin(monkeypatch)
    with pytest.raises(SystemExit, match=r"^align: nowhere: not there; dvc repro makes what"):
        stage.run(lambda: print(Path("nowhere").read_text()))


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["align.py"])
    pin(monkeypatch)
    with pytest.raises(ZeroDivisionError):
        stage.run(lambda: print(1 / 0))


def test_a_note_that_cannot_be_written_fails_no_stage(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_log.RUN_LOG.parent.touch()  # a file where the folder belongs
    run(monkeypatch, "align")
    assert capsys.readouterr().err.startswith("align: results/run.json is not up to date: ")


def test_a_stage_started_otherwise_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch)
    monkeypatch.setenv("OPENBLAS_CORETYPE", "SkylakeX")
    monkeypatch.setattr(sys, "argv", ["src/ferblur/stages/align.py"])
    with pytest.raises(SystemExit, match=r"start it as `python -m ferblur\.stages\.align`"):
        stage.run(lambda: None)


STAGE = """
import atexit, gc, sys
from ferblur.core import stage
atexit.register(print, "unloaded")
loading = gc.isenabled()

def main():
    print("loading", loading, "running", gc.isenabled())

if __name__ == "__main__":
    stage.run(main)
"""


LOADING = "import time; print(flush=True); time.sleep(60)"
RUNNING = f"import ferblur.core.stage as s\ndef main():\n    {LOADING}\ns.run(main)"


@pytest.mark.parametrize("source", [LOADING, RUNNING])
def test_an_interrupt_is_quiet(source: str, project: Path) -> None:
    shutil.copytree(ROOT / "src", project / "src")
    (project / "src/ferblur/stages/own.py").write_text(source)
    process = subprocess.Popen(
        [sys.executable, "-m", "ferblur.stages.own"], env=os.environ | {"PYTHONPATH": "src"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # a shell ignores it in what it runs in the background, as it may these tests
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode in (130, -signal.SIGINT)  # a shell says 130 of both
    assert said == ""


def run_own(folder: Path, redirection: str = "") -> subprocess.CompletedProcess[str]:
    """Run a stage of the test's own, in a copy of the package."""
    shutil.copytree(ROOT / "src", folder / "src")
    (folder / "src/ferblur/stages/own.py").write_text(STAGE)
    return subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m ferblur.stages.own {redirection}"],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(folder / "src")},
        check=False, capture_output=True, text=True,
    )  # fmt: skip


def test_a_stage_leaves_at_once_with_everything_said(project: Path) -> None:
    done = run_own(project)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "loading False running True\nown: 0 s\n"
    assert list(read_json(run_log.RUN_LOG)["stages"]) == ["own"]


def test_a_stage_can_leave_without_anybody_listening(project: Path) -> None:
    done = run_own(project, ">&-")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stage_that_fails_says_so(project: Path, pools: Path) -> None:
    (project / "faces/train/fear/0.jpg").unlink()
    (project / "faces/train/fear/1.jpg").unlink()
    edited = (project / "params.yaml").read_text().replace("datasets/synthetic", "faces")
    (project / "params.yaml").write_text(edited)
    done = subprocess.run(
        [sys.executable, "-m", "ferblur.stages.prepare"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("prepare: faces/train/fear: no images")
