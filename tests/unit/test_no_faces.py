"""No picture of a person is in git: as a file, inside a figure, in the history, or by name.

What git holds is looked at, and what is staged, not what a reader has made of it since.
Run: pytest tests/unit/test_no_faces.py
"""

import base64
import hashlib
import io
import json
import re
import subprocess
import zlib
from collections.abc import Collection, Iterator

import pytest
from PIL import Image

from clone import ROOT
from ferblur.commands import photographs

RENDERED = "synthetic"
"""The only dataset whose faces may be shown: nobody's."""

WITH_FACES = {
    *(f"paper/figures/{name}.svg"
      for name in ("fig01-samples", "fig04-detected", "fig05-aligned", "fig06-blur-levels")),
    "paper/main.pdf",
}  # fmt: skip
"""The files in git that may show faces, where the committed run is on rendered ones."""

COLOURS = 256
"""A raster of at most so many colours is a drawing, such as a matrix; a face has thousands."""

RASTER = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF....(WEBP|AVI )|BM....\0\0\0\0|II\*\0|MM\0\*|....ftyp|FLV\x01"
    rb"|\x1a\x45\xdf\xa3|\0\0\x01[\xba\xb3]|\0\0\0\x0cjP|\x93NUMPY|\x89HDF|PK\x03\x04|\x1f\x8b|BZh"
    rb"|\xfd7zXZ|7z\xbc\xaf|\x28\xb5\x2f\xfd",
    re.DOTALL,
)
"""How files begin that hold pixels, videos too, and those that may: arrays and archives."""

EMBEDDED = re.compile(rb"data:(?:image|application)/[\w.+-]+;base64,([A-Za-z0-9+/=\s]+)")
INSIDE_PDF = re.compile(rb"<<[^<>]*/Subtype ?/Image[^<>]*>>\s*stream\r?\n")


