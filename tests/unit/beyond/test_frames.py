"""A blurred frame is aligned as stage `align` would align the same picture, had it come blurred."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter

from ferblur.alignment.batches import Source, align_batch
from ferblur.alignment.detection import Detection, Detector, make_detector
from ferblur.alignment.shards import COLUMNS, align_pool, merge_pool
from ferblur.beyond import frames
from ferblur.core.params import Align, Params
from ferblur.core.ranks import Ranks
from ferblur.dataset.blur import box_blur, sigma
from ferblur.evidence.capturing import eye_error
from ferblur.rendering.clips import draw, make_renderer, plan, shoot


class Fixed:
    """The same faces in every image, whatever it shows."""

    def __init__(self, *faces: Detection) -> None:
        self.faces = list(faces)

    def detect(self, images: np.ndarray) -> list[list[Detection]]:
        return [self.faces for _ in images]


LEVEL = Detection((32, 24, 64, 64), (76, 48), (52, 48), 0.9)


@pytest.fixture
def params(smoke: Params) -> Align:
    return smoke.align.model_copy(update={"size": 128, "batch_size": 4})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pool of files, empty so far."""
    return tmp_path_factory.mktemp("pool")


@pytest.fixture
def pictures(folder: Path, smoke: Params) -> list[Source]:
    """Rendered faces of two sizes, as files, and one file without a face."""
    made = [Source(folder / f"{number}.png", 128 + 16 * (number % 2), 128) for number in range(8)]
    made.append(Source(folder / "flat.png", 128, 128))
    if not made[-1].path.exists():
        renderer = make_renderer()
        shown = plan(smoke.synthesize, "train")[::4]
        for source, frame in zip(made[:-1], shown, strict=False):
            shot = folder / "shot.jpg"
            shot.write_bytes(shoot(draw(smoke.synthesize, frame), renderer))
            picture = Image.new("RGB", (source.width, source.height), "grey")
            picture.paste(Image.open(shot), (0, source.height - 128))
            picture.save(source.path)
        Image.new("RGB", (128, 128), "grey").save(made[-1].path)
    return made


def accepted(files: Sequence[Source]) -> pd.DataFrame:
    """Files as `prepare` lists them."""
    return pd.DataFrame(
        {"source_id": [file.path.name for file in files], "label": 0, "emotion": "joy",
         "subject": "", "image_width": [file.width for file in files],
         "image_height": [file.height for file in files]}
    )  # fmt: skip


def blurred_apart(
    files: Sequence[Source], radii: np.ndarray, folder: Path, detector: Detector | None,
    params: Align,
) -> list[tuple[np.ndarray | None, dict[str, object]]]:  # fmt: skip
    """What `align` makes of files that somebody blurred and saved before, one at a time."""
    results = []
    for number, (file, radius) in enumerate(zip(files, radii.tolist(), strict=True)):
        saved = replace(file, path=folder / f"blurred-{number}.png")
        Image.open(file.path).filter(ImageFilter.BoxBlur(radius)).save(saved.path)
        results += align_batch([saved], detector, params)
    return results


def test_sharp_frames_give_what_align_gives(
    pictures: list[Source], folder: Path, params: Align, tmp_path: Path
) -> None:
    detector = make_detector("mtcnn")
    pool = accepted(pictures)
    align_pool(pool, folder.parent, folder.name, tmp_path, detector, params, Ranks())
    merge_pool(pool, folder.name, tmp_path, params)
    theirs = pd.read_csv(tmp_path / f"{folder.name}.csv", keep_default_na=False)
    radii = frames.frame_radii(theirs, 0, params.size)
    assert radii.tolist() == [0.0] * 8
    files = frames.sources(theirs, folder)
    assert files == pictures[:8]
    pixels, rows = frames.align_blurred(files, radii, detector, params)
    np.testing.assert_array_equal(pixels, np.load(tmp_path / f"{folder.name}.npy"))
    ours = frames.table(rows)
    assert (ours["status"] == "aligned").all()
    for name in COLUMNS[:-1]:
        assert ours[name].tolist() == theirs[name].tolist()
    assert ours["confidence"].tolist() == pytest.approx(theirs["confidence"].tolist(), abs=1e-12)
    assert not eye_error(ours, theirs).any()


