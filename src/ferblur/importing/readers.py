"""A reader for each layout: it yields a row for every picture that the source names."""

import io
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import groupby, zip_longest
from pathlib import Path

import numpy as np
from PIL import Image

from ferblur.core.errors import UserError
from ferblur.curation.sidecar import NOBODY
from ferblur.curation.vocabulary import fold, spelt_out
from ferblur.images.decoding import FORMATS, ORIENTATION, read_image
from ferblur.importing import clips, tables
from ferblur.importing.rows import Row
from ferblur.importing.source import Source, words

RAFDB_LINE = r"(?P<name>(train|test)_\d+(_aligned)?\.\w+)\s+(?P<label>\d{1,3})"
EXPW_LINE = (
    r"(?P<name>\S.*?)\s+(?P<face>\d+)\s+(?P<top>-?\d+)\s+(?P<left>-?\d+)\s+(?P<right>-?\d+)\s+"
    r"(?P<bottom>-?\d+)\s+[\d.e+-]+\s+(?P<label>\d+)"
    r"|image_name face_id_in_image .*"
)
CLASH = "its folders name different emotions"
NO_VIDEO = "its video has no folder of frames"
OTHER_NAME = "a name of another form"
BASIC = 7  # the largest code of RAF-DB's basic emotions

MARGIN = 0.25
"""Share of a face's box that is added on each side: detectors want to see the whole head."""


def pool_of(path: str, known: Mapping[str, str]) -> str:
    """The first word of a path that names a pool, as written; empty where none does."""
    return next((word for word in words(path) if fold(word) in known), "")


def folder_of(path: str, known: Mapping[str, str]) -> str:
    """The deepest folder of a path that names a pool, or else the first word of one that does.

    Empty where none does. `Train_AFEW/Angry` gives `Train`.
    """
    folders = path.split("/")[:-1]
    parts = [word for folder in folders for word in re.split(r"[\W_]+", folder)]
    return next((name for name in (*reversed(folders), *parts) if fold(name) in known), "")


def label_of(path: str, given: Container[str] = ()) -> tuple[str, list[str]]:
    """The deepest folder of a path that names an emotion, or else the one it lies in.

    With it come the folders below an emotion's. Folders in `given` come before all others.
    """
    folders = path.split("/")[:-1]
    for names in (given.__contains__, spelt_out):
        for place in reversed(range(len(folders))):
            if names(folders[place]):
                return folders[place], folders[place + 1 :]
    return (folders[-1] if folders else ""), []


def read_table(source: Source, file: str, roles: Mapping[str, str], pool: str) -> Iterator[Row]:
    """Read a table with a column of files, or of images where it is parquet.

    `roles` gives the table's column for each of ours; `pool` is the pool of a table without one.
    """
    table = source.tables[file]
    names = tables.class_names(table, roles["label"])
    holding = tables.images(table)
    base = source.base(file)
    for number, cells in tables.read(table):
        row = Row(f"{file}:{number}", pool=pool)
        if isinstance(cells, str):
            row.reason = cells
            yield row
            continue
        row.label = cells[roles["label"]].strip()
        if names and row.label.isdecimal() and int(row.label) < len(names):
            row.label = names[int(row.label)]
        if "subject" in roles:
            named = cells[roles["subject"]].strip()
            row.subject = "" if named.lower() in NOBODY else named
            source.nobody |= {named} - {row.subject}
        if "pool" in roles:
            row.pool = cells[roles["pool"]].strip()
        if holding:
            written = cells[holding].replace("\\", "/").rpartition("/")[2]
            row.name = written or f"{Path(file).stem}_{number:06d}"
            row.content = partial(_embedded, table.path, holding, number - 1)
        else:
            _find(source, row, cells[roles["file"]], base)
        yield row


def name_people(rows: Iterable[Row]) -> Iterator[Row]:
    """Take who is shown from the images' names: what stands before a last `_` and number."""
    for row in rows:
        row.subject = re.sub(r"_\d+$", "", Path(row.file).stem).casefold()
        yield row


