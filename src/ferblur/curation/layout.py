"""The one layout every dataset enters as: `<root>/{train,deployment}/<emotion>/<image>`.

A pool may carry a sidecar `truth.csv` (curation/sidecar.py); where it does, statistics are
clustered by subject. Hidden files and what other programs leave behind (`is_junk`) are no part of
a dataset; `.dvcignore` keeps the same from DVC's hashes (and any `Icon` with one more letter that
is not ASCII, as it cannot name a carriage return). `check` finds what would fail, hang or be
lost later, all of it in one go: DVC itself cannot hash a name that is not UTF-8 or a link to
nothing, waits for ever at a pipe, and sees no file behind a linked folder inside a pool or in a
folder that is a DVC repository of its own (tried with DVC 3.67).
"""

import difflib
import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ferblur.core.errors import UserError
from ferblur.core.study import POOLS
from ferblur.curation import sidecar
from ferblur.curation.sidecar import SIDECAR
from ferblur.curation.vocabulary import canonical, fold, nearest

JUNK = frozenset(
    {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "lost+found"}
)
"""Files and folders that file managers and archives leave behind, in lower case."""

POOL_WORDS = {
    "train": frozenset({"training", "trainset", "trainingset", "trn", "learning", "fer2013train"}),
    "deployment": frozenset(
        {"deploy", "test", "testing", "testset", "val", "valid", "validation", "valset", "validset",
         "validationset", "dev", "eval", "evaluation", "publictest", "privatetest", "fer2013valid",
         "fer2013test"}
    ),
}  # fmt: skip
"""What datasets call the pools, folded."""

MOST = 100
"""Faults that `check` writes out."""

IMPORTER = "python -m ferblur.importing"

# what breaks the tables of files, or a line of an error: control characters, line separators
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

# what may be wrong with an entry of an emotion's folder, in order, and what to do about it
KINDS = {
    "folder": "a folder inside an emotion's folder: move its images up, beside the others",
    "special": "neither a file nor a folder, so that reading it may never end: move it elsewhere",
    "nothing": "a link to nothing: bring back what it points to, or move the link elsewhere",
    "loop": "a link that leads back to itself: let it point to an image",
    "unreadable": "not readable by this user: chmod u+r",
    "encoding": "its name is not UTF-8, and DVC cannot hash it: rename it",
    "control": "a control character in its name, which no table of files can hold: rename it",
    "twin": "its name differs from another's only in case or in how an accent is encoded, and "
    "other systems keep only one of the two: rename it",
}


def is_junk(name: str) -> bool:
    """Whether a file or folder of this name is no part of a dataset.

    It is not where it is hidden, in `JUNK`, or an editor's backup (`0.jpg~`).
    """
    return name.startswith(".") or name.endswith("~") or name.lower() in JUNK


def list_files(root: Path, pool: str, emotions: Sequence[str]) -> list[str]:
    """List what is in the pool's folders of these emotions, as sorted paths inside the pool.

    Raises UserError where one of the folders is not there.
    """
    try:
        return sorted(
            f"{emotion}/{name}"
            for emotion in emotions
            for name in os.listdir(root / pool / emotion)
            if not is_junk(name)
        )
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read ({error.strerror})") from error


def left_out(root: Path, pool: str, emotions: Sequence[str]) -> dict[str, int]:
    """Count the files of the pool's folders of known emotions that are not among `emotions`."""
    folder = root / pool
    return {
        entry.name: sum(not is_junk(name) for name in os.listdir(entry))
        for entry in _entries(folder)
        if _is_folder(Path(entry)) and _emotion(entry.name, emotions) == (None, True)
    }


def check(root: Path, emotions: Sequence[str]) -> dict[str, dict[str, int]]:
    """Check the dataset's layout before any work; returns each pool's files by emotion.

    Raises UserError with all that is wrong, a line a fault: what, where, and what to do. Names of
    files are looked at, not their contents. A hundred thousand files take about a second.
    """
    faults, found = list(_root_faults(root)), dict[str, dict[str, int]]()
    if not faults:
        faults += _pool_faults(root, emotions)
        for pool in POOLS:
            if _is_folder(root / pool):
                files, wrong = _check_pool(root / pool, emotions, _outside(root))
                faults += wrong
                found[pool] = {emotion: len(files[emotion]) for emotion in emotions}
    if faults:
        more = len(faults) - MOST
        raise UserError("\n".join(faults[:MOST] + [f"and {more:,} more faults"] * (more > 0)))
    return found


def _outside(root: Path) -> bool:
    """Whether the dataset is outside the project, where .dvcignore does not apply."""
    return not _absolute(root).is_relative_to(Path.cwd())


def _absolute(path: Path) -> Path:
    """Where a path is by its name, as DVC takes it: links are not followed."""
    return Path(os.path.normpath(path.absolute()))