def test_blurred_frames_are_aligned_as_blurred_files(
    pictures: list[Source], params: Align, tmp_path: Path
) -> None:
    detector = make_detector("mtcnn")
    radii = np.array([0.5, 1, 1.3, 2, 2.6, 4, 5.2, 30, 1])
    pixels, rows = frames.align_blurred(pictures, radii, detector, params)
    apart = blurred_apart(pictures, radii, tmp_path, detector, params)
    assert rows == [row for _, row in apart]
    for ours, (theirs, _) in zip(pixels, apart, strict=True):
        np.testing.assert_array_equal(ours, 0 if theirs is None else theirs)
    table = frames.table(rows)
    assert frames.found(table).tolist() == [True] * 7 + [False] * 2  # lost to blur; never there
    assert table["status"].tolist()[-2:] == ["no face"] * 2
    assert table.loc[7:, COLUMNS[2:]].isna().all(axis=None)


def test_a_frame_is_blurred_as_strongly_as_the_face_it_holds(
    params: Align, tmp_path: Path, picture: Callable[..., np.ndarray]
) -> None:
    # the box is half as large as the aligned face, so half of the deviation is as strong
    file = Source(tmp_path / "face.png", 128, 128)
    Image.fromarray(picture(1)).save(file.path)  # smooth: of a kernel, its deviation counts
    face = pd.DataFrame(
        {"width": [64.0], "height": [64.0], "image_width": [128], "image_height": [128]}
    )
    (sharp,), _ = frames.align_blurred([file], np.zeros(1), Fixed(LEVEL), params)
    for radius in (4.0, 8.0, 14.0):
        asked = frames.frame_radii(face, radius, params.size)
        assert sigma(asked.item()) == pytest.approx(sigma(radius) / 2)
        after = box_blur(sharp, radius).astype(float)[16:-16, 16:-16]  # a face has another edge
        off = []
        for factor in (0.7, 1.0, 1.4):
            (before,), _ = frames.align_blurred([file], asked * factor, Fixed(LEVEL), params)
            off.append(abs(before[16:-16, 16:-16] - after).mean())
        assert off[1] < min(off[0], off[2]) / 2


def test_radii_follow_the_box_or_the_image_that_was_kept_whole() -> None:
    faces = pd.DataFrame(
        {"width": ["72.0", "", "60"], "height": ["98.0", "", "60"],
         "image_width": [128, 200, 640], "image_height": [128, 50, 480]}
    )  # fmt: skip
    found = frames.frame_radii(faces, 3, 120)
    deviations = [sigma(radius) for radius in found.tolist()]
    assert deviations == pytest.approx([sigma(3) * side / 120 for side in (84, 100, 60)])
    numbers = faces.replace("", np.nan).astype(float)
    np.testing.assert_array_equal(frames.frame_radii(numbers, 3, 120), found)


def test_without_a_detector_blurred_frames_are_taken_whole(
    pictures: list[Source], params: Align
) -> None:
    small = params.model_copy(update={"size": 64})
    radii = np.linspace(0, 4, len(pictures))
    pixels, rows = frames.align_blurred(pictures, radii, None, small)
    assert rows == [{"status": "kept whole: not searched", "faces": 0}] * len(pictures)
    for ours, file, radius in zip(pixels, pictures, radii.tolist(), strict=True):
        picture = Image.open(file.path).filter(ImageFilter.BoxBlur(radius))
        theirs = np.asarray(picture.resize((64, 64), Image.Resampling.BILINEAR))
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("keys", "faces", "status", "there"),
    [
        ({"no_face": "reject"}, (), "no face", False),
        ({"no_face": "keep"}, (), "kept whole: no face", True),
        ({"several_faces": "reject"}, (LEVEL, LEVEL), "2 faces", False),
        ({"several_faces": "largest"}, (LEVEL, LEVEL), "aligned", True),
        ({"min_confidence": 0.95}, (LEVEL,), "no face above min_confidence", False),
        ({}, (replace(LEVEL, box=(300, 300, 20, 20)),), "empty crop", False),
    ],
)
def test_what_align_does_with_odd_images_is_honoured(
    pictures: list[Source], params: Align, keys: dict[str, object], faces: tuple[Detection, ...],
    status: str, there: bool,
) -> None:  # fmt: skip
    changed = params.model_copy(update=keys)
    pixels, rows = frames.align_blurred(pictures[:2], np.ones(2), Fixed(*faces), changed)
    table = frames.table(rows)
    assert table["status"].tolist() == [status] * 2
    assert frames.found(table).tolist() == [there] * 2
    assert pixels.any(axis=(1, 2, 3)).tolist() == [there] * 2


