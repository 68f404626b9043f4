"""Clips: counts, what the frames of a clip share, labels, people's manner, and the ground truth.

pytest tests/unit/rendering/test_clips.py
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from ferblur.core.params import Params, Synthesize
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.rendering import expression
from ferblur.rendering.clips import (
    Clip,
    Drift,
    Frame,
    course,
    draw,
    draw_clip,
    make_renderer,
    plan,
    shoot,
    truth,
)

DRIFTING = ("yaw", "pitch", "roll", "gaze", "light")
"""What of a view changes within a clip."""


def changed(params: Synthesize, **values: object) -> Synthesize:
    return Synthesize.model_validate(params.model_dump() | values)


@pytest.fixture
def params(smoke: Params) -> Synthesize:
    """Few people in some clips each, with enough frames to see a course."""
    some = dict.fromkeys(EMOTIONS, 4)
    clips = {"train": some | {"happiness": 7}, "deployment": some}
    return changed(smoke.synthesize, clips=clips, frames={"train": 5, "deployment": 3})


@pytest.fixture
def many(smoke: Params) -> Synthesize:
    """Enough clips to see how often something happens."""
    each = dict.fromkeys(EMOTIONS, 150)
    return changed(
        smoke.synthesize, mixed=0.4, mislabelled=0.2, clips={"train": each, "deployment": each}
    )


def plain(value: Any) -> Any:
    """The same without arrays and dataclasses, so that == compares it."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def by_clip(frames: Iterable[Frame]) -> dict[int, list[Frame]]:
    found = defaultdict(list)
    for frame in frames:
        if not frame.duplicate_of:
            found[frame.clip].append(frame)
    return found


def drawn_clips(params: Synthesize) -> list[tuple[Frame, Clip]]:
    firsts = [frames[0] for frames in by_clip(plan(params, "train")).values()]
    return [(frame, draw_clip(params, frame)) for frame in firsts]


def test_counts_are_the_parameters(params: Synthesize) -> None:
    for pool in POOLS:
        frames = plan(params, pool)
        clips = by_clip(frames)
        wanted = getattr(params.clips, pool).model_dump()
        assert Counter(clip[0].emotion for clip in clips.values()) == wanted
        for number, clip in clips.items():
            assert [frame.number for frame in clip] == list(range(getattr(params.frames, pool)))
            assert {frame.clip for frame in clip} == {number}
            assert len({(frame.subject, frame.emotion) for frame in clip}) == 1
        turns = Counter(clip[0].subject for clip in clips.values())
        assert set(turns) == set(range(getattr(params.subjects, pool)))
        assert max(turns.values()) - min(turns.values()) <= 1


def test_who_shows_what_is_drawn(many: Synthesize) -> None:
    clips = by_clip(plan(many, "train")).values()
    shown = Counter((clip[0].subject, clip[0].emotion) for clip in clips)
    # 900 clips of 12 people: 12.5 of each emotion on average, of which each has its own number
    assert len(shown) == many.subjects.train * len(EMOTIONS)
    assert np.std([*shown.values()]) == pytest.approx(12.5**0.5, rel=0.3)


def test_duplicates_repeat_frames(params: Synthesize) -> None:
    for pool in POOLS:
        frames = plan(params, pool)
        originals = {frame.file: frame for frame in frames if not frame.duplicate_of}
        copies = [frame for frame in frames if frame.duplicate_of]
        assert len(copies) == getattr(params.duplicates, pool) > 0
        assert len({copy.duplicate_of for copy in copies}) == len(copies)
        for copy in copies:
            original = originals[copy.duplicate_of]
            assert replace(copy, file=original.file, duplicate_of="") == original
            assert plain(draw(params, copy).view) == plain(draw(params, original).view)


def test_files_are_numbered_at_random(params: Synthesize) -> None:
    frames = plan(params, "train")
    numbers = [int(frame.file.partition("/")[2].removesuffix(".jpg")) for frame in frames]
    assert sorted(numbers) == list(range(len(frames)))
    assert all(frame.file.startswith(f"{frame.emotion}/") for frame in frames)
    # a name says nothing of what is shown or when
    assert abs(np.corrcoef(numbers, range(len(frames)))[0, 1]) < 0.25


def test_the_pools_show_different_people(params: Synthesize) -> None:
    looks = {
        (pool, frame.subject): draw_clip(params, frame).subject.weights
        for pool in POOLS for frame in plan(params, pool)
    }  # fmt: skip
    assert len(looks) == params.subjects.train + params.subjects.deployment
    assert len({str(weights) for weights in looks.values()}) == len(looks)


