"""YAML as text with places: every scalar stays the text that was written, and every part knows its line.

YAML's own types are what a batch record must not have: ``0.50`` losing its zero, ``no`` becoming false, a date
becoming a date. So the reader stops at YAML's nodes. Anchors, aliases and tags are refused: what a person signs must
read from top to bottom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches

import yaml

_LARGEST = 200_000
_DEEPEST = 30
_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


@dataclass(frozen=True)
class Problem:
    """A mistake in a recipe: the line and column, counted from 1, and a sentence that says what was meant."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


class Mistake(Exception):  # noqa: N818 - a person's mistake in a text, collected into a Problem
    """Raised where one part of a recipe cannot be read; the parts beside it still are."""

    def __init__(self, place: Item, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.problem = Problem(place.line, place.column + offset, message)


class Consequent(Exception):  # noqa: N818 - not a mistake of its own
    """Raised where a part cannot be read because of a mistake elsewhere, which is told there."""


class Item:
    """One YAML node with its place."""

    def __init__(self, node: yaml.Node) -> None:
        self.node = node

    @property
    def line(self) -> int:
        """The line it starts on, from 1."""
        return self.node.start_mark.line + 1

    @property
    def column(self) -> int:
        """The column its text starts on, from 1, after an opening quote."""
        quoted = isinstance(self.node, yaml.ScalarNode) and self.node.style in ("'", '"')
        return self.node.start_mark.column + (2 if quoted else 1)

    @property
    def text(self) -> str:
        """The text of a scalar, on one line."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise Mistake(self, "expected a text here")
        return " ".join(str(self.node.value).split())

    @property
    def is_text(self) -> bool:
        """Whether it is a scalar."""
        return isinstance(self.node, yaml.ScalarNode)

    def sequence(self) -> list[Item]:
        """Return the items of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise Mistake(self, "expected a list here, each line starting with “-”, or [a, b]")
        return [Item(node) for node in self.node.value]

    def mapping(self) -> dict[str, Item]:
        """Return the keys of a mapping with what they hold; a key written twice is a mistake."""
        if not isinstance(self.node, yaml.MappingNode):
            raise Mistake(self, "expected “key: value” lines here")
        found: dict[str, Item] = {}
        for key_node, value_node in self.node.value:
            key = Item(key_node)
            if key.text in found:
                raise Mistake(key, f"“{key.text}” is written twice")
            found[key.text] = Item(value_node)
        return found

    def keys(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Item]:
        """Return a mapping that has every required key and no unknown one."""
        found = self.mapping()
        for key in found:
            if key not in required and key not in optional:
                near = get_close_matches(key, [*required, *optional], 1)
                meant = f"; did you mean “{near[0]}”?" if near else f"; known here: {', '.join([*required, *optional])}"
                if found[key].is_text and not found[key].text:
                    meant += " (inside { } a text with a comma needs quotes)"
                raise Mistake(self.key(key), f"“{key}” is not known here{meant}")
        for key in required:
            if key not in found:
                raise Mistake(self, f"“{key}:” is missing here")
        for key, item in found.items():
            if item.is_text and not item.text:
                raise Mistake(self.key(key), f"“{key}:” is empty")
        return found

    def every_key(self) -> Iterator[str]:
        """Give every key in it, however deep."""
        for child in self.node.value if not self.is_text else ():
            key, value = child if isinstance(child, tuple) else (None, child)
            if isinstance(key, yaml.ScalarNode):
                yield str(key.value)
            yield from Item(value).every_key()

    def key(self, name: str) -> Item:
        """Return the place of a key itself, for a mistake about it."""
        return next(key for key in (Item(node) for node, _ in self.node.value) if key.text == name)


def read(text: str) -> Item:
    """Read a text into items. Raise `Mistake` where it is no YAML, or more than plain YAML."""
    if len(text) > _LARGEST:
        raise Mistake(_nowhere(), f"a recipe is at most {_LARGEST:,} characters")
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Mistake(_at(mark) if mark else _nowhere(), _said(error)) from None
    except yaml.YAMLError as error:
        raise Mistake(_nowhere(), f"this is not text that can be read: {error}") from None
    if node is None:
        raise Mistake(_nowhere(), "the recipe is empty")
    return Item(node)


def _composed(text: str) -> yaml.Node | None:
    """Read with libyaml, which takes a fifteenth of the time; what it cannot read, the other reader explains better."""
    if yaml.__with_libyaml__:
        with suppress(yaml.YAMLError, UnicodeEncodeError):
            _must_be_plain(yaml.scan(text, Loader=yaml.CBaseLoader))
            return yaml.compose(text, Loader=yaml.CBaseLoader)
    _must_be_plain(yaml.scan(text, Loader=yaml.BaseLoader))
    return yaml.compose(text, Loader=yaml.BaseLoader)


def _must_be_plain(tokens: Iterable[yaml.Token]) -> None:
    """Refuse anchors, aliases and tags, and nesting that only an attack on the reader would have."""
    depth = 0
    for token in tokens:
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
            raise Mistake(_at(token.start_mark), "anchors (&), aliases (*) and tags (!) are not used in recipes")
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > _DEEPEST:
            raise Mistake(_at(token.start_mark), "nested too deep")


def _said(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    said = f"{error.context}, {problem}" if problem.startswith("but") or not problem else problem
    if r"'\t'" in said:
        return f"{said}; indent with spaces"
    return f"{said}; a text that starts with > % @ or has “: ” in it needs quotes"


def _at(mark: yaml.Mark) -> Item:
    return Item(yaml.ScalarNode("", "", mark, mark))


def _nowhere() -> Item:
    return _at(yaml.Mark("", 0, 0, 0, None, 0))


class Problems:
    """Collects mistakes, so that a person sees all of them at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def collecting(self) -> Problems:
        """Use as ``with problems.collecting():`` around one part."""
        return self

    def add(self, place: Item, message: str) -> None:
        """Note a mistake at a place."""
        self.found.append(Mistake(place, message).problem)

    def __enter__(self) -> None:
        """Start a part."""

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        """Keep a mistake made in the part, and go on."""
        if isinstance(error, Mistake):
            self.found.append(error.problem)
        return isinstance(error, Mistake | Consequent)

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(set(self.found), key=lambda problem: (problem.line, problem.column)))