def _is_folder(path: Path) -> bool:
    """Whether a path leads to a folder; False where nobody may look."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, sorted, without junk."""
    with os.scandir(folder) as entries:
        return sorted((e for e in entries if not is_junk(e.name)), key=lambda entry: entry.name)


def _shown(path: Path | str) -> str:
    """A path that can be printed in a line, whatever is in it."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _folders(folder: Path) -> list[str]:
    return [entry.name for entry in _entries(folder) if _is_folder(Path(entry))]


def _root_faults(root: Path) -> Iterator[str]:
    """What keeps the dataset's folder from being looked into."""
    if not _is_folder(root):
        if os.path.lexists(root):
            what = "not a folder" if root.exists() else "a link to nothing"
            yield (
                f"{_shown(root)}: {what}; data.root must name a folder with {' and '.join(POOLS)} "
                f"({IMPORTER} SOURCE NAME makes one)"
            )
            return
        beside = _folders(root.parent) if os.access(root.parent, os.R_OK | os.X_OK) else []
        close = difflib.get_close_matches(root.name.lower(), map(str.lower, beside), n=3)
        close = [name for name in beside if name.lower() in close]
        meant = " or ".join(_shown(root.parent / name) for name in close)
        yield f"{_shown(root)}: no such folder; " + (
            f"does data.root mean {meant}?" if meant
            else f"data.root names it: put the dataset there, or bring one in with "
            f"{IMPORTER} SOURCE NAME"
        )  # fmt: skip
        return
    try:
        os.listdir(root)
    except OSError as error:
        yield f"{_shown(root)}: cannot be read ({error.strerror}): chmod u+rx"


def _pool_faults(root: Path, emotions: Sequence[str]) -> Iterator[str]:
    """What is wrong with the two pools as such."""
    missing = [pool for pool in POOLS if not _is_folder(root / pool)]
    here = _folders(root)
    if len(missing) == len(POOLS):
        deeper = [name for name in here if all(_is_folder(root / name / pool) for pool in POOLS)]
        if deeper:
            yield f"{_shown(root)}: has no pools, {_shown(root / deeper[0])} has: name that one"
            return
        if sum(_emotion(name, emotions) != (None, False) for name in here) > 1:
            parent = all(_is_folder(root.parent / pool) for pool in POOLS)
            yield f"{_shown(root)}: has folders of emotions, but must have the pools " + (
                f"{' and '.join(POOLS)}: name {_shown(root.parent)}" if parent
                else f"{' and '.join(POOLS)}; {IMPORTER} {_shown(root)} NAME draws them by person"
            )  # fmt: skip
            return
    for pool in missing:
        path = root / pool
        if os.path.lexists(path):
            what = "not a folder" if path.exists() else "a link to nothing"
            yield f"{_shown(path)}: {what}; it must hold a folder for each emotion"
            continue
        meant = " or ".join(_shown(root / name) for name in here if _pool(name) == pool)
        people = ", if other people are shown there" if pool == POOLS[1] else ""
        yield f"{_shown(path)}: no such folder; " + (
            f"rename {meant} to it{people}" if meant
            else f"data.root needs {' and '.join(f'{name}/' for name in POOLS)} "
            f"({IMPORTER} SOURCE NAME makes them)"
        )  # fmt: skip
    one, other = (Path(os.path.realpath(root / pool)) for pool in POOLS)
    if not missing and (one.is_relative_to(other) or other.is_relative_to(one)):
        yield (
            f"{_shown(root)}: {' and '.join(POOLS)} are the same folder, or one inside the other, "
            "but must show different people"
        )
    if not _outside(root):
        project = Path.cwd()
        inside = _absolute(root).relative_to(project)
        folders = [inside, *inside.parents[:-1], *(inside / pool for pool in POOLS)]
        for folder in sorted(f for f in folders if _is_folder(f / ".dvc") and f != Path()):
            yield (
                f"{_shown(folder / '.dvc')}: makes the folder a DVC repository of its own, in "
                "which DVC here would see no file: move this .dvc elsewhere"
            )


def _pool(name: str) -> str | None:
    """The pool that a folder of another name most likely is."""
    word = fold(name)
    for pool, words in POOL_WORDS.items():
        if word == pool or word in words:
            return pool
    return next(iter(difflib.get_close_matches(word, POOLS, n=1, cutoff=0.75)), None)


def _emotion(name: str, emotions: Sequence[str]) -> tuple[str | None, bool]:
    """The one of `emotions` that a folder is, or most likely means, and whether it names one.

    (None, True) is an emotion that is not among them, (None, False) an unknown name.
    """
    if name in emotions:
        return name, True
    known = canonical(name)
    same = [emotion for emotion in emotions if known and canonical(emotion) == known]
    if known and not same:
        return None, True
    return (same[0] if same else nearest(name, emotions)), False


