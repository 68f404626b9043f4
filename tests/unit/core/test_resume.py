"""Half-done work survives a kill, is never mixed up, and has one writer."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ferblur.core.resume import partial_folder, publish


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def interrupted(inputs: dict[str, object], name: str) -> None:
    with pytest.raises(KeyboardInterrupt), partial_folder("stage", inputs) as folder:
        (folder / name).touch()
        raise KeyboardInterrupt


def test_equal_inputs_find_what_an_interrupted_run_left() -> None:
    interrupted({"seed": 1}, "shard")
    with partial_folder("stage", {"seed": 1}) as folder:
        assert os.listdir(folder) == ["shard"]


def test_a_file_killed_while_written_is_not_kept() -> None:
    interrupted({"seed": 1}, ".shard.123.npy")
    with partial_folder("stage", {"seed": 1}) as folder:
        assert os.listdir(folder) == []


def test_other_inputs_start_empty() -> None:
    interrupted({"seed": 1}, "shard")
    with partial_folder("stage", {"seed": 2}) as folder:
        assert os.listdir(folder) == []


def test_finished_work_leaves_nothing_behind() -> None:
    interrupted({"seed": 1}, "shard")
    with partial_folder("stage", {"seed": 2}):
        pass
    assert sorted(os.listdir(".partial")) == ["stage.lock", "stage.ranks.lock"]


def test_publish_replaces_files_and_folders() -> None:
    for kind in ("old", "new"):
        source = Path("work/models")
        source.mkdir(parents=True)
        (source / kind).touch()
        publish(source, Path("models"))
    assert os.listdir("models") == ["new"]
    Path("table.csv").write_text("new")
    publish(Path("table.csv"), Path("tables/table.csv"))
    assert Path("tables/table.csv").read_text() == "new"


def test_a_second_writer_waits() -> None:
    code = (
        "from ferblur.core.resume import partial_folder\n"
        "with partial_folder('stage', {}):\n"
        "    print('entered', flush=True)\n"
    )
    with partial_folder("stage", {}):
        other = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert other.stderr is not None
        assert "waiting" in other.stderr.readline()
        assert other.poll() is None
    output, _ = other.communicate(timeout=20)
    assert output == "entered\n"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_stage_dies_with_its_parent() -> None:
    stage = (
        "import os, time\n"
        "from ferblur.core.resume import die_with_parent\n"
        "die_with_parent(); print(os.getpid(), flush=True); time.sleep(60)\n"
    )
    parent = (
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {stage!r}]);"
        "time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    for _ in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or ") Z" in state.read_text():
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the child outlived its parent")
