"""Bring public photographs of faces in: `make photographs`.

Fetches one commit of muxspace/facial_expressions with git, or takes it from SOURCE, checks every
file of it that is used, and imports it as datasets/photographs, with the emotions and for the
profile in profiles/photographs.yaml. `--delete` removes all of it again.

Nothing of the photographs is in this repository, and neither are the names of the people they
show. The files' paths are such names, so the list that the files are checked against,
photographs.csv, holds hashes alone: of each file, the first digits of the SHA-256 of its path and
of its content, sorted. It can tell of any file whether it belongs to the set, and unchanged, and
it lists nobody; but the set's names are public, and whoever has one can try it against the hashes.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from ferblur.core.errors import UserError, one_line, printable
from ferblur.core.files import sha256, write_text
from ferblur.core.params import load_params
from ferblur.core.resume import PARTIAL
from ferblur.importing import __main__ as importing
from ferblur.importing import profile, writing

ADDRESS = "https://github.com/muxspace/facial_expressions"
NAME = "photographs"
MANIFEST = Path(__file__).with_suffix(".csv")
SOURCES = Path("datasets/.sources")
PLACE = SOURCES / "facial_expressions"
"""The files that are used, as the repository has them; git and DVC ignore the folder."""

LEGEND = "data/legend.csv"
IMAGES = "images"
PATH, CONTENT = 12, 24
"""Hexadecimal digits that are kept of a hash: 48 bits tell 14,000 paths apart, and nobody can make
a file with 96 given bits."""

MOST = 400
"""Images of an emotion: the set has 5,696 of happiness, and of no other above 368."""

SHARE, SEED = 0.33, 1

LICENCE = """\
These are photographs of people. The repository they come from is under the Apache License 2.0, but
most of its files are news photographs of named people, under the names of the set Labeled Faces in
the Wild, and others are stills of films. Its licence cannot settle the rights in them, and nothing
says that the people shown agreed. Use them for research on machines of your own, and
pass nothing on that shows or names anybody: no image, no figure, no table of files.
make photographs-delete removes them and says what else was made from them (docs/ethics.md)."""

DELETED = """\
What was made from them may still be in data/, models/, .partial/, results/report.html and in DVC's
cache, and a clone or a folder that you gave as SOURCE is where it was. After a run on photographs:
  rm -rf data models .partial results/report.html
  git restore params.yaml dvc.lock results paper/figures paper/tables paper/main.pdf
  dvc gc --workspace    # deletes from .dvc/cache whatever no dvc.lock here names
A DVC remote, backups and experiments (dvc exp) are yours to clear; docs/ethics.md has the commands.
"""


def main(arguments: argparse.Namespace) -> None:
    """Do what is asked for. Raises UserError where anything is in the way; then nothing is new."""
    with alone():
        if arguments.delete:
            delete()
        elif arguments.pin:
            pin(arguments.source, arguments.pin)
        else:
            bring(arguments.source)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line. Raises UserError on a mistake in it."""
    parser = importing.Parser(prog=f"python -m {__spec__.name}", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help=f"a clone, a bundle or another address instead of {ADDRESS}, or an unpacked folder "
        f"with {IMAGES}/ and {LEGEND}",
    )
    parser.add_argument("--delete", action="store_true", help="remove the photographs")
    parser.add_argument(
        "--pin", metavar="COMMIT", type=_commit, help=f"write {MANIFEST.name} anew, for COMMIT"
    )
    return parser.parse_args(arguments)


def bring(source: str | None) -> None:
    """Fetch, check and import."""
    settings = profile.named(NAME)
    emotions = load_params(settings).data.emotions
    commit, wanted = read_manifest()
    if PLACE.is_dir():
        check(PLACE, wanted, f"{PLACE}: delete it, then run this again: it has")
        print(f"{PLACE}: is there already, and checked")
    else:
        with arriving(source, commit) as folder:
            check(folder, wanted, f"{source or ADDRESS}: has not the files of commit {commit}:")
        print(f"{PLACE}: {len(wanted):,} files of commit {commit[:12]}, checked")
    options = {"emotions": ",".join(emotions), "most": MOST, "seed": SEED, "deployment": SHARE}
    flags = [f"--{name}={value}" for name, value in options.items()]
    importing.main(importing.parse([str(PLACE), NAME, *flags]))
    print(f"\n{LICENCE}")


