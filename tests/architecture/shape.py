"""How large, and how plain: what keeps the tail of the code as readable as its middle."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.rule import Finding, rule
from tests.architecture.source import Source, imports_in, length

# What may be imported inside a function, because importing it costs every process that does not need it.
HEAVY = {
    "allotropy": "brings pandas along; only the gateway's file drop reads exports",
    "pandas": "0.35 s and 69 MB, for the sheets that counters export",
    "weasyprint": "0.6 s and 57 MB, in the process that prints and in no other",
}


@rule("*.py", breaks=("def f():\n" + "    x()\n" * 60,), keeps=("def f():\n" + "    x()\n" * 59,))
def a_function_is_sixty_lines(source: Source) -> Iterator[Finding]:
    """A function is at most 60 lines."""
    for function in source.functions:
        if length(function) > 60:
            yield function.lineno, f"{function.name} is {length(function)} lines"


@rule("*.py", breaks=("x = 1\n" * 401,), keeps=("x = 1\n" * 400,))
def a_file_is_four_hundred_lines(source: Source) -> Iterator[Finding]:
    """A file is at most 400 lines."""
    count = len(source.text.splitlines())
    if count > 400:
        yield 401, f"is {count} lines"


@rule(
    "*.py",
    breaks=("def f():\n    import json", "class A:\n    def f(self):\n        from mes.execute import execute"),
    keeps=("import json", "def f():\n    import weasyprint", "if TYPE_CHECKING:\n    import json"),
)
def imports_stand_at_the_top(source: Source) -> Iterator[Finding]:
    """A function imports nothing, save what is listed as heavy: it would hide a cycle."""
    for function in source.functions:
        for line, name in imports_in(function):
            if name.split(".")[0] not in HEAVY:
                yield line, f"{function.name} imports {name}"


@rule(
    "*.py",
    breaks=("try: f()\nexcept: pass", "try: f()\nexcept (ValueError, Exception) as error:\n    log(error)"),
    keeps=("try: f()\nexcept ValueError: pass", "try: f()\nexcept BaseException:\n    undo()\n    raise"),
)
def what_is_caught_has_a_name(source: Source) -> Iterator[Finding]:
    """No handler catches everything, unless to clean up and raise it again."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node) and not _raises_again(node):
            yield node.lineno, "catches whatever comes"


def _is_broad(handler: ast.ExceptHandler) -> bool:
    caught = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else None
    return caught is None or bool(caught & {"Exception", "BaseException"})


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None
