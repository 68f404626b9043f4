"""Half-done work survives a kill, is never mixed up, and has one writer."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ferblur.core.errors import one_line
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


@pytest.fixture(params=["simulated", "/dev/shm"])
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder on another disk, or one to which nothing can be renamed from `work`."""
    if request.param == "simulated":
        rename = Path.replace

        def refuse(source: Path, target: Path) -> Path:
            if source.parts[0] == "work":
                raise OSError(errno.EXDEV, "Invalid cross-device link", str(source))
            return rename(source, target)

        monkeypatch.setattr(Path, "replace", refuse)
        yield tmp_path / "elsewhere"
        return
    disk = Path(request.param)
    if not os.access(disk, os.W_OK) or disk.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip(f"moves files to another disk, and {disk} is none that may be written to")
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        yield Path(folder)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_publish_to_another_disk(elsewhere: Path) -> None:
    Path("data").symlink_to(elsewhere)
    elsewhere.mkdir(exist_ok=True)
    for kind in ("old", "new"):
        source = Path("work/models")
        (source / "deep").mkdir(parents=True)
        (source / "deep" / kind).write_text(kind)
        publish(source, Path("data/models"))
        table = Path("work/table.csv")
        table.write_text(kind)
        publish(table, Path("data/table.csv"))
    assert files_in(elsewhere) == ["models", "models/deep", "models/deep/new", "table.csv"]
    assert Path("data/table.csv").read_text() == "new"
    assert files_in(Path("work")) == []


def test_a_kill_while_publishing_to_another_disk_loses_nothing(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(source: Path, target: Path) -> None:
        target.mkdir()
        (target / "half").touch()
        raise KeyboardInterrupt

    source = Path("work/models")
    source.mkdir(parents=True)
    (source / "whole").touch()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("shutil.copytree", killed)
        publish(source, elsewhere / "models")
    assert not (elsewhere / "models").exists()
    publish(source, elsewhere / "models")
    assert files_in(elsewhere) == ["models", "models/whole"]


def test_another_disk_that_is_full_is_named(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        target.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(source))

    source = Path("work/table.csv")
    source.parent.mkdir()
    source.touch()
    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(OSError, match="No space left") as caught:
        publish(source, elsewhere / "table.csv")
    assert caught.value.filename == str(elsewhere / "table.csv")
    assert source.exists()
    assert files_in(elsewhere) == []


def test_a_folder_left_among_unfinished_files_is_no_hindrance() -> None:
    interrupted({"seed": 1}, "shard")
    (next(Path(".partial/stage").iterdir()) / ".checkpoints/.deep").mkdir(parents=True)
    with partial_folder("stage", {"seed": 1}) as folder:
        assert os.listdir(folder) == ["shard"]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_disk_that_takes_no_work_is_named(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, **ways: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with (
        pytest.raises(SystemExit, match=r"^align: \.partial: "),
        one_line("align"),
        partial_folder("stage", {}),
    ):
        pytest.fail("entered")


def test_a_file_in_the_place_of_the_folder_is_named() -> None:
    Path(".partial").touch()
    with (
        pytest.raises(SystemExit, match=r"^align: \.partial: in the way of a folder; move it"),
        one_line("align"),
        partial_folder("stage", {}),
    ):
        pytest.fail("entered")


def test_a_stale_lock_holds_nobody_up() -> None:
    Path(".partial").mkdir()
    for name in ("stage.lock", "stage.ranks.lock"):
        Path(".partial", name).write_text("4194304\n")
    with partial_folder("stage", {}) as folder:
        assert folder.is_dir()


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
