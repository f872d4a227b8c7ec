"""The repository as text: its files, and what Python says in them."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = ("__pycache__", "node_modules", "vendor")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file: where it stands in the repository, and what it says."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The file as Python reads it."""
        return ast.parse(self.text, self.path)

    @cached_property
    def functions(self) -> list[Function]:
        """Every function and method, nested ones too."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """The line and the full name of whatever it imports."""
        return imports_in(self.tree)

    @cached_property
    def calls(self) -> list[tuple[int, str]]:
        """The line and the text of whatever it calls."""
        return calls_in(self.tree)


def imports_in(part: ast.AST) -> list[tuple[int, str]]:
    """Return the line and the full name of each import: ``from os import path`` is ``os.path``."""
    found = []
    for node in ast.walk(part):
        if isinstance(node, ast.Import):
            found += [(node.lineno, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, f"{node.module}.{name.name}") for name in node.names]
    return found


def calls_in(part: ast.AST) -> list[tuple[int, str]]:
    """Return the line and the text of each call's function: ``datetime.now``."""
    return [(node.lineno, ast.unparse(node.func)) for node in ast.walk(part) if isinstance(node, ast.Call)]


def length(function: Function) -> int:
    """Count a function's lines, from its ``def`` to its last."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def under(name: str, modules: tuple[str, ...]) -> bool:
    """Say whether an imported name is one of some modules, or inside one."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


@cache
def files() -> tuple[Source, ...]:
    """Return every file of the repository that is text, and ours."""
    return tuple(_walk())


def _walk() -> Iterator[Source]:
    for folder, folders, names in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        folders[:] = [name for name in folders if name == ".ci" or not name.startswith((".", *_NOT_OURS))]
        for name in names:
            try:
                yield Source((here / name).as_posix(), (ROOT / here / name).read_text())
            except UnicodeDecodeError:
                continue


def matching(*patterns: str) -> list[Source]:
    """Return the files whose paths match a pattern; ``*`` also crosses folders."""
    return [source for source in files() if any(fnmatch(source.path, pattern) for pattern in patterns)]