def test_frames_of_a_clip_share_everything_but_its_course(params: Synthesize) -> None:
    views = []
    for frames in by_clip(plan(params, "train")).values():
        drawn = [draw(params, frame) for frame in frames]
        first = drawn[0]
        for each in drawn[1:]:
            assert plain(each.clip) == plain(first.clip)
            seen = plain(each.view)
            still = {name: value for name, value in seen.items() if name not in DRIFTING}
            assert still == {name: plain(first.view)[name] for name in still}
            assert {"distance", "zoom", "offset", "key", "ambient", "exposure"} < set(still)
            assert seen["gaze"][1] == first.view.gaze[1]
            assert seen["light"][1] == first.view.light[1]
        for drifted in ("yaw", "pitch", "roll"):
            assert len({getattr(each.view, drifted) for each in drawn}) == len(drawn)
        assert len({each.view.gaze[0] for each in drawn}) == len(drawn)
        assert len({each.view.light[0] for each in drawn}) == len(drawn)
        assert len({each.jpeg_quality for each in drawn}) > 1
        assert len({each.grain.normal() for each in drawn}) == len(drawn)
        views.append(str(plain(first.clip.view)))
    assert len(set(views)) == len(views)


def test_an_image_is_the_same_whenever_it_is_made(params: Synthesize) -> None:
    frames = plan(params, "train")
    forwards = [plain(replace(draw(params, frame), grain=None)) for frame in frames]  # type: ignore[arg-type]
    backwards = [
        plain(replace(draw(params, frame), grain=None))  # type: ignore[arg-type]
        for frame in plan(params, "train")[::-1]
    ]
    assert forwards == backwards[::-1]
    renderer = make_renderer()
    first, other = (shoot(draw(params, frame), renderer) for frame in frames[:2])
    assert first == shoot(draw(params, frames[0]), renderer) != other


def test_another_seed_draws_others_and_more_frames_the_same_clips(params: Synthesize) -> None:
    longer = changed(params, frames={"train": 9, "deployment": 9})
    frame, kept = (plan(each, "train")[0] for each in (params, longer))
    assert plain(draw_clip(params, frame)) == plain(draw_clip(longer, kept))
    other = changed(params, seed=params.seed + 1)
    assert plain(draw_clip(params, frame)) != plain(draw_clip(other, frame))


