"""A killed rendering continues, and the pools hold what was planned and nothing else."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.curation.sidecar import SIDECAR
from ferblur.rendering.clips import draw, make_renderer, plan, shoot


@pytest.mark.slow
def test_a_killed_run_is_continued(project: Path, edit: Callable[..., None]) -> None:
    few = dict.fromkeys(EMOTIONS, 2)
    edit(synthesize={"clips": {"train": few, "deployment": dict(few)}})
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
        frames = plan(params, pool)
        found = {file.relative_to(folder).as_posix() for file in folder.glob("*/*")}
        assert found == {frame.file for frame in frames}  # hidden files too: DVC would hash them
        for frame in frames:
            content = (folder / frame.file).read_bytes()
            assert content == shoot(draw(params, frame), renderer)
            if frame.duplicate_of:
                assert content == (folder / frame.duplicate_of).read_bytes()
        table = pd.read_csv(folder / SIDECAR, keep_default_na=False)
        assert set(table["file"]) == {frame.file for frame in frames}
        assert table["clip"].nunique() == 6 * 2
    assert not partial.exists()
