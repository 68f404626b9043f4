"""Frames of clips: which one is taken, what is said of those that give none, and both datasets.

The clips are made here, each frame in another colour, by which it is told.
Run: pytest tests/unit/importing/test_clips.py
"""

import csv
import io
import struct
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from ferblur.core.errors import UserError
from ferblur.core.params import load_params
from ferblur.curation.intake import accept_pool
from ferblur.curation.layout import check
from ferblur.importing import clips
from ferblur.importing.__main__ import main, parse

Bring = Callable[..., str]
Record = Callable[..., dict[str, str]]
Files = Callable[..., dict[str, bytes]]

SIZE = 64, 48
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d09\nsize 243441\n"
SENTENCES = {"ANG": "HI", "DIS": "LO", "FEA": "MD", "HAP": "XX", "NEU": "XX", "SAD": "X"}


def colour(number: int) -> tuple[int, int, int]:
    return 20 + 10 * number, 230 - 10 * number, 128


def film(
    path: Path, frames: int = 12, codec: str = "", sound: bool = False, b: int = 0, **options: str
) -> Path:
    """A clip of flat frames, each in its own colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codec = codec or {".flv": "flv1", ".mpg": "mpeg1video"}.get(path.suffix, "mpeg4")
    with av.open(str(path), "w", options=options) as container:
        video = container.add_stream(codec, rate=25)
        assert isinstance(video, av.VideoStream)
        (video.width, video.height), video.pix_fmt = SIZE, "yuv420p"
        video.codec_context.gop_size = 5
        video.codec_context.max_b_frames = b
        kind = "libmp3lame" if path.suffix == ".flv" else "aac"
        audio = container.add_stream(kind, rate=44100) if sound else None
        assert isinstance(audio, av.AudioStream | None)
        container.start_encoding()
        for number in range(frames):
            pixels = np.full((SIZE[1], SIZE[0], 3), colour(number), np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for number in range(40 if audio else 0):
            silence = av.AudioFrame.from_ndarray(
                np.zeros((2, 1024), np.float32), format="fltp", layout="stereo"
            )
            silence.rate, silence.pts = 44100, 1024 * number
            container.mux(audio.encode(silence) if audio else [])
        container.mux(audio.encode(None) if audio else [])
    return path


def number_of(content: bytes) -> int:
    """The frame that a picture is, by its colour."""
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "JPEG"
        red, green, _ = np.asarray(image.convert("RGB"), float).mean((0, 1))
    assert abs(red + green - 250) < 12
    return round(float(red - 20) / 10)


FILMS: dict[str, dict[str, object]] = {
    "a.flv": {},
    "no-length.flv": {"flvflags": "no_duration_filesize"},
    "sound.flv": {"sound": True},
    "a.mp4": {},
    "sound.mp4": {"sound": True},
    "reordered.mp4": {"b": 2},
    "index-first.mp4": {"movflags": "faststart"},
    "fragments.mp4": {"movflags": "frag_keyframe+empty_moov"},
    "a.avi": {"b": 2},
    "a.mkv": {},
    "a.mpg": {},
}


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize(("frames", "middle"), [(10, 5), (11, 5), (20, 10)])
def test_the_middle_of_any_container(name: str, frames: int, middle: int, tmp_path: Path) -> None:
    path = film(tmp_path / name, frames, **FILMS[name])  # type: ignore[arg-type]
    (made,) = clips.pictures(path, 1)
    assert number_of(made) == middle
    assert clips.pictures(path, 1) == [made]
    with Image.open(io.BytesIO(made)) as image:
        assert image.size == SIZE


def test_a_clip_of_one_frame(tmp_path: Path) -> None:
    assert number_of(clips.pictures(film(tmp_path / "a.mp4", 1), 1)[0]) == 0


def test_frames_equally_far_apart(tmp_path: Path) -> None:
    path = film(tmp_path / "a.flv", 20)
    assert [number_of(one) for one in clips.pictures(path, 4)] == [2, 7, 12, 17]
    assert number_of(clips.picture(path, 4, 3)) == 17


def test_a_clip_with_fewer_frames_than_asked_for(tmp_path: Path) -> None:
    path = film(tmp_path / "a.flv", 3)
    assert [number_of(one) for one in clips.pictures(path, 8)] == [0, 1, 2]
    assert number_of(clips.picture(path, 8, 2)) == 2
    with pytest.raises(ValueError, match="its clip has no more than 3 frames"):
        clips.picture(path, 8, 3)


@pytest.mark.parametrize("count", range(1, 40))
def test_places(count: int) -> None:
    assert clips.places(count, 1) == [count // 2]
    for number in range(1, count + 1):
        found = clips.places(count, number)
        steps = {later - earlier for earlier, later in pairwise(found)}
        assert len(found) == number
        assert max(steps, default=0) - min(steps, default=0) <= 1
        assert found[0] >= 0
        assert found[-1] < count
        assert abs(found[0] - (count - 1 - found[-1])) <= 1  # as much before as after


def turned(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """An MP4 whose header says that it is to be turned: x' = ax + cy, y' = bx + dy."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in matrix)
    content[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("matrix", "corner"),  # where the upper left corner goes: row, column
    [((1, 0, 0, 1), (0, 0)), ((0, 1, -1, 0), (0, -1)), ((-1, 0, 0, -1), (-1, -1)),
     ((0, -1, 1, 0), (-1, 0))],
)  # fmt: skip
def test_turned_upright(
    matrix: tuple[int, int, int, int], corner: tuple[int, int], tmp_path: Path
) -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:16, :16] = 255
    path = turned(still(tmp_path / "a.mp4", av.VideoFrame.from_ndarray(pixels)), matrix)
    with Image.open(io.BytesIO(clips.pictures(path, 1)[0])) as image:
        grey = np.asarray(image.convert("L"))
    assert grey.shape == ((48, 64) if matrix[0] else (64, 48))
    corners = {(row, column): grey[row, column] for row in (0, -1) for column in (0, -1)}
    assert max(corners, key=corners.__getitem__) == corner