def read_pixels(source: Source, file: str, roles: Mapping[str, str]) -> Iterator[Row]:
    """Read FER2013's form: a row's pixels are numbers with spaces between them."""
    table = source.tables[file]
    pixels = _column(source, file, "pixels")
    for number, cells in tables.read(table):
        row = Row(f"{file}:{number}", name=f"{Path(file).stem}_{number:05d}.png")
        if isinstance(cells, str):
            row.reason = cells
        else:
            row.label = cells[roles["label"]].strip()
            row.pool = cells[roles["pool"]].strip() if "pool" in roles else ""
            _draw(row, cells[pixels])
        yield row


def same_pixels(
    source: Source, file: str, other: str, roles: Mapping[str, Mapping[str, str]]
) -> bool:
    """Whether two tables of pixels hold the same images, labels and pools in the same order."""

    def content(name: str) -> Iterator[object]:
        table = source.tables[name]
        wanted = [*roles[name].values(), _column(source, name, "pixels")]
        for _, cells in tables.read(table):
            yield cells if isinstance(cells, str) else [cells[part].strip() for part in wanted]

    return all(one == two for one, two in zip_longest(content(file), content(other)))


def read_votes(source: Source, file: str, pixels: str) -> Iterator[Row]:
    """Read FERPlus: votes, for the images of FER2013's table row by row, or else by name."""
    table = source.tables[file]
    named = {fold(column): column for column in table.columns}
    ballots = [column for column in table.columns if fold(column) not in ("usage", "imagename")]
    drawn: Iterable[Row | None] = ()
    if pixels:
        drawn = read_pixels(source, pixels, {"label": _column(source, pixels, "emotion")})
    for voted, picture in zip_longest(tables.read(table), drawn):
        if voted is None or (pixels and picture is None):
            raise UserError(f"{file}: has not as many rows as {pixels}, which it is about")
        number, cells = voted
        row = Row(f"{file}:{number}")
        if isinstance(cells, str):
            row.reason = cells
            yield row
            continue
        row.pool = cells[named["usage"]].strip()
        try:
            row.label = _winner({ballot: int(cells[ballot]) for ballot in ballots})
        except ValueError as error:
            row.reason = "votes tie" if "tie" in str(error) else "votes that are no numbers"
        name = cells[named["imagename"]].strip()
        if picture is not None:
            row.name = name or f"row_{number:05d}.png"
            row.content = picture.content
            row.reason = row.reason or picture.reason
        elif not row.reason:
            _find(source, row, name, source.base(file))
        yield row


def read_affwild2(
    source: Source, annotations: list[str], every: int, pools: Mapping[str, str]
) -> Iterator[Row]:
    """Read a video's labels a frame, and find the frames that were cropped.

    Of each `every` frames the first has a row; images of others are in `source.passed`.
    """
    videos: dict[str, dict[int, str]] = {}
    for image in sorted(source.images.images, key=lambda path: "aligned" not in path):
        folder, _, name = image.rpartition("/")
        stem = name.partition(".")[0]
        if stem.isdecimal():
            videos.setdefault(folder.rpartition("/")[2], {}).setdefault(int(stem), image)
    if not videos:
        raise UserError(
            f"{source.images.path}: annotations, but no frames such as video1/00001.jpg "
            "(--images names another folder)"
        )
    for annotation in annotations:
        video = Path(annotation).stem
        frames = videos.get(video, {})
        person = re.sub(r"_(left|right)(_\d+)?$", "", video)
        lines = _lines(source, annotation)
        names = [name.strip() for name in next(lines)[1].split(",")]
        pool = folder_of(annotation, pools)
        for number, line in lines:
            frame = number - 1
            image = frames.get(frame, "")
            if (frame - 1) % every:
                source.passed |= {image} - {""}
                continue
            row = Row(f"{annotation}:{number}", image, line, person, pool)
            if line.isdecimal() and int(line) < len(names):
                row.label = names[int(line)]
            if not row.file:
                row.reason = "no such frame: no face was found in it" if frames else NO_VIDEO
            yield row