def pin(source: str | None, commit: str) -> None:
    """Write the manifest for another commit."""
    if unpacked(source):
        raise UserError(f"{source}: is no git repository, which --pin reads a commit from")
    if PLACE.is_dir():
        raise UserError(f"{PLACE}: holds the files of an earlier commit; delete it first")
    with arriving(source, commit) as folder:
        found = fingerprints(folder)
        write_manifest(commit, found)
    print(f"{MANIFEST}: {len(found):,} files of commit {commit}; make photographs imports them")


def delete() -> None:
    """Remove the fetched files and the dataset, and say where more may be."""
    dataset = writing.DATASETS / NAME
    earlier = Path(writing.origin(dataset).get("source", "")).parts
    if os.path.lexists(dataset) and earlier[-len(PLACE.parts) :] != PLACE.parts:
        raise UserError(f"{dataset}: was not imported from {PLACE}: delete it yourself")
    halves = (writing.DATASETS / f".{NAME}.{half}" for half in ("new", "old"))
    for place in (dataset, *halves, PLACE, *_unfinished()):
        if place.is_dir():
            shutil.rmtree(place)
            print(f"{place}: deleted")
    if SOURCES.is_dir() and not any(SOURCES.iterdir()):
        SOURCES.rmdir()
    print(DELETED, end="")


@contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of this command. Raises UserError where another one is under way."""
    PARTIAL.mkdir(exist_ok=True)
    try:
        with FileLock(PARTIAL / f"{NAME}.lock", timeout=0):
            yield
    except Timeout:
        raise UserError("make photographs: another one is under way") from None


@contextmanager
def arriving(source: str | None, commit: str) -> Iterator[Path]:
    """Yield a folder with the commit's files; it becomes PLACE if the block succeeds.

    What git fetched is kept until then, so that a killed run need not fetch it again, nor one in
    which git could not write the files. Raises UserError with git's words, and with what to do
    without a network.
    """
    folder, repository = _unfinished()
    said = ""
    shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
    folder.mkdir(parents=True)
    try:
        if given := unpacked(source):
            copy(given, folder)
        else:
            fetch(source or ADDRESS, commit, repository)
            said = _git(repository, f"--work-tree={folder}", "checkout", "--force", "--quiet",
                        commit, "--", IMAGES, LEGEND, plain=True)  # fmt: skip
            if said:
                said = re.sub(rf"{IMAGES}/[\w.-]+", f"{IMAGES}/…", said)  # a name of somebody
                raise UserError(f"{folder}: {said}; what was fetched is kept for the next run")
        yield folder
        folder.rename(PLACE)
        shutil.rmtree(repository, ignore_errors=True)
    except UserError:
        if not said:
            shutil.rmtree(repository, ignore_errors=True)  # it is of no use
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unpacked(source: str | None) -> Path | None:
    """The folder that SOURCE is, where it is one and no git repository.

    Raises UserError where it is a folder without the files, or nothing that there is.
    """
    if not source:
        return None
    path = Path(source).expanduser()
    if not path.exists():
        if "://" in source or re.match(r"[\w.@-]+:", source):
            return None
        raise UserError(f"{source}: no such file or folder")
    if not path.is_dir() or (path / ".git").exists() or (path / "objects").is_dir():
        return None
    if not ((path / IMAGES).is_dir() and (path / LEGEND).is_file()):
        raise UserError(f"{source}: must hold {IMAGES}/ and {LEGEND}, or be a git repository")
    return path


def copy(source: Path, folder: Path) -> None:
    """Copy the files that are used. Raises UserError on any that is no regular file."""
    for path in listed(source):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target)


def fetch(source: str, commit: str, repository: Path) -> None:
    """Fetch one commit into a bare repository, alone where the server gives it so, else with all.

    Raises UserError where that fails, or the commit is not there.
    """
    if repository.is_dir() and _has(repository, commit):
        return
    shutil.rmtree(repository, ignore_errors=True)
    repository.mkdir(parents=True)
    _git(repository, "init", "--bare", "--quiet", "--template=")
    here = Path(source).expanduser()
    place = str(here.resolve()) if here.exists() else source
    remedy = (
        f"without a network, bring a clone of {ADDRESS} here, or a folder with {IMAGES}/ and "
        f"{LEGEND} of its commit {commit}, and run make photographs SOURCE=folder"
    )
    shown = "--progress" if sys.stderr.isatty() else "--quiet"
    for wanted in (("--depth=1", place, commit), (place, "+refs/*:refs/all/*"), (place, "HEAD")):
        said = _git(repository, "fetch", "--no-tags", shown, *wanted, show=True)
        if _has(repository, commit):
            return
        if said and not any(words in said for words in (commit, "shallow", "remote ref")):
            raise UserError(f"{source}: {said}; {remedy}")
    raise UserError(f"{source}: has no commit {commit}; {remedy}")


def listed(folder: Path) -> list[str]:
    """The paths of all files that are used, sorted: the legend and the images.

    Raises UserError counting what there is no regular file, such as a link or a folder.
    """
    names = sorted(os.listdir(folder / IMAGES))
    paths = [LEGEND, *(f"{IMAGES}/{name}" for name in names)]
    odd = [path for path in paths if (folder / path).is_symlink() or not (folder / path).is_file()]
    if odd:
        raise UserError(f"{folder}: {len(odd):,} of {len(paths):,} are no regular files")
    return paths


def fingerprints(folder: Path) -> dict[str, str]:
    """The shortened hash of each used file's content, by that of its path."""
    return {
        hashlib.sha256(os.fsencode(path)).hexdigest()[:PATH]: sha256(folder / path)[:CONTENT]
        for path in listed(folder)
    }


