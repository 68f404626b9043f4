"""A file in a room is a name."""

from pathlib import Path

import pytest

from ferblur.beyond.named import load, names


@pytest.mark.parametrize("room", ["kernels", "variants", "restoration"])
def test_every_file_of_a_room_is_a_name(room: str, root: Path) -> None:
    files = {path.name for path in (root / "src/ferblur" / room).glob("*.py")} - {"__init__.py"}
    assert [f"{name}.py" for name in names(room)] == sorted(files)
    for name in names(room):
        assert load(room, name).__name__ == f"ferblur.{room}.{name}"
        assert load(room, name).__doc__


def test_no_file_is_no_name() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"ferblur\.kernels\.fisheye"):
        load("kernels", "fisheye")
