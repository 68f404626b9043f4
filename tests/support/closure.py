"""Which ferblur modules a module imports, directly and through others, read from the sources.

And the data files that they read beside themselves.
"""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import TypeGuard

SRC = Path("src")


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


def closure(module: str) -> set[str]:
    """Every source file that importing `module` runs, as paths relative to the repository.

    Left out are the `__init__` files, which hold no code; what they import is followed.
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


def data(files: Iterable[str]) -> set[str]:
    """The data files beside modules that the modules name."""
    found: set[str] = set()
    for path in map(Path, files):
        texts = {node.value for node in ast.walk(ast.parse(path.read_text())) if _is_text(node)}
        found |= {str(beside) for beside in path.parent.glob("*.yaml") if beside.name in texts}
    return found


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
