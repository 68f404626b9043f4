"""Frames are rendered where they are missing, and the same in any number of processes."""

from pathlib import Path

import pytest

from ferblur.core.params import Params
from ferblur.core.study import EMOTIONS
from ferblur.rendering.clips import draw, make_renderer, plan, shoot
from ferblur.rendering.studio import render


def test_what_is_there_is_kept_and_repeated_frames_are_not_rendered(
    smoke: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FERBLUR_PROCESSES", "2")
    drawn = smoke.synthesize.model_dump()
    drawn["clips"]["train"] = dict.fromkeys(EMOTIONS, 1)
    drawn["subjects"]["train"] = drawn["frames"]["train"] = 1
    drawn["duplicates"]["train"] = 2
    params = type(smoke.synthesize).model_validate(drawn)
    frames = plan(params, "train")
    kept = next(frame for frame in frames if not frame.duplicate_of)
    (tmp_path / "train" / kept.file).parent.mkdir(parents=True)
    (tmp_path / "train" / kept.file).write_bytes(b"there already")
    render(params, frames, tmp_path)
    found = {file.relative_to(tmp_path / "train").as_posix(): file.read_bytes()
             for file in (tmp_path / "train").rglob("*.jpg")}  # fmt: skip
    assert set(found) == {frame.file for frame in frames if not frame.duplicate_of}
    assert found.pop(kept.file) == b"there already"
    renderer = make_renderer()
    for frame in frames:
        if frame.file in found:
            assert found[frame.file] == shoot(draw(params, frame), renderer)
