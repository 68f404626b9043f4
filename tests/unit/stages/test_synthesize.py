"""The planned dataset: counts, people, duplicates, and images that depend on nothing else."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ferblur.core.errors import UserError
from ferblur.core.params import Params, load_params
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.rendering.shots import draw, make_renderer, plan, shoot, truth


def test_counts_are_the_parameters(smoke: Params) -> None:
    params = smoke.synthesize
    for pool in POOLS:
        shots = plan(params, pool)
        originals = [shot for shot in shots if not shot.duplicate_of]
        wanted = getattr(params.images, pool).model_dump()
        assert Counter(shot.emotion for shot in originals) == wanted
        copies = [shot for shot in shots if shot.duplicate_of]
        assert len(copies) == getattr(params.duplicates, pool)
        assert {shot.duplicate_of for shot in copies} <= {shot.file for shot in originals}
        assert len({shot.file for shot in shots}) == len(shots)
        assert len({shot.subject for shot in shots}) <= getattr(params.subjects, pool)


def test_an_image_is_the_same_whenever_it_is_made(smoke: Params) -> None:
    params = smoke.synthesize
    renderer = make_renderer()
    shots = plan(params, "train")
    first = shoot(draw(params, shots[0]), renderer)
    other = shoot(draw(params, shots[1]), renderer)
    assert first == shoot(draw(params, shots[0]), renderer) != other


def test_ground_truth_names_every_file(smoke: Params) -> None:
    shots = plan(smoke.synthesize, "deployment")
    table = truth(smoke.synthesize, shots)
    assert table["file"].tolist() == sorted(shot.file for shot in shots)
    assert table["subject"].str.startswith("deployment-").all()
    assert table["intensity"].between(*smoke.synthesize.intensity).all()


def test_no_people_is_refused(smoke: Params) -> None:
    params = smoke.synthesize
    none = params.model_copy(update={"subjects": params.subjects.model_copy(update={"train": 0})})
    with pytest.raises(UserError, match=r"synthesize\.subjects\.train: 0"):
        plan(none, "train")


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