def _check_pool(
    folder: Path, emotions: Sequence[str], outside: bool
) -> tuple[dict[str, list[str]], list[str]]:
    """A pool's files by emotion, and what is wrong in it."""
    files: dict[str, list[str]] = {emotion: [] for emotion in emotions}
    faults, loose, seen = list[str](), list[str](), set[str]()
    try:
        entries = _entries(folder)
    except OSError as error:
        return files, [f"{_shown(folder)}: cannot be read ({error.strerror}): chmod u+rx"]
    faults += _faults_of(folder, _junk_faults(folder) if outside else [])
    names = [entry.name for entry in entries]
    for entry in entries:
        path = folder / entry.name
        if entry.name == SIDECAR:
            continue
        if not _is_folder(path):
            loose.append(entry.name)
            continue
        emotion, is_name = _emotion(entry.name, emotions)
        if emotion is None and not is_name:
            faults.append(
                f"{_shown(path)}: not among data.emotions ({', '.join(emotions)}): add it there, "
                "or move the folder out of the pool"
                + f"; if it is a code, {IMPORTER} may know it"
                * entry.name.isdigit()
            )
            continue
        if entry.is_symlink():
            faults.append(
                f"{_shown(path)}: a link to a folder, in which DVC would not see a change: link "
                "the images instead, or the whole pool"
            )
        if emotion and not is_name:
            faults.append(
                f"{_shown(path)}: " + (f"means {emotion}? Move its images to {emotion}/"
                if emotion in names else f"rename it to '{emotion}', as data.emotions has it")
            )  # fmt: skip
        if emotion:
            seen.add(emotion)
        found, wrong = _check_folder(path, outside)
        faults += wrong
        if emotion:
            files[emotion] += [f"{emotion}/{name}" for name in found]
            if not (found or wrong):
                faults.append(f"{_shown(path)}: no images; every class needs some in both pools")
    faults += _loose_faults(folder, loose)
    for emotion in emotions:
        if emotion not in seen:
            faults.append(
                f"{_shown(folder / emotion)}: no such folder; both pools need every class: add "
                f"it, or take {emotion} out of data.emotions"
            )
    faults += sidecar.check(folder, sorted(file for some in files.values() for file in some))
    return files, faults


def _loose_faults(folder: Path, names: Sequence[str]) -> Iterator[str]:
    """What is wrong with files beside a pool's folders of emotions."""
    sidecars = [name for name in names if name.lower() == SIDECAR]
    if sidecars:
        yield f"{_shown(folder / sidecars[0])}: name it {SIDECAR}"
    if others := [name for name in names if name not in sidecars]:
        yield (
            f"{_named(folder, others)}: not in the folder of an emotion: move it there, or out of "
            f"the pool; a pool holds folders of emotions and {SIDECAR}"
        )


def _named(folder: Path, names: Sequence[str]) -> str:
    """The first of some names in a folder, and how many there are beside it."""
    more = len(names) - 1
    return _shown(folder / names[0]) + (f" and {more:,} more" if more else "")


def _junk_faults(folder: Path) -> Iterator[tuple[str, str]]:
    """Hidden files that DVC cannot hash, where it does not know that they are to be ignored."""
    with os.scandir(folder) as entries:
        junk = sorted((e for e in entries if is_junk(e.name)), key=lambda entry: entry.name)
    for entry in junk:
        if (kind := _kind(entry)) in ("special", "nothing", "loop", "encoding"):
            yield entry.name, kind


def _kind(entry: os.DirEntry[str]) -> str:
    """What is wrong with an entry, one of `KINDS`; empty where nothing is."""
    try:
        mode = 0 if entry.is_file(follow_symlinks=False) else entry.stat().st_mode
    except OSError as error:
        return {errno.ENOENT: "nothing", errno.ELOOP: "loop"}.get(error.errno or 0, "unreadable")
    if mode and not stat.S_ISREG(mode):
        return "folder" if stat.S_ISDIR(mode) else "special"
    if not entry.name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in entry.name):
        return "encoding"
    if CONTROL.search(entry.name):
        return "control"
    return "" if os.access(entry, os.R_OK) else "unreadable"


def _check_folder(folder: Path, outside: bool) -> tuple[list[str], list[str]]:
    """The names of an emotion's files, sorted, and what is wrong in its folder."""
    try:
        entries = _entries(folder)
    except OSError as error:
        return [], [f"{_shown(folder)}: cannot be read ({error.strerror}): chmod u+rx"]
    wrong, names, first = list[tuple[str, str]](), list[str](), set[str]()
    for entry in entries:
        name = entry.name
        if kind := _kind(entry):
            wrong.append((name, kind))
            continue
        names.append(name)
        same = name.lower() if name.isascii() else unicodedata.normalize("NFC", name).lower()
        if same in first:
            wrong.append((name, "twin"))
        first.add(same)
    if outside:
        wrong += _junk_faults(folder)
    return names, _faults_of(folder, wrong)


def _faults_of(folder: Path, wrong: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each kind of fault among the entries of a folder."""
    names: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name, kind in wrong:
        names[kind].append(name)
    return [f"{_named(folder, some)}: {KINDS[kind]}" for kind, some in names.items() if some]
