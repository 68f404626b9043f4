"""Reading and writing files so that a reader never sees half of one."""

import hashlib
import json
import os
import stat
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import YAMLError, YAMLWarning
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from ferblur.core.errors import UserError, explain, fault, printable

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 1 << 16
"""Bytes of a YAML file, which are read within a second; the project's own are smaller."""

DEEPEST = 20
"""Lists and sections within each other, in a YAML file."""


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` if the block succeeds.

    Where the disk refuses, raises OSError with the fault's number and `path`, whatever library
    met it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # the suffix stays last: writers such as matplotlib choose the format by it
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    except Exception as error:
        number, named = fault(error), getattr(error, "filename", None)
        if number is None or named not in (None, str(temporary)):
            raise
        raise OSError(number, os.strerror(number), str(path)) from error
    finally:
        with suppress(OSError):  # it would hide the fault
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as indented JSON in the order given, floats at full precision.

    Raises ValueError on NaN or infinity, which JSON cannot hold.
    """
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


_TEXT = "tag:yaml.org,2002:str"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_OTHERS = ("null", "bool", "seq", "map")
_TYPES = (_TEXT, *_NUMBERS, *(f"tag:yaml.org,2002:{name}" for name in _OTHERS))


class _Plain(SafeConstructor):
    """Text, numbers, flags, lists and sections as DVC reads them, and nothing else of YAML.

    Raises ConstructorError, which knows the line, on other types (dates, binary, tags), keys that
    are no text, numbers nobody writes, and anchors that could repeat more than a word.
    """

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        scalar = isinstance(node, ScalarNode)
        if node.tag not in _TYPES:
            kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
            raise _refusal(node, f"a {kind} is not read here; put text in quotes")
        if node.anchor and not (scalar and len(node.value) <= 100):
            raise _refusal(node, "an anchor may only name a word or a number")
        if scalar and node.tag in _NUMBERS and len(node.value) > 40:
            raise _refusal(node, f"a number of {len(node.value)} characters")
        try:
            value = super().construct_object(node, deep)
            if isinstance(value, str):
                value.encode()  # raises on half of a character's code
        except (LookupError, ValueError) as error:
            raise _refusal(node, "not what its tag says, or no text") from error
        return value

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> Any:
        for key, _ in node.value:
            if key.tag != _TEXT:
                shown = repr(key.value) if isinstance(key, ScalarNode) else "a list or a section"
                raise _refusal(key, f"a key must be text, not {shown}")
        return super().construct_mapping(node, deep)


def _refusal(node: Node, problem: str) -> ConstructorError:
    return ConstructorError(problem=problem, problem_mark=node.start_mark)


def _read_text(path: Path) -> str:
    """The text of a small UTF-8 file. Raises UserError where it is anything else."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe or a device may never end
            raise UserError(f"{path}: must be a file, not a folder or a device")
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise UserError(f"{path}: larger than {LARGEST} bytes")
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: must be UTF-8 text; byte {error.start + 1} is not") from error
    except OSError as error:
        raise UserError(explain(error) or f"{path}: {error.strerror}") from error


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping, as DVC reads it: YAML 1.2, so `5e-05` is a number.

    Raises UserError naming file and line where it cannot be read, repeats a key, holds no mapping,
    or holds what no file of the project does, such as what is small and grows when it is read.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = DEEPEST
    yaml.Constructor = _Plain
    text = _read_text(path)
    try:
        with warnings.catch_warnings(action="error", category=YAMLWarning):
            content = yaml.load(text)
    except MaxDepthExceededError as error:
        raise UserError(f"{path}: over {DEEPEST} lists or sections within each other") from error
    except (YAMLError, YAMLWarning) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise UserError(f"{path}: {line}{printable(problem, 200)}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: must hold keys with their values, section by section")
    return content


def write_csv(path: Path, table: "pd.DataFrame") -> None:
    """Write `table` without its index, floats at full precision, atomically."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def sha256(path: Path, new: Callable[[], Any] = hashlib.sha256) -> str:
    """Hash a file's bytes in constant memory; returns lowercase hexadecimal."""
    with path.open("rb") as stream:
        return str(hashlib.file_digest(stream, new).hexdigest())


def digest(path: Path) -> str:
    """The SHA-256 of a file, or of a folder's files and their names.

    Raises FileNotFoundError where there is nothing.
    """
    if not path.is_dir():
        return sha256(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    lines = "".join(f"{sha256(file)} {file.relative_to(path).as_posix()}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()
