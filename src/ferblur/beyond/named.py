"""Modules by name: a kernel, a variant or a way to undo blur is a file in its room."""

from importlib import import_module
from pathlib import Path
from typing import Any

PACKAGE = "ferblur"

STUDYS = "box"
"""The kernel of the study, which PIL's own box blur applies."""


def names(room: str) -> list[str]:
    """The names in a room such as `kernels`, sorted."""
    folder = Path(__file__).parents[1] / room
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def load(room: str, name: str) -> Any:
    """The module of that name in a room. Raises ModuleNotFoundError where there is none."""
    return import_module(f"{PACKAGE}.{room}.{name}")
