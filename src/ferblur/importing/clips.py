"""Frames of video clips: the one in the middle, or several equally far apart, as JPEG bytes.

PyAV reads a clip twice: first its packets, to count the frames, as containers such as FLV do not
say how many there are, then the pictures up to the last one that is wanted. It never seeks, so that
a missing or wrong index does no harm, and it holds one picture at a time. A file that is cut short
is told by its last packet; one that ends between two packets is taken for whole.
"""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SUFFIXES = (".flv", ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv")
SOUNDS = (".wav", ".mp3", ".m4a")
"""What the names of a dataset's sounds end in, which come beside its clips."""

FORMATS = "flv,mov,avi,matroska,mpeg,mpegts,mpegvideo,asf"
"""FFmpeg's readers in use. The others stay shut: a playlist opens other files, and the network."""

MOST = 2**24
"""Most px of a frame: a little more than 4K. A decoder holds some twenty of them."""

QUALITY = 95  # of JPEG, with its colours at full resolution

UNDESCRIBED, HIGH = 2, 720  # FFmpeg's AVCOL_SPC_UNSPECIFIED; lines

DAMAGED = "a damaged video, or one cut short: download it again"
NOT_READ = "no video of a kind that is read, or a damaged one: download it again"
SOUND = "sound without pictures"
LARGE = f"frames of more than {MOST / 1e6:.0f} megapixels: save the video smaller"


class _Last(threading.local):
    """What a thread made of its latest clip, as the frames of one are asked for in a row."""

    clip: tuple[Path, int] | None = None
    pictures: list[bytes] | ValueError


_last = _Last()


def picture(path: Path, number: int, place: int) -> bytes:
    """One of the clip's `number` pictures: JPEG bytes; `place` counts from 0.

    Raises ValueError with the reason where the clip has no such picture.
    """
    if _last.clip != (path, number):
        try:
            _last.pictures = pictures(path, number)
        except ValueError as error:
            _last.pictures = error
        _last.clip = path, number
    made = _last.pictures
    if isinstance(made, ValueError):
        raise made
    if place >= len(made):
        raise ValueError(f"its clip has no more than {len(made)} frames")
    return made[place]


def pictures(path: Path, number: int) -> list[bytes]:
    """`number` frames of a clip, equally far apart, upright, as JPEG bytes.

    Of a clip with fewer frames all are taken. Raises ValueError with the reason where there is
    none that can be decoded.
    """
    count = _count(path)
    while True:
        wanted = places(count, number)
        made, decoded = _take(path, wanted)
        if len(made) == len(wanted):
            return made
        if not decoded:
            raise ValueError(DAMAGED)
        count = decoded  # some packets hold no picture, or half of one


def places(count: int, number: int) -> list[int]:
    """The middles of `number` equal parts of `count` frames, from 0; of one part, the middle."""
    return sorted({(2 * part + 1) * count // (2 * number) for part in range(number)})


def _count(path: Path) -> int:
    """The frames that a clip's packets hold. Raises ValueError where one is damaged, or none is."""
    number = 0
    with _opened(path) as (container, video):
        for packet in container.demux():
            if packet.is_corrupt:  # as the last one of a file that is cut short
                raise ValueError(DAMAGED)
            if packet.stream.index == video.index and packet.size:
                number += not packet.is_discard
    if not number:
        raise ValueError(DAMAGED)
    return number


def _take(path: Path, wanted: list[int]) -> tuple[list[bytes], int]:
    """The frames at these places as JPEG, and how many were decoded until the last of them."""
    made: list[bytes] = []
    decoded = 0
    with _opened(path) as (container, video):
        for frame in container.decode(video):
            if decoded == wanted[len(made)]:
                if frame.is_corrupt:
                    raise ValueError(DAMAGED)
                made.append(_jpeg(frame))
            decoded += 1
            if len(made) == len(wanted):
                break
    return made, decoded


@contextmanager
def _opened(path: Path) -> Iterator[tuple["InputContainer", "VideoStream"]]:
    """A clip and its moving pictures. What PyAV raises in the block becomes a ValueError."""
    import av  # only clips need its libraries
    from av.stream import Disposition

    reason = NOT_READ
    try:
        path.open("rb").close()  # FFmpeg has the same errors for what is damaged
        options = {"format_whitelist": FORMATS}
        with av.open(os.fspath(path), options=options, metadata_errors="replace") as container:
            reason = DAMAGED
            moving = [
                stream
                for stream in container.streams.video
                if not stream.disposition & Disposition.attached_pic  # a cover
            ]
            if not moving:
                raise ValueError(SOUND if container.streams.audio else DAMAGED)
            video = moving[0]
            if video.codec_context is None:
                raise ValueError(NOT_READ)
            if video.width * video.height > MOST:
                raise ValueError(LARGE)
            video.codec_context.options = {"max_pixels": str(MOST)}  # frames may grow
            video.codec_context.thread_count = 1  # clips are decoded side by side
            yield container, video
    except av.FFmpegError as error:
        raise ValueError(reason) from error
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error


def _jpeg(frame: "VideoFrame") -> bytes:
    """A frame as JPEG bytes, turned upright as the video says.

    Colours that are not described are read as players do: BT.709 from 720 lines, else BT.601.
    """
    from av.video.reformatter import Colorspace, Interpolation

    described = frame.colorspace != UNDESCRIBED or frame.height < HIGH
    pixels = frame.reformat(
        format="rgb24",
        src_colorspace=None if described else Colorspace.ITU709,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT,
        threads=1,
    ).to_ndarray()
    upright = np.rot90(pixels, round(frame.rotation / 90))
    stream = io.BytesIO()
    Image.fromarray(upright).save(stream, "JPEG", quality=QUALITY, subsampling=0)
    return stream.getvalue()