def read_rafdb(source: Source, lists: list[str], given: Container[str]) -> Iterator[Row]:
    """Read the list of names and codes; the names begin with their pool.

    Raises UserError on several lists, as their images have the same names, and on a code that only
    compound emotions have, unless it is in `given`.
    """
    if len(lists) > 1:
        raise UserError(
            f"{source.given}: several lists of RAF-DB ({', '.join(lists)}), such as of basic and "
            "of compound emotions; give the folder of one"
        )
    for file in lists:
        for number, line in _lines(source, file):
            row = Row(f"{file}:{number}")
            if not (match := re.fullmatch(RAFDB_LINE, line)):
                row.reason = "not a name and a code"
                yield row
                continue
            name = match["name"]
            row.label, row.pool = match["label"], name.partition("_")[0]
            if int(row.label) > BASIC and row.label not in given:
                raise UserError(
                    f"{row.where}: code {row.label}: codes above {BASIC} are compound emotions, "
                    "and in their list the others are too; give the folder of the basic ones, or "
                    "say what every code means: --labels 1=happiness,2=,…"
                )
            stem, _, suffix = name.rpartition(".")
            _find(source, row, f"{stem}_aligned.{suffix}", "")
            if row.reason:
                row.reason = ""
                _find(source, row, name, "")
            yield row


def read_affectnet(source: Source) -> Iterator[Row]:
    """Read the later release: one file with a code beside each image."""
    known = {file.lower(): file for file in source.folder.files}
    for image in source.images.images:
        folder, _, name = image.rpartition("/")
        stem = name.rpartition(".")[0]
        row = Row(image, image, pool=folder.rpartition("/")[0].rpartition("/")[2])
        path = f"{folder.rpartition('/')[0]}/annotations/{stem}_exp.npy".lstrip("/")
        if label := known.get(path.lower()):
            row.label = _code(source.folder.path / label)
            row.reason = "" if row.label else "its label cannot be read"
        else:
            row.reason = "no label"
        yield row


def read_ckplus(source: Source) -> Iterator[Row]:
    """Read sequences that go from neutral to an emotion, which one file each names."""
    labels = {}
    for file in source.folder.files:
        if match := re.search(r"(?:^|/)(S\d{3}_\d{3})_\d+_emotion\.txt$", file, re.IGNORECASE):
            labels[match[1].upper()] = _number(source.folder.path / file)
    sequences = groupby(source.images.images, lambda image: Path(image).name[:8].upper())
    for sequence, images in sequences:
        frames = list(images)
        for place, frame in enumerate(frames):
            row = Row(frame, frame, subject=sequence[:4], label=labels.get(sequence, ""))
            if sequence not in labels:
                row.reason = "its sequence has no label"
            elif not row.label:
                row.reason = "its label cannot be read"
            elif place == 0 and len(frames) > 1:
                row.label = "neutral"
            elif place < len(frames) - 3:
                row.reason = "a frame between neutral and the emotion"
            yield row


def read_expw(source: Source, lists: list[str]) -> Iterator[Row]:
    """Read the list of faces: each is cut from its scene."""
    for file in lists:
        for number, line in _lines(source, file):
            match = re.fullmatch(EXPW_LINE, line)
            if match and match["name"] is None:  # the header
                continue
            row = Row(f"{file}:{number}")
            if match is None:
                row.reason = "not an image, a box and a code"
            else:
                row.label = match["label"]
                _find(source, row, match["name"], "")
                if row.file:
                    left, top, right, bottom = (
                        int(match[side]) for side in ("left", "top", "right", "bottom")
                    )
                    box = left, top, right, bottom
                    row.name = f"{Path(row.file).stem}_{match['face']}.png"
                    row.content = partial(cut, source.images.link_target(row.file), box)
            yield row


def read_patterned(
    source: Source, pattern: re.Pattern[str], only: Mapping[str, str]
) -> Iterator[Row]:
    """Read what the names of images say; `only` gives the values that some parts must have."""
    for image in source.images.images:
        row = Row(image, image)
        if match := pattern.search(image):
            _say(row, match, only)
            for key, value in only.items():
                if match[key].lower() != value:
                    row.reason = f"{key} {match[key]}"
        else:
            row.reason = OTHER_NAME
        yield row


def clips_in(source: Source) -> list[str]:
    """The files that are videos, by their names."""
    return [file for file in source.images.files if file.lower().endswith(clips.SUFFIXES)]


