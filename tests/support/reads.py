"""Which parameters code reads, from its syntax trees."""

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from closure import module_name
from ferblur.beyond.params import Extensions
from ferblur.core.params import Params

LOADERS: dict[str, type[BaseModel]] = {"load_params": Params, "load_extensions": Extensions}

OF_OTHERS: dict[str, type[BaseModel]] = {"params": Params, "extensions": Extensions}
"""Attributes of objects that hold all parameters, as a variant's source does."""

Kind = type[BaseModel]


def sections(whole: Kind) -> dict[Any, str]:
    """The sections of a file of parameters, by their type."""
    return {field.annotation: name for name, field in whole.model_fields.items()}


KNOWN: dict[str, Kind] = {
    kind.__name__: kind for whole in (Params, Extensions) for kind in (whole, *sections(whole))
}
"""What a function's argument may be said to be: all parameters, or a section of them."""


def keys(statement: ast.stmt, whole: Kind) -> set[str]:
    """What a statement at the head of a module reads of `whole`: `sweep`, and `sweep.radii`.

    `model_dump` of a section reads all that it has.
    """
    kinds: dict[str, set[Kind]] = defaultdict(set)
    known = sections(whole)

    def kind(node: ast.expr) -> set[Kind]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return {LOADERS[node.func.id]} if node.func.id in LOADERS else set()
        if isinstance(node, ast.Name):
            return kinds[node.id]
        if not isinstance(node, ast.Attribute):
            return set()
        if node.attr in OF_OTHERS and not kind(node.value):
            return {OF_OTHERS[node.attr]}
        fields = (of.model_fields.get(node.attr) for of in kind(node.value))
        types: set[Any] = {field.annotation for field in fields if field}
        return types & set(known)

    for node in ast.walk(statement):
        if isinstance(node, ast.arg) and isinstance(node.annotation, ast.Name):
            kinds[node.arg] |= {KNOWN[name] for name in [node.annotation.id] if name in KNOWN}
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=True))
                for name, value in pairs:
                    if isinstance(name, ast.Name):
                        kinds[name.id] |= kind(value)

    read: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute):
            for of in kind(node.value):
                if of is whole and node.attr in whole.model_fields:
                    read.add(node.attr)
                elif of in known and node.attr in of.model_fields:
                    read |= {known[of], f"{known[of]}.{node.attr}"}
                elif of in known and node.attr == "model_dump":
                    read |= {f"{known[of]}.{key}" for key in of.model_fields}
    return read


def reached(files: Iterable[str]) -> list[ast.stmt]:
    """Statements that can be reached in the files of a stage.

    That is all of a file that is imported as a whole or not at all: the stage, and what is loaded
    by name. Of others, it is the functions and classes that one of the files imports, whatever
    stands outside of functions and classes, and what these name of the same file.
    """
    trees = {module_name(path): ast.parse(Path(path).read_text()).body for path in sorted(files)}
    imported = {
        (node.module, alias.name)
        for body in trees.values()
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found: list[ast.stmt] = []
    for module, body in trees.items():
        named = {
            statement.name: statement
            for statement in body
            if isinstance(statement, ast.FunctionDef | ast.ClassDef)
        }
        outside = [statement for statement in body if statement not in named.values()]
        found += outside
        whole = tuple(module.rsplit(".", 1)) in imported or module not in dict(imported)
        waiting = [name for name in named if whole or (module, name) in imported]
        waiting += [
            node.id for each in outside for node in ast.walk(each) if isinstance(node, ast.Name)
        ]
        taken: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in named and name not in taken:
                taken.add(name)
                found.append(named[name])
                waiting += [node.id for node in ast.walk(named[name]) if isinstance(node, ast.Name)]
    return found
