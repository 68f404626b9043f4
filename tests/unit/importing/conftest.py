"""A project to import into, and drawn pictures to import."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clone import ROOT
from ferblur.importing.__main__ import main, parse
from ferblur.importing.layouts import Layout, Options, recognise
from ferblur.importing.rows import Row
from ferblur.importing.source import Source


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with its profiles, as the working directory."""
    project = tmp_path / "project"
    (project / "profiles").mkdir(parents=True)
    for profile in (ROOT / "profiles").glob("*.yaml"):
        (project / "profiles" / profile.name).write_bytes(profile.read_bytes())
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """The folder that the user has."""
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


@pytest.fixture
def draw(given: Path) -> Callable[..., None]:
    """Draw a small picture at each path inside the given folder, each another."""
    seeds = iter(range(10**6))

    def make(*paths: str, size: int = 12) -> None:
        for path in paths:
            place = given / path
            place.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(next(seeds)).integers(0, 256, (size, size, 3))
            kind = "PNG" if path.lower().endswith("png") else "JPEG"
            Image.fromarray(pixels.astype(np.uint8)).save(place, kind)

    return make


@pytest.fixture
def rows(given: Path) -> Callable[..., tuple[Layout, list[Row]]]:
    """Recognise and read the given folder, or what is inside it."""

    def read(
        inside: str = "", images: Path | None = None, **options: object
    ) -> tuple[Layout, list[Row]]:
        source = Source(given / inside, images)
        chosen = Options(**options)  # type: ignore[arg-type]
        layout = recognise(source, chosen)
        return layout, list(layout.read(source, chosen))

    return read


@pytest.fixture
def bring(here: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the importer; returns what it says."""

    def run(*arguments: object) -> str:
        main(parse([str(argument) for argument in arguments]))
        return capsys.readouterr().out

    return run


@pytest.fixture
def record(here: Path) -> Callable[..., dict[str, str]]:
    """What import.csv says became of each row: its target, or the reason it was left out."""

    def read(name: str = "mine") -> dict[str, str]:
        with (here / "datasets" / name / "import.csv").open(encoding="utf-8", newline="") as file:
            return {row["where"]: row["reason"] or row["outcome"] for row in csv.DictReader(file)}

    return read


def tree(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def files(here: Path) -> Callable[..., dict[str, bytes]]:
    """The bytes of every file of an imported dataset."""
    return lambda name="mine": tree(here / "datasets" / name)
