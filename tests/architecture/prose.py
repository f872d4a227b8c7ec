"""What is written beside the code: reasons, and nothing that belongs to one machine or one moment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.architecture.rule import Finding, rule
from tests.architecture.source import Source

_QUOTING = ("tests/architecture/*.py",)  # the rules quote what they forbid


def _saying(source: Source, words: re.Pattern[str], sentence: str) -> Iterator[Finding]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := words.search(line):
            yield number, f"{sentence}: {found[0]}"


@rule("*", outside=_QUOTING, breaks=("# TODO: later", "// FIXME"), keeps=("mastodon", "todos = []"))
def nothing_is_left_for_later(source: Source) -> Iterator[Finding]:
    """No note to oneself in a file: what is not done is an issue, what is done needs none."""
    return _saying(source, re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"), "leaves a note")


@rule(
    "*",
    outside=_QUOTING,
    breaks=("--index-url https://pypi.org/simple", 'url = "https://registry.npmjs.org/htmx"', "files.pythonhosted.org"),
    keeps=("see www.apache.org", "pip install"),
)
def no_file_names_a_registry(source: Source) -> Iterator[Finding]:
    """No file names a package registry: each site installs from its own."""
    hosts = r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|deb\.debian\.org|unpkg\.com|jsdelivr\.net"
    return _saying(source, re.compile(hosts), "names a registry")


@rule(
    "*",
    outside=_QUOTING,
    breaks=('open("/home/bob/lab.db")', "cd /root/mes", "see /work/main/README.md"),
    keeps=("/usr/lib/postgresql", "docs/home/x", "https://example.org/home/", "./work/"),
)
def no_file_knows_this_machine(source: Source) -> Iterator[Finding]:
    """No file holds a path of the machine it was written on."""
    return _saying(source, re.compile(r"(?<![\w.*>}:/-])/(home|root|work|Users)/"), "holds a path")


@rule(
    "pyproject.toml",
    breaks=('dependencies = [\n    "flask",\n]', 'ignore = [\n    "D105",\n]'),
    keeps=(
        'dependencies = [\n    "flask",  # the web\n]',
        'markers = [\n    "browser: a real one",\n]',
        'name = "mes"',
    ),
)
def every_dependency_and_exception_has_its_reason(source: Source) -> Iterator[Finding]:
    """In pyproject.toml, what we depend on and what we excuse stands with its reason beside it."""
    holder = ""
    for number, line in enumerate(source.text.splitlines(), 1):
        if opened := re.match(r'([\w"*/-]+) = \[$', line):
            holder = opened[1]
        elif re.match(r'    "[^"]+",?\s*$', line) and holder not in ("markers", "forbidden_modules"):
            yield number, f"gives no reason for {line.strip()}"


@rule(
    "*.py",
    outside=_QUOTING,
    breaks=("x = 1  # noqa: S101", "import os  # noqa", "f()  # type: ignore[misc]"),
    keeps=("x = 1  # noqa: S101 - pytest asserts", "f()  # type: ignore[misc]  # it ships no types"),
)
def every_excuse_has_its_reason(source: Source) -> Iterator[Finding]:
    """A line that excuses itself from a check says why, on the line."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"#\s*(noqa|type: ignore)(: ?[A-Z0-9, ]+|\[[\w, -]+\])?\s*$", line):
            yield number, "gives no reason"