def git(*arguments: str, given: bytes = b"") -> bytes:
    if not (ROOT / ".git").exists():
        pytest.skip("there is no .git here: in the image, in an archive")
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, check=False, input=given, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def contents(blobs: list[str]) -> Iterator[tuple[str, bytes]]:
    """Each object's id and bytes."""
    packed = git("cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode())
    place = 0
    for blob in blobs:
        end = packed.index(b"\n", place)
        size = int(packed[place:end].split()[2])
        yield blob, packed[end + 1 : end + 1 + size]
        place = end + 2 + size


def files(commit: str = "") -> dict[str, str]:
    """The blob of each path that a commit has, or the next one is to have."""
    if commit:
        lines = git("ls-tree", "-r", "-z", commit).decode().split("\0")
    else:
        lines = git("ls-files", "--stage", "-z").decode().split("\0")
    entries = (line.partition("\t") for line in filter(None, lines))
    return {path: entry.split()[2 if commit else 1] for entry, _, path in entries}


@pytest.fixture(scope="module")
def tracked() -> dict[str, bytes]:
    listed = files()
    held = dict(contents(sorted(set(listed.values()))))
    return {path: held[blob] for path, blob in listed.items()}


@pytest.fixture(scope="module")
def history() -> dict[str, bytes]:
    """Every blob that any commit holds, by its id."""
    if git("rev-parse", "--is-shallow-repository").strip() == b"true":
        pytest.skip("the clone is shallow: git fetch --unshallow brings what earlier commits held")
    listed = git("rev-list", "--objects", "--all").decode().splitlines()
    names = "".join(f"{line.split()[0]}\n" for line in listed if line)
    kinds = git("cat-file", "--batch-check=%(objectname) %(objecttype)", given=names.encode())
    blobs = [line.split()[0] for line in kinds.decode().splitlines() if line.endswith(" blob")]
    return dict(contents(blobs))


def is_picture(image: Image.Image) -> bool:
    return image.convert("RGB").getcolors(COLOURS) is None


def pictures(content: bytes) -> int:
    """How many pictures of more than a few colours are inside an SVG, a PDF or a page."""
    found = 0
    for match in EMBEDDED.finditer(content):
        data = base64.b64decode(match[1])
        if RASTER.match(data):
            with Image.open(io.BytesIO(data)) as image:
                found += is_picture(image)
    for match in INSIDE_PDF.finditer(content):
        header = match[0]
        width, height = (int(re.findall(rb"/%s (\d+)" % side, header)[0])
                         for side in (b"Width", b"Height"))  # fmt: skip
        if b"/FlateDecode" not in header:
            found += 1  # JPEG, which no chart is
            continue
        pixels = zlib.decompressobj().decompress(content[match.end() :])
        mode = {1: "L", 3: "RGB", 4: "CMYK"}.get(len(pixels) // (width * height))
        found += mode is None or is_picture(Image.frombytes(mode, (width, height), pixels))
    return found


def hashed(path: bytes) -> str:
    """A path as the manifest has it."""
    return hashlib.sha256(path).hexdigest()[: photographs.PATH]


def named(content: bytes, known: Collection[str]) -> set[bytes]:
    """The paths of the set that words of a text stand for: file names, and people in any case.

    Only hashes of the paths are known. So a word is tried as a file's name, and as a person's with
    the numbers of the first photographs: 0001 behind first and last name, 1 behind an actor's.
    """
    words = set(re.findall(rb"[A-Za-z][\w-]*", EMBEDDED.sub(b"", content)))
    paths = set(words)
    for person in {re.sub(rb"_\d+$", b"", word) for word in words}:
        if not re.search(rb"\d", person):
            numbers = (b"0001", b"0002", b"0003") if b"_" in person else (b"1", b"2")
            spelt = {person, person.title()}
            paths |= {b"%b_%b" % (name, number) for name in spelt for number in numbers}
    return {path for name in paths if hashed(path := b"images/%b.jpg" % name) in known}


def test_pictures_are_told_from_drawings() -> None:
    """The rest of this file would pass if nothing were ever taken for a picture."""
    noise = Image.effect_noise((64, 64), 100)
    noise = Image.merge("RGB", (noise, noise.rotate(90), noise.rotate(180)))
    for image, number in ((noise, 1), (Image.new("RGB", (64, 64), "red"), 0)):
        for kind in ("PNG", "JPEG", "WEBP"):
            stream = io.BytesIO()
            image.save(stream, kind)
            assert RASTER.match(stream.getvalue())
            text = base64.b64encode(stream.getvalue())
            assert pictures(b'<image href="data:image/x;base64,' + text + b'"/>') == number
        packed = zlib.compress(image.tobytes())
        header = b"<</Subtype/Image/Filter/FlateDecode/Width 64/Height 64>>\nstream\n"
        assert pictures(header + packed + b"\nendstream") == number


@pytest.mark.parametrize(
    "start",
    [b"FLV\1\5", b"\0\0\0\x1cftypisom", b"\0\0\0\x1cftypheic", b"\x1a\x45\xdf\xa3\x9f",
     b"RIFF\0\0\0\0AVI LIST", b"\0\0\1\xba\x44", b"\x89HDF\r\n\x1a\n", b"\x93NUMPY\1\0"],
)  # fmt: skip
def test_videos_and_arrays_are_told_too(start: bytes) -> None:
    assert RASTER.match(start)


@pytest.mark.parametrize(
    ("word", "photograph"),
    [
        *((word, "Jane_Doe_0001") for word in ("Jane_Doe", "jane_doe", "JANE_DOE")),
        *((word, "Jane_Doe_0001") for word in ("jane_doe_0044", "Jane_Doe_0044.jpg")),
        ("Jane_van_Doe_0044", "Jane_van_Doe_0002"),
        ("janedoe", "Janedoe_2"),
        ("JaneDoe_9", "JaneDoe_1"),
        ("stills_1k.jpg", "stills_1k"),
    ],
)  # fmt: skip
def test_names_are_found_in_every_spelling(word: str, photograph: str) -> None:
    path = f"images/{photograph}.jpg".encode()
    known = {hashed(path)}
    assert named(f"<!-- {word} -->".encode(), known) == {path}
    assert named(b"Jane Doe, jane, doe_1", known) == set()


def test_no_file_is_a_picture(tracked: dict[str, bytes]) -> None:
    assert [path for path, content in tracked.items() if RASTER.match(content)] == []


def test_only_figures_of_faces_hold_pictures(tracked: dict[str, bytes]) -> None:
    showing = {path for path, content in tracked.items() if pictures(content)}
    assert showing <= WITH_FACES


def test_pictures_in_git_are_of_rendered_faces(tracked: dict[str, bytes]) -> None:
    showing = {path: number for path, content in tracked.items() if (number := pictures(content))}
    if json.loads(tracked["results/claims.json"])["dataset"] != RENDERED:
        assert showing == {}
    else:
        assert set(showing) == WITH_FACES  # else this file does not see what it looks for


def test_no_commit_showed_faces_of_another_dataset(history: dict[str, bytes]) -> None:
    commits = git("rev-list", "--all", "--", "results/claims.json", *sorted(WITH_FACES))
    names = "".join(f"{commit}:results/claims.json\n" for commit in commits.decode().split())
    asked = git("cat-file", "--batch-check=%(objectname)", given=names.encode()).decode()
    for commit, blob in zip(commits.decode().split(), asked.splitlines(), strict=True):
        claims = history.get(blob, b"{}")  # a commit may have none
        if json.loads(claims).get("dataset", RENDERED) != RENDERED:
            shown = {path: pictures(history[blob]) for path, blob in files(commit).items()}
            assert not any(shown.values()), commit


def test_no_commit_held_a_picture(history: dict[str, bytes]) -> None:
    assert [blob for blob, content in history.items() if RASTER.match(content)] == []


def test_no_commit_held_a_photograph_of_the_set(history: dict[str, bytes]) -> None:
    known = {*photographs.read_manifest()[1].values()}
    held = {
        blob
        for blob, content in history.items()
        if hashlib.sha256(content).hexdigest()[: photographs.CONTENT] in known
    }
    assert held == set()


def test_no_file_names_a_photograph_of_the_set(tracked: dict[str, bytes]) -> None:
    """Their names are those of people, so a table of file names would list who is shown."""
    known = photographs.read_manifest()[1]
    texts = (content for path, content in tracked.items() if not path.endswith(".pdf"))
    assert hashed(b"data/legend.csv") in known  # the only path of the set that names nobody
    assert named(b"\n".join(texts), known) == set()
