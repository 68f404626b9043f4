"""The layouts that can be imported: how each is recognised, and who reads it.

Codes, patterns and the words for columns are data, in layouts.yaml.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ferblur.core.errors import UserError
from ferblur.core.files import read_yaml
from ferblur.curation.layout import POOL_WORDS
from ferblur.curation.vocabulary import canonical, fold, spelt_out
from ferblur.importing import advice, readers, tables
from ferblur.importing.rows import Row
from ferblur.importing.source import Source

WORDS: dict[str, Any] = read_yaml(Path(__file__).with_name("layouts.yaml"))
"""layouts.yaml."""

COLUMNS = {role: [*map(fold, names)] for role, names in WORDS["columns"].items()}
"""The headers that tables have for each of our columns, as they are compared."""

POOLS = {word: pool for pool, words in POOL_WORDS.items() for word in (pool, *words)}
"""The pool that a dataset's word for one means."""

NO_EMOTION = frozenset(map(fold, WORDS["no_emotion"]))
"""Labels whose images are left out."""

VOTES = ("usage", "imagename", "neutral", "contempt", "nf")  # columns of FERPlus
SAMPLE = 1000  # images whose names are looked at

CLIPS = (
    "of each clip the frame in the middle is taken, or --frames N; where there are frames that are "
    "pictures already, these are"
)


@dataclass(frozen=True)
class Options:
    """What the user says about a source."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Our name of a column to the table's: a header, or a place from 1 where there is none.

    Nothing stands for none.
    """
    labels: Mapping[str, str] = field(default_factory=dict)
    """The emotion of a label; nothing where it is to be left out."""
    every: int = 1
    """Of a video, each how many-th frame is imported."""
    frames: int = 1
    """How many frames are taken of a clip."""


@dataclass(frozen=True)
class Layout:
    """One form in which faces come."""

    name: str
    title: str
    mark: str
    """What it is recognised by, in words."""
    found: Callable[[Source, Options], bool]
    read: Callable[[Source, Options], Iterator[Row]]
    does: str = ""
    """What is done beyond taking each image with its label."""
    general: bool = False
    """Whether another layout is the better description where one is found too."""
    meaning: Callable[[str], str | None] = canonical
    """The emotion of a label that is no code of the layout's."""
    profile: str = "demo"
    name_parts: int = 1
    """The parts of an image's path that its new name has at least."""

    @property
    def codes(self) -> dict[str, str | None]:
        """The emotion of each code of a label; None where the code is none's."""
        known = WORDS["datasets"].get(self.name, {})
        coded = WORDS["datasets"].get(known.get("coded"), known).get("codes", {})
        return dict(coded)


def recognise(source: Source, options: Options, named: str | None = None) -> Layout:
    """The layout that a source has; `named` is the user's word for it.

    A table whose columns the user names is a plain one, but where it holds pixels.
    Raises UserError where none is found, or several are.
    """
    if named is not None:
        return BY_NAME[named]
    given = options.columns
    if given.get("file") or (any(given.values()) and not _pixels(source, given)):
        return BY_NAME["table"]
    found = [layout for layout in LAYOUTS if layout.found(source, options)]
    special = [layout for layout in found if not layout.general] or found[:1]
    if len(special) > 1:
        raise UserError(
            f"{source.given}: looks like {' and '.join(layout.title for layout in special)}; "
            f"give the folder of one, or --layout {'|'.join(layout.name for layout in special)}"
        )
    if special:
        return special[0]
    raise UserError(f"{source.given}: {advice.unrecognised(source, [*BY_NAME])}")


def roles(table: tables.Table, given: Mapping[str, str]) -> dict[str, str]:
    """The table's column for each of ours that it has: file, label, subject, pool.

    `given` is the user's choice; an empty name there means that none is to be taken.
    """
    found = {}
    for role, names in COLUMNS.items():
        if role in given:
            if given[role]:
                found[role] = given[role]
            continue
        place = next((table.words.index(name) for name in names if name in table.words), None)
        if place is not None:
            found[role] = table.columns[place]
    return found