def read_clips(
    source: Source, pattern: re.Pattern[str], frames: int, prefer: Mapping[str, str]
) -> Iterator[Row]:
    """Read what the names of clips say: a row for each frame that is to be taken of one.

    Of clips whose names differ in a part of `prefer` only, which show the same, the one that has
    its value there is taken.
    """
    named = {file: pattern.search(file) for file in clips_in(source)}
    reasons = {
        file: _no_video(source, file) if match else OTHER_NAME for file, match in named.items()
    }
    for part, value in prefer.items():
        preferred = {
            _without(part, match)
            for file, match in named.items()
            if match and match[part] == value and not reasons[file]
        }
        for file, match in named.items():
            if match and match[part] != value and _without(part, match) in preferred:
                reasons[file] = f"the same pictures as {part} {value}"
    for file in source.images.files:
        if file.lower().endswith(clips.SOUNDS):
            yield Row(file, file, reason=clips.SOUND)
        elif file in named:
            yield from _frames(source, file, named[file], reasons[file], frames)


def _frames(
    source: Source, file: str, match: re.Match[str] | None, reason: str, frames: int
) -> Iterator[Row]:
    """A row for each frame of a clip; one where it is left out."""
    path, clip = source.images.link_target(file), Path(file).stem
    for place in range(1 if reason else frames):
        where, name = file, f"{clip}.jpg"
        if frames > 1 and not reason:
            where, name = f"{file}:{place + 1}", f"{clip}_{place + 1:02d}.jpg"
        row = Row(where, file, name=name, reason=reason)
        if match:
            _say(row, match)
            row.about = {"clip": clip, "frame": str(place + 1), **(row.about or {})}
        row.content = partial(clips.picture, path, frames, place)
        yield row


def tell_people(
    source: Source, rows: Iterable[Row], people: Sequence[str], sex: Sequence[str]
) -> Iterator[Row]:
    """Add what a dataset says of the people it shows.

    `people` are the columns of its table of them, the first of which names them; `sex` is that of
    an even number and of an odd one, where numbers tell it.
    """
    known: dict[str, dict[str, str]] = {}
    for table in source.tables.values() if people else ():
        if {*people} <= {*table.words}:
            columns = {word: table.columns[table.words.index(word)] for word in people}
            for _, cells in tables.read(table):
                if not isinstance(cells, str):
                    who, *said = (cells[columns[word]].strip() for word in people)
                    known[who.upper()] = dict(zip(people[1:], said, strict=True))
    for row in rows:
        if row.subject and known:
            row.about = {**(row.about or {}), **known.get(row.subject, {})}
        if row.subject.isdecimal() and sex:
            row.about = {**(row.about or {}), "sex": sex[int(row.subject) % 2]}
        yield row


def read_folders(source: Source, pools: Mapping[str, str], given: Container[str]) -> Iterator[Row]:
    """Read images in folders by emotion, by pool too where there are such folders.

    Folders in `given` decide; else folders that name different emotions name none. A pool's
    truth.csv, as this project writes it, says who is shown; else the folders below an emotion's
    do, where all images lie in such, or else those above it (`_above`).
    """
    people: dict[str, str] = {}
    for file in source.folder.files:
        if file.endswith("truth.csv") and (table := source.tables.get(file)):
            if not {"file", "subject"} <= set(table.columns):
                continue
            for _, cells in tables.read(table):
                if not isinstance(cells, str):
                    path = f"{file.removesuffix('truth.csv')}{cells['file']}"
                    people[path] = cells["subject"].strip()
    rows = []
    clips: dict[tuple[str, str], set[str]] = {}
    above: dict[str, str] = {}
    labels: dict[str, set[str]] = {}  # of each folder above an emotion's
    for image in source.images.images:
        label, below = label_of(image, given)
        named = {spelt_out(folder) for folder in image.split("/")[:-1]} - {None}
        row = Row(image, image, label, people.get(image, ""), folder_of(image, pools))
        rows.append(row)
        if len(named) > 1 and label not in given:
            row.reason = CLASH
        elif not spelt_out(label) and label not in given:
            row.label = "" if folder_of(f"{label}/", pools) else label
        elif not people:
            row.subject = next((folder for folder in below if fold(folder) not in pools), "")
            clips.setdefault((row.pool, label), set()).add(row.subject)
            above[image] = _above(image, label, pools)
            labels.setdefault(above[image], set()).add(spelt_out(label) or label)
    if any("" in some for some in clips.values()) or all(len(some) < 2 for some in clips.values()):
        for row in rows:
            row.subject = people.get(row.file, "")
        if "" not in labels and len(labels) > 1 and min(map(len, labels.values())) > 1:
            for row in rows:
                row.subject = above.get(row.file, "")
    yield from rows


