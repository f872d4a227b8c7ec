"""The text of exported files: tables with a header, and lists of a name and a value a line."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO

from devices.protocols import ProtocolError

_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its bytes, column → text, and whether the line's end came with it."""

    raw: bytes
    cells: Mapping[str, str]
    ended: bool


def decoded(content: bytes) -> tuple[str, str]:
    """Return a file's text and its encoding: UTF-8 or, with its mark, UTF-16. Raise `ProtocolError` for no text."""
    encoding = _MARKS.get(content[:2], "utf-8")
    try:
        return content.decode(encoding).removeprefix("\ufeff"), encoding
    except UnicodeDecodeError as error:
        raise ProtocolError(f"the file is no text: {error}") from error


def table(content: bytes, required: Collection[str], maker: str, *, under: str = "") -> Iterator[Row]:
    """Read the lines of a table in CSV; ``under`` is a column of its header, where other lines stand above that.

    Raise `ProtocolError` where a required column is missing or a line is cut off.
    """
    text, encoding = decoded(content)
    lines = text.splitlines(keepends=True)
    while under and lines and under not in _cells(lines[0]):
        lines.pop(0)
    header, *lines = lines or [""]
    columns = [column.strip() for column in _cells(header)]
    if missing := set(required) - set(columns):
        raise ProtocolError(f"no export of a {maker}: it has no column {', '.join(sorted(missing))}")
    for line in lines:
        cells = _cells(line)
        if any(cell.strip() for cell in cells):
            ended = line.endswith(("\n", "\r"))
            if len(cells) < len(columns):
                raise ProtocolError(f"a line has {len(cells)} cells, the header {len(columns)}: the file is cut off")
            if columns[-1] in required and not ended:
                raise ProtocolError("its last line has no end: the file may be cut off")
            yield Row(line.encode(encoding), dict(zip(columns, map(str.strip, cells), strict=False)), ended)


def heading(content: bytes, under: str) -> dict[str, str]:
    """Read what stands above a table, a name and a value a line; ``under`` is a column of the table's header."""
    above: dict[str, str] = {}
    for line in decoded(content)[0].splitlines():
        name, *values = _cells(line) or [""]
        if under in (name, *values):
            return above
        above.setdefault(name.strip(), values[0].strip() if values else "")
    return {}


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def values(content: bytes, separators: Collection[str]) -> dict[str, str]:
    """Read a list of a name and a value a line, between them the first of the separators that the line has.

    A last line without its end is left out: nobody knows whether its value is whole.
    """
    text, _ = decoded(content)
    found: dict[str, str] = {}
    for line in text.splitlines(keepends=True):
        separator = next((each for each in separators if each in line), None)
        if separator and line.endswith(("\n", "\r")):
            name, _, value = line.partition(separator)
            found.setdefault(name.strip(), value.strip())
    return found


def as_csv(cells: Mapping[str, str]) -> bytes:
    """Write one line under its header."""
    text = StringIO()
    csv.writer(text).writerows([cells.keys(), cells.values()])
    return text.getvalue().encode()