@pytest.mark.parametrize("apex", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("onset", [0.0, 0.6])
def test_the_course_rises_to_the_apex_and_falls(apex: float, onset: float) -> None:
    assert course(0, apex, onset) == pytest.approx(onset)
    assert course(1, apex, onset) == pytest.approx(onset)
    assert course(apex, apex, onset) == pytest.approx(1)
    times = np.linspace(0, 1, 400)
    steps = np.diff([course(time, apex, onset) for time in times])
    assert (steps[times[1:] <= apex] > 0).all()
    assert (steps[times[:-1] >= apex] < 0).all()
    assert course(0.123, apex, onset=1) == 1


def test_intensity_follows_the_course(params: Synthesize) -> None:
    filmed = changed(params, frames={"train": 100, "deployment": 100}, onset=0.4)
    for frames in list(by_clip(plan(filmed, "train")).values())[:5]:
        drawn = [draw(filmed, frame) for frame in frames]
        clip = drawn[0].clip
        intensities = np.array([each.intensity for each in drawn])
        times = (np.arange(100) + clip.offset) / 100  # equally far apart
        assert 0 <= times[0] < times[-1] < 1
        assert filmed.intensity[0] <= clip.peak <= filmed.intensity[1]
        assert intensities.max() == pytest.approx(clip.peak, rel=0.01)
        assert times[intensities.argmax()] == pytest.approx(clip.apex, abs=0.02)
        np.testing.assert_allclose(intensities[[0, -1]], 0.4 * clip.peak, atol=0.06)
        strongest = max(clip.actions, key=lambda name: clip.actions[name])
        weights = np.array([each.actions[strongest] for each in drawn])
        assert np.corrcoef(weights, intensities)[0, 1] > 0.999


def test_a_label_is_what_the_annotator_took_it_for(many: Synthesize) -> None:
    drawn = drawn_clips(many)
    wrong = [clip for frame, clip in drawn if frame.emotion != clip.expressed]
    for frame, clip in drawn:
        assert clip.expressed != clip.second
        assert frame.emotion in (clip.expressed, clip.second)
    # 900 clips: four standard deviations
    assert len(wrong) / len(drawn) == pytest.approx(many.mislabelled, abs=0.053)
    pairs = {(clip.expressed, clip.second) for _, clip in drawn}
    assert len(pairs) == len(EMOTIONS) * (len(EMOTIONS) - 1)
    shares = np.array([clip.share for _, clip in drawn])
    assert shares.min() >= 0
    assert 0.95 * many.mixed < shares.max() <= many.mixed
    assert shares.mean() == pytest.approx(many.mixed / 2, rel=0.05)


def prototypes(emotion: str) -> list[np.ndarray]:
    """The weights of ACTIONS in each variant of an emotion, at full strength."""
    found = []
    for units in expression.PROTOTYPES[emotion]:
        weights = dict.fromkeys(expression.ACTIONS, 0.0)
        for unit, strength in units.items():
            for action, weight in expression.ACTION_UNITS[unit].items():
                weights[action] += strength * weight
        found.append(np.array([*weights.values()]))
    return found


def is_mixture(actions: dict[str, float], parts: dict[str, float]) -> bool:
    """Whether actions are those of one variant of each emotion times its share, as it varies."""
    weights = np.array([actions[name] for name in expression.ACTIONS])
    for variants in product(*map(prototypes, parts)):
        whole = sum(s * v for s, v in zip(parts.values(), variants, strict=True))
        if ((weights >= 0.75 * whole - 1e-9) & (weights <= 1.2 * whole + 1e-9)).all():
            return True
    return False


def test_a_second_emotion_is_mixed_in_by_its_share(many: Synthesize) -> None:
    for _, clip in drawn_clips(many)[::10]:
        shown = {clip.expressed: 1 - clip.share, clip.second: clip.share}
        assert is_mixture(clip.actions, shown)
        if clip.share > 0.1:
            assert not is_mixture(clip.actions, {clip.expressed: 1.0})
        if clip.share > 0.3:  # not the other way round
            swapped = {clip.expressed: clip.share, clip.second: 1 - clip.share}
            assert not is_mixture(clip.actions, swapped)


def test_people_keep_their_looks_and_their_manner(params: Synthesize) -> None:
    people = defaultdict(list)
    for frame, clip in drawn_clips(params):
        people[frame.subject].append(clip)
    assert max(map(len, people.values())) > 1
    for clips in people.values():
        assert len({str(plain(clip.subject)) for clip in clips}) == 1
        assert len({str(plain(clip.manner)) for clip in clips}) == 1
        assert len({str(clip.actions) for clip in clips}) == len(clips)
    assert len({str(plain(clips[0].manner)) for clips in people.values()}) == len(people)


def test_nothing_of_the_sort_leaves_stills_of_posed_expressions(params: Synthesize) -> None:
    posed = changed(
        params, mixed=0, mislabelled=0, manner=0, resting=0, asymmetry=0, onset=1,
        drift={"head": 0, "gaze": 0, "light": 0}, frames={"train": 1, "deployment": 1},
    )  # fmt: skip
    frames = plan(posed, "train")
    assert len({frame.clip for frame in frames}) == len(frames) - posed.duplicates.train
    for frame in frames:
        drawn = draw(posed, frame)
        assert drawn.clip.expressed == frame.emotion
        assert drawn.clip.share == 0
        assert drawn.intensity == drawn.clip.peak
        assert plain(drawn.view) == plain(drawn.clip.view)
        assert abs(drawn.view.yaw) <= posed.yaw
        assert abs(drawn.view.roll) <= posed.roll
        assert len(drawn.clip.habits) == 2
        blink = {drawn.actions[f"eyeBlink{side}"] for side in ("Left", "Right")}
        assert len(blink) == 1
        assert 0 <= blink.pop() <= 0.15
        shown = {
            name: (weight - drawn.clip.habits.get(name, 0)) / drawn.intensity
            for name, weight in drawn.actions.items()
        } | {"eyeBlinkLeft": 0.0, "eyeBlinkRight": 0.0}  # fmt: skip
        assert is_mixture(shown, {frame.emotion: 1.0})


def test_drifts_are_smooth_and_of_unit_deviation() -> None:
    drifts = [Drift.draw(np.random.default_rng(seed)) for seed in range(4000)]
    for time in (0.0, 0.4, 1.0):
        values = np.array([drift.at(time) for drift in drifts])
        assert values.mean() == pytest.approx(0, abs=0.07)
        assert values.std() == pytest.approx(1, abs=0.05)
    for drift in drifts[:50]:
        path = np.array([drift.at(time) for time in np.linspace(0, 1, 101)])
        assert np.abs(np.diff(path)).max() < 0.2
        assert np.ptp(path) > 0.3


def test_head_gaze_and_light_drift_as_far_as_asked(many: Synthesize) -> None:
    params = changed(many, drift={"head": 2, "gaze": 5, "light": 9})
    away = defaultdict(list)
    for frames in by_clip(plan(params, "train")).values():
        drawn = draw(params, frames[0])
        still, seen = drawn.clip.view, drawn.view
        for name in ("yaw", "pitch", "roll"):
            away[name].append(getattr(seen, name) - getattr(still, name))
        away["gaze"].append(seen.gaze[0] - still.gaze[0])
        away["light"].append(seen.light[0] - still.light[0])
    wanted = {"yaw": 2, "pitch": 2, "roll": 2, "gaze": 5, "light": 9}
    found = {name: float(np.std(values)) for name, values in away.items()}
    assert found == pytest.approx(wanted, rel=0.08)
    assert abs(np.corrcoef(list(away.values())) - np.eye(5)).max() < 0.12  # each for itself


def test_cameras_are_drawn_from_their_ranges(many: Synthesize) -> None:
    params = changed(many, native_size=(40, 120), jpeg_quality=(60, 90), intensity=(0.2, 0.8))
    clips = [clip for _, clip in drawn_clips(params)]
    sizes = np.array([clip.native_size for clip in clips])
    assert (sizes.min(), sizes.max()) == pytest.approx((40, 120), abs=1)
    assert np.log(sizes).mean() == pytest.approx(np.log([40, 120]).mean(), abs=0.04)
    qualities = {clip.jpeg_quality for clip in clips}
    assert (min(qualities), max(qualities)) == (60, 90)
    peaks = np.array([clip.peak for clip in clips])
    assert (peaks.min(), peaks.max()) == pytest.approx((0.2, 0.8), abs=0.01)
    worst = changed(params, jpeg_quality=(1, 1))
    for frame in plan(worst, "train")[:200]:
        assert 1 <= draw(worst, frame).jpeg_quality <= 12


def test_ground_truth_can_be_split_by_clip_and_subject(params: Synthesize) -> None:
    frames = {pool: plan(params, pool) for pool in POOLS}
    tables = {pool: truth(params, frames[pool]) for pool in POOLS}
    for pool, table in tables.items():
        assert table["file"].tolist() == sorted(frame.file for frame in frames[pool])
        assert (table["emotion"] == table["file"].str.partition("/")[0]).all()
        assert {"yaw", "light_azimuth", "gender", "age", *expression.ACTIONS} < set(table.columns)
        known = {frame.file: frame for frame in frames[pool]}
        for row in table.to_dict("records"):
            frame = known[row["file"]]
            assert row["subject"] == f"{pool}-{frame.subject:03d}"
            assert row["clip"] == f"{pool}-{frame.clip:04d}"
            assert row["frame"] == frame.number
        assert (table["emotion"] == table["expressed"]).mean() > 0.5
        assert (table["expressed"] != table["second_emotion"]).all()
        assert set(table["second_emotion"]) <= set(EMOTIONS)
        assert table["second_share"].between(0, params.mixed).all()
        lowest, highest = params.intensity
        assert table["intensity"].between(params.onset * lowest, highest).all()
        shared = ["subject", "emotion", "expressed", "second_emotion", "second_share",
                  "native_size", "light_elevation", "gender"]  # fmt: skip
        assert (table.groupby("clip")[shared].nunique() == 1).all(axis=None)
        unique = table[table["duplicate_of"] == ""]
        assert not unique.duplicated(["clip", "frame"]).any()
        assert (unique.groupby("clip")["intensity"].nunique() > 1).all()
        rows = table.set_index("file")
        same = [name for name in rows.columns if name != "duplicate_of"]
        copies = rows[rows["duplicate_of"] != ""]
        assert len(copies) == getattr(params.duplicates, pool)
        for _, copy in copies.iterrows():
            assert copy[same].equals(rows.loc[copy["duplicate_of"], same])
    assert not set(tables["train"]["subject"]) & set(tables["deployment"]["subject"])
    assert not set(tables["train"]["clip"]) & set(tables["deployment"]["clip"])
