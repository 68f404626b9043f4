"""The stage writes what torchvision's network is, the same bytes every time."""

from pathlib import Path

from ferblur.core.files import read_json
from ferblur.evidence.architecture import describe
from ferblur.stages import architecture


def test_writes_the_description(project: Path) -> None:
    architecture.main()
    assert read_json(architecture.ARCHITECTURE) == describe(6)
    before = architecture.ARCHITECTURE.read_bytes()
    architecture.main()
    assert architecture.ARCHITECTURE.read_bytes() == before
