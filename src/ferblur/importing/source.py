"""What the user has: the files below a folder, and how a table's paths find them."""

import os
import posixpath
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from ferblur.core.errors import UserError
from ferblur.curation.layout import is_junk
from ferblur.images.kinds import START, describe
from ferblur.importing import tables
from ferblur.importing.tables import IMAGE_SUFFIXES

_MAGIC = {
    rb"\xff\xd8\xff": ".jpg",
    rb"\x89PNG": ".png",
    rb"GIF8": ".gif",
    rb"RIFF.{4}WEBP": ".webp",
    rb"BM.{4}\0\0\0\0": ".bmp",
    rb"II\*\0|MM\0\*": ".tif",
}
_LISTS = (*tables.SUFFIXES, ".json", ".xml", ".html", ".md", ".npy", ".npz", ".mat", ".pkl", ".py")
"""What the names of lists, labels and notes end in, which nobody takes for images."""

UNREADABLE = "a folder that cannot be read"


def image_suffix(content: bytes) -> str:
    """The suffix that an image's first bytes call for; empty where they are no image's."""
    return next((suffix for magic, suffix in _MAGIC.items() if re.match(magic, content, re.S)), "")


class Folder:
    """The files below a folder; paths are relative to it, with slashes, and sorted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refused: dict[str, str] = {}

    @cached_property
    def files(self) -> list[str]:
        """Every regular file but junk; links that lead out of the folder are in `refused`.

        So are folders in it that cannot be read; raises UserError where it cannot be read itself.
        """
        found: list[str] = []
        for folder, folders, names in os.walk(self.path, onerror=self._unreadable):
            within = os.path.relpath(folder, self.path)
            prefix = "" if within == "." else within.replace(os.sep, "/") + "/"
            folders[:] = sorted(name for name in folders if not is_junk(name))
            for name in folders:
                if (Path(folder) / name).is_symlink():  # os.walk does not enter it
                    self.refused[prefix + name] = "a linked folder; give it itself, or as --images"
            for name in names:
                if is_junk(name):
                    continue
                if reason := self._refuse(f"{folder}/{name}"):
                    self.refused[prefix + name] = reason
                else:
                    found.append(prefix + name)
        return sorted(found)

    @cached_property
    def images(self) -> list[str]:
        """The files whose name, or else whose first bytes, are an image's."""
        return [file for file in self.files if not self._others.get(file)]

    @property
    def foreign(self) -> dict[str, str]:
        """What each file is, and what to do about it, that is neither an image nor a text."""
        return {file: what for file, what in self._others.items() if not what.startswith("text")}

    def find(self, text: str, base: str = "") -> str:
        """The file that a table calls `text`; `base` is the table's own folder.

        Slashes and backslashes, absolute paths of another machine, Unicode forms, and upper and
        lower case do not matter; leading folders and an image's suffix may be left out where one
        file is meant, and a path may begin with the folder's own name.
        Raises ValueError with the reason where there is no such file or more than one.
        """
        path = text.strip().replace("\\", "/")
        if not path:
            raise ValueError("no file named")
        if absolute := re.match(r"/|[A-Za-z]:/", path):
            parts = path[absolute.end() :].split("/")
            tried = ["/".join(parts[start:]) for start in range(len(parts))]
        else:
            plain = posixpath.normpath(path)
            tried = [posixpath.normpath(posixpath.join(base, path)), plain, *self._inside(plain)]
        if "%" in path:
            tried += [unquote(name) for name in tried]
        inside = [name for name in tried if name.split("/")[0] != ".."]
        if not inside:
            raise ValueError("its path leaves the source folder")
        for name in inside:
            if name in self._exact:
                return name
            if name in self.refused:
                raise ValueError(self.refused[name])
            if same := self._folded.get(_fold(name)):
                return _only(same)
        if not absolute:
            for name in inside:
                if same := _ending(_fold(name), self._by_name, _fold):
                    return _only(same)
        if not path.lower().endswith(IMAGE_SUFFIXES):
            for name in inside:
                same = _ending(_fold(name), self._by_stem, _stem)
                if same := [file for file in same if not absolute or _stem(file) == _fold(name)]:
                    return _only(same)
        raise ValueError("no such file")

    def link_target(self, file: str) -> Path:
        """The regular file behind `file`, which is inside the folder."""
        path = self.path / file
        return path.resolve() if path.is_symlink() else path

    def _inside(self, path: str) -> list[str]:
        """A path without its leading folders, where these are the ones that lead to this folder."""
        parts, here = path.split("/"), self.path.parts
        return [
            "/".join(parts[number:])
            for number in range(1, len(parts))
            if here[-number:] == tuple(parts[:number])
        ]

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(self.files)

    @cached_property
    def _folded(self) -> dict[str, list[str]]:
        return _group(self.files, _fold)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return _group(self.files, lambda file: _fold(file.rpartition("/")[2]))

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        return _group(self.images, lambda file: _stem(file.rpartition("/")[2]))

    @cached_property
    def _others(self) -> dict[str, str]:
        """What each file is that is no image, by its name or else by its first bytes."""
        named = (file for file in self.files if not file.lower().endswith(IMAGE_SUFFIXES))
        return {file: what for file in named if (what := self._other(file))}

    def _other(self, file: str) -> str:
        if file.lower().endswith(_LISTS):
            return "text"
        try:
            with (self.path / file).open("rb") as stream:
                start = stream.read(START)
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        return "" if image_suffix(start) else describe(start)

    def _refuse(self, path: str) -> str:
        """Why a file is not to be linked; empty where it may be."""
        mode = os.lstat(path).st_mode
        if stat.S_ISREG(mode):
            return ""
        if not stat.S_ISLNK(mode):
            return "not a regular file"
        target = os.path.realpath(path)
        if not target.startswith(f"{os.path.realpath(self.path)}{os.sep}"):
            return "a link that leaves the source folder"
        return "" if Path(target).is_file() else "a broken link"

    def _unreadable(self, error: OSError) -> None:
        within = os.path.relpath(error.filename, self.path)
        if within == ".":
            raise UserError(f"{error.filename}: cannot be read ({error.strerror})") from error
        self.refused[within.replace(os.sep, "/")] = f"{UNREADABLE} ({error.strerror})"