def still(path: Path, *frames: av.VideoFrame, codec: str = "mpeg4") -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=25)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        video.codec_context.bit_rate = 10**7
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


@pytest.mark.parametrize(
    ("size", "red", "blue"), [((640, 480), 0.299, 0.114), ((1280, 720), 0.2126, 0.0722)]
)
def test_colours_without_a_description(
    size: tuple[int, int], red: float, blue: float, tmp_path: Path
) -> None:
    """The reference is the standards' own arithmetic, from limited range."""
    y, u, v = 120, 90, 170
    planes = np.full((size[1] * 3 // 2, size[0]), y, np.uint8)
    planes[size[1] : size[1] * 5 // 4], planes[size[1] * 5 // 4 :] = u, v
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    (made,) = clips.pictures(still(tmp_path / "a.mp4", frame), 1)
    light, cb, cr = (y - 16) / 219, (u - 128) / 224, (v - 128) / 224
    r, b = light + 2 * (1 - red) * cr, light + 2 * (1 - blue) * cb
    g = (light - red * r - blue * b) / (1 - red - blue)
    with Image.open(io.BytesIO(made)) as image:
        found = np.asarray(image, float).mean((0, 1))
    assert found == pytest.approx(np.array([r, g, b]) * 255, abs=2.5)


def sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        audio = container.add_stream("aac", rate=44100)
        assert isinstance(audio, av.AudioStream)
        for number in range(5):
            silence = np.zeros((2, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="stereo")
            frame.rate, frame.pts = 44100, 1024 * number
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


def cut(path: Path, share: float) -> Path:
    """Cut a clip short inside a packet, after this share of them."""
    with av.open(str(path)) as container:
        packets = [(packet.pos or 0, packet.size) for packet in container.demux() if packet.size]
    place, size = packets[int(len(packets) * share)]
    path.write_bytes(path.read_bytes()[: place + size // 2])
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "sound only": (lambda to: sound_only(to / "a.mp4"), clips.SOUND),
    "empty": (lambda to: written(to / "a.flv", b""), clips.NOT_READ),
    "text": (lambda to: written(to / "a.flv", b"hello\n"), clips.NOT_READ),
    "a pointer": (lambda to: written(to / "a.flv", POINTER.encode()), clips.NOT_READ),
    "noise": (
        lambda to: written(to / "a.mp4", np.random.default_rng(1).bytes(5000)), clips.NOT_READ,
    ),
    "a head": (lambda to: written(to / "a.flv", b"FLV\1\1\0\0\0\x09\0\0\0\0"), clips.NOT_READ),
    "half a FLV": (lambda to: cut(film(to / "a.flv"), 0.5), clips.DAMAGED),
    "half a FLV with sound": (lambda to: cut(film(to / "a.flv", sound=True), 0.5), clips.DAMAGED),
    "half an MP4": (lambda to: cut(film(to / "a.mp4"), 0.5), clips.NOT_READ),
    "half an MP4 with its index first": (
        lambda to: cut(film(to / "a.mp4", movflags="faststart"), 0.9), clips.DAMAGED,
    ),
    "no frames": (lambda to: film(to / "a.mp4", 0), clips.DAMAGED),
    "missing": (lambda to: to / "a.flv", r"cannot be read \(No such file or directory\)"),
    "a folder": (lambda to: to, r"cannot be read \(Is a directory\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_clips_that_give_none_say_why_and_nothing_else_does(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make, reason = HOSTILE[name]
    path = make(tmp_path)
    capfd.readouterr()
    for _ in range(2):
        with pytest.raises(ValueError, match=f"^{reason}$"):
            clips.picture(path, 1, 0)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n",
     "ffconcat version 1.0\nfile {}\n"],
)  # fmt: skip
def test_lists_do_not_open_other_files(text: str, tmp_path: Path) -> None:
    film(tmp_path / "other.mp4")
    for target in ("other.mp4", (tmp_path / "other.mp4").as_uri()):
        path = written(tmp_path / "a.mp4", text.format(target).encode())
        with pytest.raises(ValueError, match=clips.NOT_READ):
            clips.pictures(path, 1)


def test_frames_too_large_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = film(tmp_path / "a.mp4")
    monkeypatch.setattr(clips, "MOST", 64 * 48 - 1)
    with pytest.raises(ValueError, match=r"megapixels: save the video smaller"):
        clips.pictures(path, 1)


def test_damage_never_ends_in_anything_else(tmp_path: Path) -> None:
    """Any byte may be wrong: what comes is a picture, or a reason."""
    generator = np.random.default_rng(19)
    said: set[str | bytes] = set()
    for name in ("a.flv", "a.mp4", "a.avi", "a.mkv"):
        whole = film(tmp_path / name).read_bytes()
        for _ in range(40):
            broken = np.frombuffer(whole, np.uint8).copy()
            places = generator.integers(0, len(broken), generator.integers(1, 30))
            broken[places] = generator.integers(0, 256, len(places))
            path = written(tmp_path / name, broken.tobytes())
            try:
                said.add(clips.pictures(path, 1)[0][:2])
            except ValueError as error:
                said.add(str(error))
    assert said <= {b"\xff\xd8", clips.DAMAGED, clips.NOT_READ, clips.SOUND, clips.LARGE}


def cremad(given: Path, *actors: int) -> None:
    """A clone of CREMA-D, with its lists and its sounds, which are pointers."""
    for actor in actors:
        for label, intensity in SENTENCES.items():
            name = f"{actor}_IEO_{label}_{intensity}"
            film(given / f"VideoFlash/{name}.flv", 11, sound=label == "SAD")
            for sound in (f"AudioWAV/{name}.wav", f"AudioMP3/{name}.mp3"):
                (given / sound).parent.mkdir(exist_ok=True)
                (given / sound).write_text(POINTER)
    (given / "LICENSE.txt").write_text("Open Database License (ODbL) v1.0\n")
    (given / "README.md").write_text("## CREMA-D Data Files\n")
    (given / "SentenceFilenames.csv").write_text(
        '"Stimulus_Number","Filename"\n1,"1001_IEO_NEU_XX"\n2,"1001_IEO_HAP_LO"\n'
    )
    (given / "VideoDemographics.csv").write_text(
        '"ActorID","Age","Sex","Race","Ethnicity"\n'
        '1001,51,"Male","Caucasian","Not Hispanic"\n'
        '1047,22,"Female","Unknown","Hispanic"\n'
    )


def truth(here: Path, name: str = "mine") -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for pool in ("train", "deployment"):
        with (here / "datasets" / name / pool / "truth.csv").open(newline="") as file:
            rows += csv.DictReader(file)
    return rows


def test_cremad(given: Path, here: Path, bring: Bring, record: Record, files: Files) -> None:
    cremad(given, 1001, 1047)
    out = bring(given, "mine")
    assert out.startswith("recognised: CREMA-D; of each clip the frame in the middle is taken")
    assert "licence ODbL 1.0, of the contents DbCL 1.0" in out
    assert "warning" not in out
    assert "rows: 36 = 12 imported + 24 left out: sound without pictures 24\n" in out
    assert "people: 2\n" in out
    assert 'beyond the study\'s emotions: neutral; OPTIONS="--labels NEU=" leaves them out\n' in out
    emotions = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
    assert load_params(here / "datasets/mine/params.yaml").data.emotions == emotions

    place = record()["VideoFlash/1001_IEO_SAD_X.flv"]
    assert place in ("train/sadness/1001_IEO_SAD_X.jpg", "deployment/sadness/1001_IEO_SAD_X.jpg")
    images = {name: content for name, content in files().items() if name.endswith(".jpg")}
    assert len(images) == 12
    assert {number_of(content) for content in images.values()} == {5}

    rows = {row["source"]: row for row in truth(here)}
    assert len(rows) == 12
    assert rows["VideoFlash/1047_IEO_ANG_HI.flv"] == {
        "file": "anger/1047_IEO_ANG_HI.jpg",
        "subject": "1047",
        "source": "VideoFlash/1047_IEO_ANG_HI.flv",
        "clip": "1047_IEO_ANG_HI",
        "frame": "1",
        "intensity": "HI",
        "age": "22",
        "sex": "Female",
        "race": "Unknown",
        "ethnicity": "Hispanic",
    }
    assert rows["VideoFlash/1001_IEO_SAD_X.flv"]["intensity"] == "X"
    elsewhere = b"".join(files()[name] for name in ("import.csv", "import.json", "params.yaml"))
    assert b"Hispanic" not in elsewhere


def test_stages_accept_what_comes_of_clips(given: Path, here: Path, bring: Bring) -> None:
    cremad(given, 1001, 1047)
    bring(given, "mine", "--labels", "NEU=")
    params, root = load_params(here / "datasets/mine/params.yaml"), here / "datasets/mine"
    check(root, params.data.emotions)
    for pool, number in (("train", 5), ("deployment", 5)):
        intake = accept_pool(root, pool, params.prepare, params.data.emotions)
        # all middles look the same here, so that the first stays of each
        assert (intake.found, len(intake.rejects), intake.absent) == (number, 0, [])
        assert set(intake.accepted["subject"]) <= {"1001", "1047"}


def test_neutral_left_out_is_said_no_more(given: Path, here: Path, bring: Bring) -> None:
    cremad(given, 1001, 1047)
    out = bring(given, "mine", "--labels", "NEU=")
    assert "beyond the study's emotions" not in out
    assert "neutral" not in load_params(here / "datasets/mine/params.yaml").data.emotions


def test_cremad_without_its_table_of_people(given: Path, here: Path, bring: Bring) -> None:
    cremad(given, 1001, 1047)
    bring(given / "VideoFlash", "mine")
    columns = ["file", "subject", "source", "clip", "frame", "intensity"]
    assert all([*row] == columns for row in truth(here))


def test_an_actor_whom_the_table_lacks(given: Path, here: Path, bring: Bring) -> None:
    cremad(given, 1001, 1002)
    bring(given, "mine")
    ages = {row["subject"]: row["age"] for row in truth(here)}
    assert ages == {"1001": "51", "1002": ""}


def test_pointers_are_named_before_anything_is_written(
    given: Path, bring: Bring, record: Record
) -> None:
    cremad(given, 1001, 1047)
    pointer = given / "VideoFlash/1091_TIE_ANG_XX.flv"
    pointer.write_text(POINTER)
    out = bring(given, "mine")
    assert "warning: files that are not taken: a Git LFS pointer: run git lfs pull 1\n" in out
    assert record()["VideoFlash/1091_TIE_ANG_XX.flv"] == "a Git LFS pointer: run git lfs pull"


def test_nothing_but_pointers(given: Path, here: Path, bring: Bring) -> None:
    cremad(given, 1001)
    for clip in (given / "VideoFlash").iterdir():
        clip.write_text(POINTER)
    with pytest.raises(UserError, match=r"nothing to import: 18 rows, a Git LFS pointer: run git"):
        bring(given, "mine")
    assert not (here / "datasets/mine").exists()


def test_broken_clips_are_recorded(given: Path, bring: Bring, record: Record) -> None:
    cremad(given, 1001, 1047)
    cut(film(given / "VideoFlash/1001_TIE_ANG_XX.flv"), 0.5)
    sound_only(given / "VideoFlash/1001_TIE_SAD_XX.mp4")
    (given / "VideoFlash/1001_TIE_HAP_XX.flv").write_bytes(b"")
    film(given / "VideoFlash/practice.flv", 2)
    out = bring(given, "mine")
    assert "12 imported" in out
    found = record()
    assert found["VideoFlash/1001_TIE_ANG_XX.flv"] == clips.DAMAGED
    assert found["VideoFlash/1001_TIE_SAD_XX.mp4"] == clips.SOUND
    assert found["VideoFlash/1001_TIE_HAP_XX.flv"] == "an empty file: download it again"
    assert found["VideoFlash/practice.flv"] == "a name of another form"


def test_several_frames_of_each_clip_stay_together(
    given: Path, here: Path, bring: Bring, record: Record, files: Files
) -> None:
    cremad(given, 1001, 1047)
    film(given / "VideoFlash/1001_TIE_ANG_XX.flv", 2)
    out = bring(given, "mine", "--frames", "4")
    found = record()
    assert "its clip has no more than 2 frames 2" in out
    assert found["VideoFlash/1001_TIE_ANG_XX.flv:4"] == "its clip has no more than 2 frames"
    place = found["VideoFlash/1001_IEO_ANG_HI.flv:3"]
    assert place.endswith("/anger/1001_IEO_ANG_HI_03.jpg")
    assert number_of(files()[place]) == 6
    frames = [row for row in truth(here) if row["clip"] == "1001_IEO_ANG_HI"]
    assert [row["frame"] for row in frames] == ["1", "2", "3", "4"]
    bring(given, "mine", "--frames", "4", "--columns", "subject=")  # nobody is known: by clip
    pools: dict[str, set[str]] = {}
    for where, target in record().items():
        if target.endswith(".jpg"):
            pools.setdefault(where.partition(":")[0], set()).add(target.partition("/")[0])
    assert {len(one) for one in pools.values()} == {1}


def test_any_number_of_threads_makes_the_same(
    given: Path, bring: Bring, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    cremad(given, 1001, 1002, 1047)
    monkeypatch.setenv("FERBLUR_PROCESSES", "1")
    bring(given, "mine", "--frames", "3")
    alone = files()
    monkeypatch.setenv("FERBLUR_PROCESSES", "5")
    bring(given, "mine", "--frames", "3")
    assert files() == alone


def test_no_bar_where_there_is_no_terminal(
    given: Path, here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cremad(given, 1001, 1047)
    main(parse([str(given), "mine"]))
    assert capfd.readouterr().err == ""


def test_frames_that_are_pictures_come_before_clips(
    given: Path, draw: Callable[..., None], bring: Bring, record: Record, here: Path
) -> None:
    cremad(given, 1001, 1047)
    for actor in (1001, 1047):
        draw(*(f"frames/{actor}_IEO_{label}_XX/0001.jpg" for label in SENTENCES))
    bring(given, "mine")
    assert record()["frames/1001_IEO_ANG_XX/0001.jpg"].endswith("/anger/0001.jpg")
    assert {row["sex"] for row in truth(here)} == {"Male", "Female"}


def test_a_number_of_frames_that_is_none(given: Path, bring: Bring) -> None:
    with pytest.raises(UserError, match="--frames: from 1, not 0"):
        bring(given, "mine", "--frames", "0")


def ravdess(given: Path, *actors: int) -> None:
    for actor in actors:
        for label in range(1, 9):
            rest = f"01-{label:02d}-{1 + (label > 1):02d}-01-01-{actor:02d}"
            for modality in ("01", "02"):
                path = given / f"Actor_{actor:02d}/{modality}-{rest}.mp4"
                film(path, 10, sound=modality == "01")
            (path.parent / f"03-{rest}.wav").write_bytes(b"RIFF\0\0\0\0WAVEfmt ")


def test_ravdess(given: Path, here: Path, bring: Bring, record: Record, files: Files) -> None:
    ravdess(given, 1, 2)
    (given / "Actor_01/02-01-06-02-01-01-01.mp4").unlink()
    out = bring(given, "mine")
    assert out.startswith("recognised: RAVDESS; ")
    assert "licence CC BY-NC-SA 4.0" in out
    assert "warning" not in out
    assert (
        "rows: 47 = 16 imported + 31 left out: sound without pictures 16, "
        "the same pictures as modality 02 15\n"
    ) in out
    assert (
        'beyond the study\'s emotions: calm, neutral; OPTIONS="--labels 01=,02=" leaves them out\n'
    ) in out
    emotions = load_params(here / "datasets/mine/params.yaml").data.emotions
    assert {"calm", "neutral", "surprise"} < {*emotions}
    assert len(emotions) == 8
    found = record()
    assert found["Actor_01/01-01-06-02-01-01-01.mp4"].endswith("/fear/01-01-06-02-01-01-01.jpg")
    assert found["Actor_02/01-01-06-02-01-01-02.mp4"] == "the same pictures as modality 02"
    rows = {row["clip"]: row for row in truth(here)}
    assert {clip: (row["subject"], row["sex"], row["intensity"]) for clip, row in rows.items()} == {
        clip: (clip[-2:], "Male" if clip.endswith("1") else "Female", clip[9:11]) for clip in rows
    }
    assert number_of(files()[found["Actor_02/02-01-03-02-01-01-02.mp4"]]) == 5


def test_ravdess_without_the_clips_without_sound(given: Path, bring: Bring, record: Record) -> None:
    ravdess(given, 1, 2)
    for clip in given.glob("*/02-*"):
        clip.unlink()
    sound_only(given / "Actor_01/03-01-01-01-01-01-01.mp4")
    assert "16 imported" in bring(given, "mine")
    assert record()["Actor_01/03-01-01-01-01-01-01.mp4"] == clips.SOUND


def test_a_broken_clip_does_not_stand_for_its_twin(
    given: Path, bring: Bring, record: Record
) -> None:
    ravdess(given, 1, 2)
    (given / "Actor_01/02-01-08-02-01-01-01.mp4").write_text(POINTER)
    bring(given, "mine")
    assert record()["Actor_01/01-01-08-02-01-01-01.mp4"].endswith(".jpg")
