"""What to say of a source that nobody can read."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ferblur.importing.source import Source
from ferblur.importing.tables import names_images

PACKED = re.compile(r"\.(zip|tar|gz|tgz|bz2|xz|7z|rar)(\.\d+)?$", re.IGNORECASE)
SHOWN = 3  # files or folders
WIDEST = 12  # columns


def unrecognised(source: Source, layouts: Sequence[str]) -> str:
    """Why a source has no known layout, and what would help, in one line."""
    if not source.whole:
        return no_columns(source, {})
    files, images = source.folder.files, source.images.images
    refused = source.folder.refused | source.images.refused | source.images.foreign
    packed = [file for file in files if PACKED.search(file)]
    if packed and not images:
        return f"holds {_some(packed)}, but no images: unpack it"
    reasons = (f"{name}: {reason}" for name, reason in sorted(refused.items()))
    lost = f"{': ' * bool(refused)}{_some(reasons, '; ')}"
    if not files and not images:
        return f"no files{lost}"
    said = (
        f"{len(images):,} images, and nothing says their emotion" if images else f"no images{lost}"
    )
    if _lists(source):
        return f"{said}; {no_columns(source, {})}"
    if len(folders := {image.rpartition("/")[0].rpartition("/")[2] for image in images}) > 1:
        some = sorted(filter(None, folders))
        said += f"; if their folders ({_some(some)}) are emotions: --labels {some[0]}=anger,…"
    return (
        f"{said}; a dataset of the field: --layout, one of {', '.join(layouts)} "
        "(--help says what each looks like)"
    )


def no_columns(source: Source, given: Mapping[str, str]) -> str:
    """That no table has the columns that are needed, which ones there are, and how to name them."""
    known = {"", *(name for table in source.tables.values() for name in table.columns)}
    wanted = ", ".join(sorted({*given.values()} - known)) or "for the file and the emotion"
    there = {file: ", ".join(source.tables[file].columns[:WIDEST]) for file in _lists(source)}
    if source.whole:
        columns = _some((f"{file} has {names}" for file, names in there.items()), "; ")
        said = f"no table with columns {wanted}" + (f" ({columns})" if columns else "")
    else:
        said = f"has no columns {wanted} among {there[source.given.name]}"
    return (
        f"{said}; name them: --columns file=…,label=…[,subject=…,pool=…], by number where there is "
        "no header"
    )


def _lists(source: Source) -> list[str]:
    """The tables that may list images: any but plain texts that name none."""
    return [
        file
        for file, table in source.tables.items()
        if not source.whole or not file.lower().endswith(".txt") or names_images(table)
    ]


def _some(words: Iterable[str], between: str = ", ") -> str:
    """The first few of some words, and how many more there are."""
    known = list(words)
    more = f" and {len(known) - SHOWN:,} more" if len(known) > SHOWN else ""
    return between.join(known[:SHOWN]) + more