def test_small_images_are_enlarged_after_the_blur(
    pictures: list[Source], params: Align, tmp_path: Path
) -> None:
    large = params.model_copy(update={"enlarge": 200})
    detector, radii = make_detector("mtcnn"), np.full(2, 1.5)
    pixels, rows = frames.align_blurred(pictures[:2], radii, detector, large)
    apart = blurred_apart(pictures[:2], radii, tmp_path, detector, large)
    assert rows == [row for _, row in apart]
    for ours, (theirs, _) in zip(pixels, apart, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_files_that_cannot_be_read_any_more_lose_their_face_only(
    folder: Path, pictures: list[Source], params: Align, tmp_path: Path
) -> None:
    cut, resized = tmp_path / "cut.png", tmp_path / "resized.png"
    cut.write_bytes(pictures[0].path.read_bytes()[:300])
    Image.new("RGB", (128, 100)).save(resized)
    files = [Source(path, 128, 128) for path in (cut, tmp_path / "none.png", resized)]
    pixels, rows = frames.align_blurred([*files, pictures[0]], np.ones(4), Fixed(LEVEL), params)
    reasons = [str(row["status"]) for row in rows[:3]]
    assert all(reason.startswith("unreadable: ") for reason in reasons)
    assert reasons[2] == "unreadable: its size is no longer what prepare found"
    table = frames.table(rows)
    assert frames.found(table).tolist() == [False, False, False, True]
    assert pixels.any(axis=(1, 2, 3)).tolist() == [False, False, False, True]


def test_the_radius_of_a_file_shrunk_on_the_way_is_in_its_own_px(
    params: Align, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    picture: Callable[..., np.ndarray],
) -> None:  # fmt: skip
    large = Source(tmp_path / "large.png", 256, 256)
    Image.fromarray(picture(2, 256, 256)).save(large.path)
    monkeypatch.setattr(frames, "DECODED", 128 * 128)
    (ours,), (row,) = frames.align_blurred([large], np.array([6.0]), Fixed(LEVEL), params)
    half = Source(tmp_path / "half.png", 128, 128)
    Image.open(large.path).reduce(2).save(half.path)
    (theirs,), _ = frames.align_blurred([half], np.array([3.0]), Fixed(LEVEL), params)
    np.testing.assert_array_equal(ours, theirs)
    assert [row[name] for name in ("x", "y", "width", "height")] == [64, 48, 128, 128]


EYES = ["left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y"]


def test_the_error_of_the_eyes_is_a_share_of_their_distance() -> None:
    draw = np.random.default_rng(3)
    sharp, blurred = (draw.integers(0, 100, (20, 4)) for _ in range(2))
    ours = eye_error(pd.DataFrame(blurred, columns=EYES), pd.DataFrame(sharp, columns=EYES))
    for was, now, found in zip(sharp.tolist(), blurred.tolist(), ours, strict=True):
        left, right = (complex(*now[k : k + 2]) - complex(*was[k : k + 2]) for k in (0, 2))
        apart = abs(complex(*was[:2]) - complex(*was[2:]))
        assert found == pytest.approx((abs(left) + abs(right)) / 2 / apart)


def test_eyes_that_are_missing_have_no_error() -> None:
    sharp = pd.DataFrame([[10, 0, 0, 0], ["", "", "", ""], [5, 5, 5, 5], [10, 0, 0, 0]],
                         columns=EYES)  # fmt: skip
    blurred = frames.table([{"status": "aligned", **dict(zip(EYES, (10, 3, 0, 4), strict=True))}]
                           * 3 + [{"status": "no face", "faces": 0}])  # fmt: skip
    np.testing.assert_array_equal(eye_error(blurred, sharp), [0.35, np.nan, np.nan, np.nan])
    assert eye_error(blurred[:0], sharp[:0]).shape == (0,)