def check(folder: Path, wanted: Mapping[str, str], fault: str) -> None:
    """Raise UserError where files are missing, changed or additional.

    The message begins with `fault` and counts them; the files' names are those of people.
    """
    found = fingerprints(folder)
    numbers = {
        "missing": len(wanted.keys() - found.keys()),
        "changed": sum(wanted.get(key, value) != value for key, value in found.items()),
        "additional": len(found.keys() - wanted.keys()),
    }
    if faults := [f"{number:,} {what}" for what, number in numbers.items() if number]:
        raise UserError(f"{fault} {', '.join(faults)}, of {len(wanted):,}")


def read_manifest() -> tuple[str, dict[str, str]]:
    """The commit that is pinned, and each file's shortened hash of the content by the path's."""
    commit, _, *rows = MANIFEST.read_text(encoding="ascii").splitlines()
    pairs = (row.partition(",") for row in rows)
    return commit.partition(",")[2], {path: content for path, _, content in pairs}


def write_manifest(commit: str, found: Mapping[str, str]) -> None:
    """Write what `read_manifest` reads."""
    rows = [f"{path},{content}" for path, content in sorted(found.items())]
    write_text(MANIFEST, "\n".join((f"commit,{commit}", "path,content", *rows, "")))


def _unfinished() -> tuple[Path, Path]:
    """The folder of files, and git's, that are there only while they come."""
    return SOURCES / f".{PLACE.name}.new", SOURCES / f".{PLACE.name}.git"


def _has(repository: Path, commit: str) -> bool:
    """Whether a repository has a commit with all it holds."""
    return not _git(repository, "rev-list", "--objects", "--quiet", "--no-walk", commit, plain=True)


def _git(repository: Path, *arguments: str, plain: bool = False, show: bool = False) -> str:
    """Run git; returns what it says of its failure in one line, and nothing where it has none.

    `plain` runs it without the user's settings, which may change files. With `show`, a terminal
    sees how far it is.
    """
    environment = os.environ | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    if plain:
        environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", f"--git-dir={repository}", "-c", "gc.auto=0", *arguments]
    said = b""
    try:
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            for piece in iter(partial(os.read, process.stderr.fileno(), 4096), b""):
                said += piece
                if show and sys.stderr.isatty():
                    sys.stderr.buffer.write(piece)
                    sys.stderr.flush()
    except FileNotFoundError as error:
        raise UserError("git: no such command; install it") from error
    if not process.returncode:
        return ""
    lines = [line.strip() for line in re.split(r"[\r\n]+", said.decode(errors="replace"))]
    telling = [line for line in lines if line.startswith(("fatal:", "error:"))]
    last = [f"git ends with {process.returncode}", *filter(None, lines)][-1]
    return printable((telling or [last])[0], 200)


def _commit(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{40}", text):
        raise argparse.ArgumentTypeError(f"'{text}': a commit's 40 hexadecimal digits")
    return text


if __name__ == "__main__":
    with one_line():
        main(parse())