class Source:
    """A folder or one table, with the folder of its images."""

    def __init__(self, given: Path, images: Path | None = None, numbered: bool = False) -> None:
        """`numbered` says that tables have no header.

        Raises UserError where there is no such file or folder.
        """
        for path in filter(None, (given, images)):
            if not path.exists():
                raise UserError(f"{path}: no such file or folder")
        if images is not None and not images.is_dir():
            raise UserError(f"{images}: is not a folder of images")
        if not given.is_dir() and not given.is_file():
            raise UserError(f"{given}: neither a file nor a folder")
        self.given = given
        self.numbered = numbered
        self.whole = given.is_dir()
        self.passed: set[str] = set()
        """Images that the user's options pass over; nothing lists them."""
        self.nobody: set[str] = set()
        """Words that stand for a person in a table and mean none, such as NA."""
        self.folder = Folder((given if self.whole else given.parent).resolve())
        apart = images is not None and images.resolve() != self.folder.path
        self.images = Folder(images.resolve()) if images is not None and apart else self.folder

    @cached_property
    def texts(self) -> list[str]:
        """The files that may hold labels: the given one, or the folder's."""
        if not self.whole:
            return [self.given.name]
        return [
            file
            for file in self.folder.files
            if os.path.splitext(file)[1].lower() in tables.SUFFIXES  # noqa: PTH122
        ]

    @cached_property
    def first_lines(self) -> dict[str, str]:
        """The first line of each text that is not a table's own format."""
        return {file: self._first_line(file) for file in self.texts if not file.endswith("parquet")}

    @cached_property
    def tables(self) -> dict[str, tables.Table]:
        """The form of each file that is a table; a given file has to be one."""
        found = {}
        for file in self.texts:
            try:
                found[file] = tables.examine(self.folder.path / file, self.numbered)
            except UserError:
                if not self.whole:
                    raise
        tables.share_headers(found)
        return found

    def base(self, file: str) -> str:
        """The folder of a table within the images' folder, for its relative paths."""
        return posixpath.dirname(file) if self.images is self.folder else ""

    def _first_line(self, file: str) -> str:
        try:
            with (self.folder.path / file).open(encoding="utf-8-sig", errors="replace") as stream:
                return stream.readline(4096).strip()
        except OSError as error:
            raise UserError(f"{file}: cannot be read ({error.strerror})") from error


def words(path: str) -> Iterator[str]:
    """The names of a path's folders and file, without the suffix, and what each consists of.

    `Train_Set/train-00000-of-00002.parquet` gives Train_Set, train-00000-of-00002, train, 00000, …
    """
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    yield from (*folders, stem, *re.split(r"[\W_]+", stem))


def _group(files: list[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for file in files:
        grouped.setdefault(key(file), []).append(file)
    return grouped


def _ending(name: str, grouped: dict[str, list[str]], key: Callable[[str], str]) -> list[str]:
    """The files whose path, as compared, ends in these folders and this name."""
    files = grouped.get(name.rpartition("/")[2], [])
    return [file for file in files if f"/{key(file)}".endswith(f"/{name}")]


def _only(same: list[str]) -> str:
    if len(same) > 1:
        raise ValueError("several files have this name")
    return same[0]


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _stem(path: str) -> str:
    return _fold(os.path.splitext(path)[0])  # noqa: PTH122
