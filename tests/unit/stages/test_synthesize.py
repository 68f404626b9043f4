"""A killed rendering continues, and the pools hold what was planned and nothing else."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.rendering.shots import draw, make_renderer, plan, shoot


@pytest.mark.slow
def test_a_killed_run_is_continued(project: Path, edit: Callable[..., None]) -> None:
    few = dict.fromkeys(EMOTIONS, 3)
    edit(synthesize={"images": {"train": few, "deployment": few}})
    command = [sys.executable, "-m", "ferblur.stages.synthesize"]
    process = subprocess.Popen(command, cwd=project, stderr=subprocess.DEVNULL)
    partial = project / ".partial/synthesize"
    deadline = time.monotonic() + 120
    while not (made := sorted(partial.glob("*/train/*/[!.]*.jpg"))):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait()
    made[0].with_name(".killed-while-writing.1.jpg").write_bytes(b"half of an ima")
    written = made[0].stat().st_mtime_ns
    final = project / "datasets/synthetic" / made[0].relative_to(made[0].parents[2])
    subprocess.run(command, cwd=project, check=True)
    assert final.stat().st_mtime_ns == written  # kept, not rendered again

    params = load_params(project / "params.yaml").synthesize
    renderer = make_renderer()
    for pool in POOLS:
        folder = project / "datasets/synthetic" / pool
        shots = plan(params, pool)
        found = {file.relative_to(folder).as_posix() for file in folder.glob("*/*")}
        assert found == {shot.file for shot in shots}  # hidden files too: DVC would hash them
        for shot in shots:
            assert (folder / shot.file).read_bytes() == shoot(draw(params, shot), renderer)
    assert not partial.exists()