def _above(path: str, label: str, pools: Mapping[str, str]) -> str:
    """The folder between an emotion's and its pool's, or the source; empty unless it is one."""
    folders = path.split("/")[:-1]
    folders = folders[: len(folders) - folders[::-1].index(label) - 1]
    pooled = [place for place, name in enumerate(folders) if folder_of(f"{name}/", pools)]
    between = folders[pooled[-1] + 1 :] if pooled else folders
    return between[0] if len(between) == 1 else ""


def cut(path: Path, box: tuple[int, int, int, int]) -> bytes:
    """Cut a face and a margin from a scene: PNG bytes.

    `box` is left, top, right and bottom in px. Raises ValueError where the scene cannot be decoded
    as it is stored or the box holds nothing of it.
    """
    scene = _scene(path)
    left, top, right, bottom = box
    across, down = round((right - left) * MARGIN), round((bottom - top) * MARGIN)
    face = scene[
        max(0, top - down) : max(0, bottom + down), max(0, left - across) : max(0, right + across)
    ]
    if not face.size or right <= left or bottom <= top:
        raise ValueError("its box is not in the image")
    return _png(Image.fromarray(face))


@lru_cache(maxsize=1)  # the faces of a scene follow each other
def _scene(path: Path) -> np.ndarray:
    scene = read_image(path)
    turned = False
    with Image.open(path, formats=FORMATS) as image, suppress(Exception):  # EXIF that is broken
        turned = image.getexif().get(ORIENTATION) in range(2, 9)
    if turned or image.size != scene.shape[1::-1]:
        raise ValueError("a scene that is turned or shrunk when it is read: its box does not fit")
    return scene


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _say(row: Row, match: re.Match[str], but: Container[str] = ()) -> None:
    """Take over what the parts of a name say, but some."""
    said = {key: value or "" for key, value in match.groupdict().items() if key not in but}
    row.label, row.pool = said.pop("label"), said.pop("pool", "")
    row.subject = said.pop("subject", "").upper()
    row.about = said or None


def _without(part: str, match: re.Match[str]) -> str:
    """A path without one part of its name."""
    return match.string[: match.start(part)] + match.string[match.end(part) :]


def _no_video(source: Source, file: str) -> str:
    """Why a clip can be none, by its first bytes, such as those of a pointer; empty if it may."""
    what = source.images.foreign.get(file, "")
    return "" if what.startswith(("a video", "not a picture")) else what


def _draw(row: Row, numbers: str) -> None:
    try:
        grey = bytes(map(int, numbers.split()))
    except ValueError:
        row.reason = "pixels that are no numbers from 0 to 255"
        return
    side = round(len(grey) ** 0.5)
    if side < 8 or side**2 != len(grey):
        row.reason = "pixels that are no square"
        return
    row.content = lambda: _png(Image.frombytes("L", (side, side), grey))


def _embedded(path: Path, column: str, index: int) -> bytes:
    content = tables.embedded(path, column, index)
    if not content:
        raise ValueError("no image in this row")
    return content


def _winner(votes: Mapping[str, int]) -> str:
    most = max(votes.values())
    first, *others = [name for name, number in votes.items() if number == most]
    if others:
        raise ValueError("tie")
    return first


def _find(source: Source, row: Row, text: str, base: str) -> None:
    try:
        row.file = source.images.find(text, base)
    except ValueError as error:
        row.file, row.reason = "", str(error)


def _lines(source: Source, file: str) -> Iterator[tuple[int, str]]:
    """The lines of a text that hold something, stripped, with their numbers from 1."""
    path = source.folder.path / file
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            if text := line.strip():
                yield number, text


def _column(source: Source, file: str, word: str) -> str:
    table = source.tables[file]
    return table.columns[table.words.index(word)]


def _code(path: Path) -> str:
    """The one number or text in a NumPy file; empty where there is none."""
    try:
        if path.stat().st_size > 2**12:  # a header may promise any size
            return ""
        return str(np.load(path, allow_pickle=False).item()).strip()
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, MemoryError):
        return ""


def _number(path: Path) -> str:
    """The whole number in a text such as '   3.0000000e+00'; empty where there is none."""
    try:
        return str(int(float(path.read_text(encoding="utf-8").strip())))
    except (OSError, ValueError, OverflowError):
        return ""
