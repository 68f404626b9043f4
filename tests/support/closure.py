"""Which ferblur modules a module imports, directly and through others, read from the sources.

And the modules that they load by name, and the data files that they read beside themselves.
"""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import TypeGuard

SRC = Path("src")

BY_NAME = "ferblur.beyond.named.load"
"""The function that loads a module of a room by its name."""


def _file(module: str) -> Path | None:
    base = SRC / module.replace(".", "/")
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.startswith("ferblur")}


def modules(folder: Path) -> set[str]:
    """The modules of a room, without its `__init__`, which holds a sentence and no code."""
    return {str(path) for path in folder.glob("*.py") if path.name != "__init__.py"}


def module_name(path: str) -> str:
    """What a source file is imported as."""
    return ".".join(Path(path).relative_to(SRC).with_suffix("").parts)


def closure(module: str) -> set[str]:
    """Every source file that importing `module` runs, as paths relative to the repository.

    Left out are the `__init__` files, which hold no code; what they import is followed. Left out
    too is what is loaded by name: see `named`.
    """
    files: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path is None or str(path) in files:
            continue
        files.add(str(path))
        waiting += sorted(_imported(path))
        if "." in name:
            waiting.append(name.rpartition(".")[0])
    return {file for file in files if not file.endswith("__init__.py")}


def rooms(files: Iterable[str]) -> set[str]:
    """The rooms from which files load modules by name, as folders: src/ferblur/kernels."""
    calls = [
        node
        for path in map(Path, files)
        if BY_NAME in _imported(path)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == BY_NAME.rpartition(".")[2]
    ]
    return {str(SRC / "ferblur" / ast.literal_eval(call.args[0])) for call in calls}


def named(files: Iterable[str]) -> set[str]:
    """The modules that files may load by name, and every source file that loading them runs."""
    found: set[str] = set()
    new = set(files)
    while new:
        loaded = {module for room in rooms(new) for module in modules(Path(room))}
        new = set[str]().union(*map(closure, map(module_name, loaded))) - found
        found |= new
    return found


def data(files: Iterable[str]) -> set[str]:
    """The data files beside modules that the modules name."""
    found: set[str] = set()
    for path in map(Path, files):
        texts = {node.value for node in ast.walk(ast.parse(path.read_text())) if _is_text(node)}
        found |= {str(beside) for beside in path.parent.glob("*.yaml") if beside.name in texts}
    return found


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