def _roles(source: Source, given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The roles of columns in each table that has all that the user names."""
    named = set(filter(None, given.values()))
    return {
        file: roles(table, given)
        for file, table in source.tables.items()
        if named <= {*table.columns}
    }


def _plain(source: Source, given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The roles of columns in each table that names an image and its emotion."""
    return {
        file: columns
        for file, columns in _roles(source, given).items()
        if "label" in columns
        and ("file" in columns or tables.images(source.tables[file]))
        and "outcome" not in source.tables[file].columns  # an earlier import's record
    }


def _having(source: Source, *words: str) -> list[str]:
    """The tables that have all of these columns."""
    return [file for file, table in source.tables.items() if set(words) <= set(table.words)]


def _starts(source: Source, pattern: str) -> list[str]:
    """The texts whose first line matches."""
    return [file for file, line in source.first_lines.items() if re.fullmatch(pattern, line)]


def _annotations(source: Source) -> list[str]:
    """The texts whose first line names the emotions, as Aff-Wild2's do."""

    def is_named(line: str) -> bool:
        names = [name.strip() for name in line.split(",")]
        return len(names) >= 6 and all(canonical(n) or fold(n) in NO_EMOTION for n in names)

    return [file for file, line in source.first_lines.items() if is_named(line)]


def _pixels(source: Source, given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The roles of columns in the tables of pixels; those that say the pools, where any does."""
    found = {
        file: columns
        for file, columns in _roles(source, given).items()
        if "pixels" in source.tables[file].words
        and (given.get("label") or fold(columns.get("label", "")) == "emotion")
    }
    return {f: c for f, c in found.items() if "usage" in source.tables[f].words} or found


def _ends(source: Source, suffix: str) -> bool:
    return source.whole and any(file.lower().endswith(suffix) for file in source.folder.files)


def _patterned(source: Source, _: Options, pattern: re.Pattern[str], clips: bool) -> bool:
    """Whether most images have such names, or most clips, where a dataset has these."""
    if not source.whole:
        return False
    return _match(source.images.images, pattern) or (
        clips and _match(readers.clips_in(source), pattern)
    )


def _match(files: Sequence[str], pattern: re.Pattern[str]) -> bool:
    sample = files[:: len(files) // SAMPLE + 1]
    return sum(bool(pattern.search(file)) for file in sample) * 2 > len(sample)


def _sorted(source: Source, options: Options) -> bool:
    """Whether images lie in folders of at least two emotions, by their names or by the user's."""
    images = source.images.images if source.whole else []
    labels = {readers.label_of(image, options.labels)[0] for image in images}
    return len({options.labels.get(label, spelt_out(label)) for label in labels} - {None}) > 1


def _read_plain(source: Source, options: Options, only: str = "") -> Iterator[Row]:
    """Read tables; of a folder's, those whose path `only` is found in.

    Where no table says the pools, the folders of the images may.
    """
    found = _plain(source, options.columns)
    chosen = re.compile(only if source.whole else "")
    files = {file: columns for file, columns in found.items() if chosen.search(file)}
    if not files:
        raise UserError(f"{source.given}: {advice.no_columns(source, options.columns)}")
    pools = {file: readers.pool_of(file, POOLS) for file in files} if source.whole else {}
    if len(files) > 1 and not all(pools.values()):
        naming = [file for file in files if tables.names_images(source.tables[file])]
        file = _one(source, "table of images", naming or [*files])
        files = {file: files[file]}
    rows = [
        row
        for file, columns in files.items()
        for row in readers.read_table(source, file, columns, pools.get(file, ""))
    ]
    if "pool" not in options.columns and not any(row.pool for row in rows):
        named = {row.file: readers.folder_of(row.file, POOLS) for row in rows if row.file}
        if all(named.values()):
            for row in rows:
                row.pool = named.get(row.file, "")
    return iter(rows)


def _read_pixels(source: Source, options: Options) -> Iterator[Row]:
    found = _pixels(source, options.columns)
    first, *others = [*found] or [""]
    if not found or not all(readers.same_pixels(source, first, one, found) for one in others):
        _one(source, "table of pixels", [*found])
    return readers.read_pixels(source, first, found[first])


def _read_votes(source: Source, _: Options) -> Iterator[Row]:
    file = _one(source, "table of votes", _having(source, *VOTES))
    return readers.read_votes(source, file, next(iter(_pixels(source, {})), ""))


def _one(source: Source, what: str, files: list[str]) -> str:
    """The only file of a kind; raises UserError where there are more, or none."""
    if len(files) == 1:
        return files[0]
    raise UserError(
        f"{source.given}: several are a {what} ({', '.join(files)}); give the one that you mean"
        if files
        else f"{source.given}: no {what}"
    )


def _read_patterned(
    source: Source, options: Options, pattern: re.Pattern[str], known: Mapping[str, Any]
) -> Iterator[Row]:
    """Read images by their names; clips, where a dataset has these and no frames of them."""
    only, clips = known.get("only", {}), known.get("clips", False)
    if clips and readers.clips_in(source) and not _match(source.images.images, pattern):
        rows = readers.read_clips(source, pattern, options.frames, known.get("prefer", {}))
    else:
        rows = readers.read_patterned(source, pattern, only)
    return readers.tell_people(source, rows, known.get("people", ()), known.get("sex", ()))


def _patterns() -> Iterator[Layout]:
    for name, known in WORDS["datasets"].items():
        if "pattern" not in known:
            continue
        pattern = re.compile(f"(?:^|/){known['pattern']}$", re.IGNORECASE | re.VERBOSE)
        clips = known.get("clips", False)
        does = [f"only {key} {value}" for key, value in known.get("only", {}).items()]
        does += [CLIPS, known["does"]] if clips else []
        yield Layout(
            name,
            known["title"],
            f"names such as {known['example']}",
            partial(_patterned, pattern=pattern, clips=clips),
            partial(_read_patterned, pattern=pattern, known=known),
            "; ".join(does),
        )


LAYOUTS = (
    Layout(
        "affwild2", "Aff-Wild2", "annotations that begin with Neutral,Anger,Disgust,…",
        lambda source, _: bool(_annotations(source)),
        lambda source, options: readers.read_affwild2(
            source, _annotations(source), options.every, POOLS
        ),
        "line k+1 of an annotation is frame k; people are videos, so that all frames of one stay "
        "in one pool; frames labelled -1 or Other are left out",
        profile="affwild2",
        name_parts=2,
    ),
    Layout(
        "rafdb", "RAF-DB", "a list that begins like 'train_00001.jpg 5'",
        lambda source, _: bool(_starts(source, readers.RAFDB_LINE)),
        lambda source, options: readers.read_rafdb(
            source, _starts(source, readers.RAFDB_LINE), options.labels
        ),
        "the aligned image is taken where there is one, else the original",
    ),
    Layout(
        "ferplus", "FERPlus", "a table with the columns neutral, …, contempt, unknown, NF",
        lambda source, _: bool(_having(source, *VOTES)),
        _read_votes,
        "an image has the emotion with the most of its ten votes; ties, and images where most say "
        "unknown or no face, are left out",
    ),
    Layout(
        "fer2013", "FER2013, or CK+ in its form", "a table with the columns emotion and pixels",
        lambda source, options: (
            bool(_pixels(source, options.columns)) and not _having(source, *VOTES)
        ),
        _read_pixels,
        "pixels become PNG files",
    ),
    Layout(
        "affectnet", "AffectNet, first release", "tables with the column subDirectory_filePath",
        lambda source, _: bool(_having(source, "subdirectoryfilepath", "expression")),
        lambda source, options: _read_plain(source, options, r"(training|validation)\.csv$"),
        "whole images are taken, as the pipeline finds the faces; lists that a machine labelled "
        "are not read",
    ),
    Layout(
        "affectnet-npy", "AffectNet, later release", "annotations/…_exp.npy",
        lambda source, _: _ends(source, "_exp.npy"),
        lambda source, _: readers.read_affectnet(source),
    ),
    Layout(
        "ckplus", "CK+", "Emotion/…_emotion.txt",
        lambda source, _: _ends(source, "_emotion.txt"),
        lambda source, _: readers.read_ckplus(source),
        "of a labelled sequence, the last three frames show its emotion, and the first is neutral",
    ),
    Layout(
        "expw", "ExpW", "a list of image, face, box and expression, such as 'a.jpg 0 28 …'",
        lambda source, _: bool(_starts(source, readers.EXPW_LINE)),
        lambda source, _: readers.read_expw(source, _starts(source, readers.EXPW_LINE)),
        "faces are cut from the scenes, with a margin of a quarter of the box on each side",
    ),
    Layout(
        "muxspace", "muxspace/facial_expressions", "legend.csv with user.id,image,emotion",
        lambda source, _: any(
            file.endswith("legend.csv") for file in _having(source, "userid", "image", "emotion")
        ),
        lambda source, options: readers.name_people(
            _read_plain(source, options, r"legend\.csv$")
        ),
        "an image's name says who is shown: what stands before its number (Jane_Doe_0001.jpg, "
        "JaneDoe_7.jpg), in any case, and a name without a number is a person of its own; user.id "
        "is who labelled, and is not used",
    ),
    *_patterns(),
    Layout(
        "table", "a table of images and their emotions", "columns such as file and emotion",
        lambda source, options: bool(_plain(source, options.columns)),
        _read_plain,
        general=True,
    ),
    Layout(
        "folders", "images in folders by emotion", "folders such as train/happy/",
        _sorted,
        lambda source, options: readers.read_folders(source, POOLS, options.labels),
        "each folder below an emotion's is taken for a clip or a person, and stays in one pool; so "
        "is each above it, where all images lie in one that holds several emotions",
        general=True,
        meaning=spelt_out,
    ),
)  # fmt: skip
"""Special layouts first, then general ones, the better description first."""

BY_NAME = {layout.name: layout for layout in LAYOUTS}
