"""The layouts that can be imported: how each is recognised, and who reads it.

Codes, patterns and the words for columns and pools are data, in layouts.yaml.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ferblur.core.errors import UserError
from ferblur.core.files import read_yaml
from ferblur.curation.vocabulary import canonical
from ferblur.importing import readers, tables
from ferblur.importing.rows import Row
from ferblur.importing.source import Source
from ferblur.importing.tables import fold

WORDS: dict[str, Any] = read_yaml(Path(__file__).with_name("layouts.yaml"))
"""layouts.yaml."""

POOLS = {fold(word): pool for pool, words in WORDS["pools"].items() for word in words}
"""The pool that a dataset's word for one means."""

NO_EMOTION = frozenset(map(fold, WORDS["no_emotion"]))
"""Labels whose images are left out."""

VOTES = ("usage", "image_name", "neutral", "contempt", "nf")  # columns of FERPlus
SAMPLE = 1000  # images whose names are looked at


@dataclass(frozen=True)
class Options:
    """What the user says about a source."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Our name of a column to the table's: a header, or a place from 1 where there is none."""
    every: int = 1
    """Of a video, each how many-th frame is imported."""


@dataclass(frozen=True)
class Layout:
    """One form in which faces come."""

    name: str
    title: str
    mark: str
    """What it is recognised by, in words."""
    found: Callable[[Source], bool]
    read: Callable[[Source, Options], Iterator[Row]]
    does: str = ""
    """What is done beyond taking each image with its label."""
    general: bool = False
    """Whether another layout is the better description where one is found too."""
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

    Raises UserError where none is found, or several are.
    """
    if named is not None:
        return BY_NAME[named]
    if options.columns:
        return BY_NAME["table"]
    found = [layout for layout in LAYOUTS if layout.found(source)]
    special = [layout for layout in found if not layout.general] or found[:1]
    if len(special) > 1:
        raise UserError(
            f"{source.given}: looks like {' and '.join(layout.title for layout in special)}; "
            f"give the folder of one, or --layout {'|'.join(layout.name for layout in special)}"
        )
    if special:
        return special[0]
    if not source.whole:
        (table,) = source.tables.values()
        raise UserError(
            f"{source.given}: has no columns for the file and the emotion among "
            f"{', '.join(table.columns[:12])}; name them: --columns file=…,label=…"
            "[,subject=…,pool=…], by number where there is no header"
        )
    marks = "; ".join(f"{layout.name}: {layout.mark}" for layout in LAYOUTS)
    raise UserError(f"{source.given}: no known layout; looked for {marks}")


def roles(table: tables.Table, given: Mapping[str, str]) -> dict[str, str]:
    """The table's column for each of ours that it has: file, label, subject, pool.

    `given` is the user's choice; an empty name there means that none is to be taken.
    Raises UserError where the user names a column that it does not have.
    """
    found = {}
    for role, names in WORDS["columns"].items():
        if role in given:
            if not given[role]:
                continue
            if given[role] not in table.columns:
                raise UserError(
                    f"{table.path}: --columns: no column '{given[role]}'; "
                    f"there are {', '.join(table.columns[:12])}"
                )
            found[role] = given[role]
            continue
        place = next((table.words.index(name) for name in names if name in table.words), None)
        if place is not None:
            found[role] = table.columns[place]
    return found


def _plain(source: Source, columns: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The roles of columns in each table that names an image and its emotion."""
    found = {file: roles(table, columns) for file, table in source.tables.items()}
    return {
        file: found[file]
        for file, table in source.tables.items()
        if "label" in found[file]
        and ("file" in found[file] or tables.images(table))
        and "outcome" not in table.columns  # an earlier import's record
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


def _pixels(source: Source) -> list[str]:
    """The tables of pixels: of the same images in several forms, the one that says the pools."""
    found = _having(source, "pixels", "emotion")
    return [file for file in found if "usage" in source.tables[file].words] or found


def _ends(source: Source, suffix: str) -> bool:
    return source.whole and any(file.lower().endswith(suffix) for file in source.folder.files)


def _patterned(source: Source, pattern: re.Pattern[str]) -> bool:
    images = source.images.images if source.whole else []
    sample = images[:: len(images) // SAMPLE + 1]
    return sum(bool(pattern.search(image)) for image in sample) * 2 > len(sample)


def _sorted(source: Source) -> bool:
    """Whether images lie in folders named after emotions."""
    if not source.whole:
        return False
    return len({readers.label_of(image) for image in source.images.images} - {""}) > 1


def _read_plain(source: Source, options: Options, only: str = "") -> Iterator[Row]:
    """Read tables; of a folder's, those whose path `only` is found in."""
    found = _plain(source, options.columns)
    chosen = re.compile(only if source.whole else "")
    files = {file: columns for file, columns in found.items() if chosen.search(file)}
    if not files:
        raise UserError(
            f"{source.given}: no table with a column for the file and one for the emotion; "
            "name them: --columns file=…,label=…"
        )
    pools = {file: readers.pool_of(file, POOLS) for file in files} if source.whole else {}
    if len(files) > 1 and not all(pools.values()):
        raise UserError(f"{source.given}: several tables ({', '.join(files)}); give one of them")
    for file, columns in files.items():
        yield from readers.read_table(source, file, columns, pools.get(file, ""))


def _read_pixels(source: Source, options: Options) -> Iterator[Row]:
    files = _pixels(source)
    if len(files) != 1:
        raise UserError(f"{source.given}: one table of pixels is needed, not {len(files)}")
    return readers.read_pixels(source, files[0], roles(source.tables[files[0]], options.columns))


def _read_votes(source: Source, _: Options) -> Iterator[Row]:
    files = _having(source, *VOTES)
    if len(files) != 1:
        raise UserError(f"{source.given}: one table of votes is needed, not {len(files)}")
    return readers.read_votes(source, files[0], next(iter(_pixels(source)), ""))


def _read_patterned(
    source: Source, _: Options, pattern: re.Pattern[str], only: Mapping[str, str]
) -> Iterator[Row]:
    return readers.read_patterned(source, pattern, only)


def _patterns() -> Iterator[Layout]:
    for name, known in WORDS["datasets"].items():
        if "pattern" not in known:
            continue
        pattern = re.compile(f"(?:^|/){known['pattern']}$", re.IGNORECASE)
        only = known.get("only", {})
        yield Layout(
            name,
            known["title"],
            f"names that match {known['pattern']}",
            partial(_patterned, pattern=pattern),
            partial(_read_patterned, pattern=pattern, only=only),
            f"only {', '.join(f'{key} {value}' for key, value in only.items())}" if only else "",
        )


LAYOUTS = (
    Layout(
        "affwild2", "Aff-Wild2", "annotations that begin with Neutral,Anger,Disgust,…",
        lambda source: bool(_annotations(source)),
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
        lambda source: bool(_starts(source, readers.RAFDB_LINE)),
        lambda source, _: readers.read_rafdb(source, _starts(source, readers.RAFDB_LINE)),
        "the aligned image is taken where there is one, else the original",
    ),
    Layout(
        "ferplus", "FERPlus", "a table with the columns neutral, …, contempt, unknown, NF",
        lambda source: bool(_having(source, *VOTES)),
        _read_votes,
        "an image has the emotion with the most of its ten votes; ties, and images where most say "
        "unknown or no face, are left out",
    ),
    Layout(
        "fer2013", "FER2013, or CK+ in its form", "a table with the columns emotion and pixels",
        lambda source: bool(_pixels(source)) and not _having(source, *VOTES),
        _read_pixels,
        "pixels become PNG files",
    ),
    Layout(
        "affectnet", "AffectNet, first release", "tables with the column subDirectory_filePath",
        lambda source: bool(_having(source, "subdirectory_filepath", "expression")),
        lambda source, options: _read_plain(source, options, r"(training|validation)\.csv$"),
        "whole images are taken, as the pipeline finds the faces; lists that a machine labelled "
        "are not read",
    ),
    Layout(
        "affectnet-npy", "AffectNet, later release", "annotations/…_exp.npy",
        lambda source: _ends(source, "_exp.npy"),
        lambda source, _: readers.read_affectnet(source),
    ),
    Layout(
        "ckplus", "CK+", "Emotion/…_emotion.txt",
        lambda source: _ends(source, "_emotion.txt"),
        lambda source, _: readers.read_ckplus(source),
        "of a labelled sequence, the last three frames show its emotion, and the first is neutral",
    ),
    Layout(
        "expw", "ExpW", "a list of image, face, box and expression, such as 'a.jpg 0 28 …'",
        lambda source: bool(_starts(source, readers.EXPW_LINE)),
        lambda source, _: readers.read_expw(source, _starts(source, readers.EXPW_LINE)),
        "faces are cut from the scenes, with a margin of a quarter of the box on each side",
    ),
    Layout(
        "muxspace", "muxspace/facial_expressions", "legend.csv with user.id,image,emotion",
        lambda source: any(
            file.endswith("legend.csv") for file in _having(source, "user_id", "image", "emotion")
        ),
        lambda source, options: _read_plain(source, options, r"legend\.csv$"),
        "user.id is who labelled, not who is shown, and is not used",
    ),
    *_patterns(),
    Layout(
        "table", "a table of images and their emotions", "columns such as file and emotion",
        lambda source: bool(_plain(source, {})),
        _read_plain,
        general=True,
    ),
    Layout(
        "folders", "images in folders by emotion", "folders such as train/happy/",
        _sorted,
        lambda source, _: readers.read_folders(source, POOLS),
        general=True,
    ),
)  # fmt: skip
"""Special layouts first, then general ones, the better description first."""

BY_NAME = {layout.name: layout for layout in LAYOUTS}
