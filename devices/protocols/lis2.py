r"""What an analyser says over the link: CLSI LIS02-A2, which is ASTM E1394.

A message is records ended by CR: ``H`` opens it, ``P`` a patient, ``O`` an order with its sample, ``R`` a result,
``C`` a comment, ``L`` closes it. The header's first characters are the delimiters for the whole message, in the order
field, repeat, component, escape: ``H|\^&`` is usual, ``H|@^\`` occurs. Fields are counted from 1 as in the standard;
field 1 is the record's type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from devices.protocols import ProtocolError

_ESCAPED = {"F": 0, "R": 1, "S": 2, "E": 3}  # &F& stands for the field delimiter, and so on


@dataclass(frozen=True, slots=True)
class Record:
    """One record. Fields that were not sent are empty."""

    delimiters: str
    fields: tuple[str, ...]

    @property
    def kind(self) -> str:
        """``H``, ``P``, ``O``, ``R``, ``C``, ``Q``, ``M``, ``L`` or ``S``."""
        return self.fields[0]

    def field(self, number: int) -> str:
        """Return a field without the spaces that pad it, its escapes resolved."""
        return self._resolve(self.fields[number - 1]) if number <= len(self.fields) else ""

    def component(self, number: int, part: int) -> str:
        """Return one component of a field, both counted from 1."""
        parts = self.fields[number - 1].split(self.delimiters[2]) if number <= len(self.fields) else []
        return self._resolve(parts[part - 1]) if part <= len(parts) else ""

    def _resolve(self, text: str) -> str:
        escape = re.escape(self.delimiters[3])
        return re.sub(f"{escape}([FRSE]){escape}", lambda found: self.delimiters[_ESCAPED[found[1]]], text).strip()


@dataclass(frozen=True, slots=True)
class Result:
    """A result record, and the order it belongs to."""

    order: Record | None
    record: Record

    @property
    def test(self) -> str:
        """The manufacturer's code of the test: the fourth component of the universal test id."""
        return self.record.component(3, 4)

    @property
    def value(self) -> str:
        """The value as sent."""
        return self.record.field(4)

    @property
    def unit(self) -> str:
        """The unit as sent."""
        return self.record.field(5)

    @property
    def flags(self) -> str:
        """Abnormal flags: N, L, H, LL, HH, A, …."""
        return self.record.field(7)

    @property
    def status(self) -> str:
        """F final, P preliminary, C a correction of an earlier one, X cannot be done."""
        return self.record.field(9)

    @property
    def measured(self) -> datetime | None:
        """When the test was completed, as the analyser's own clock had it: a local time, without a zone."""
        return time(self.record.field(13))


def records(message: bytes) -> list[Record]:
    """Read the records of a message. Raise `ProtocolError` where no header opens it and names its delimiters."""
    # Latin-1 reads any byte, so garbage stays garbage and never becomes an exception.
    lines = [line for line in message.decode("latin-1").split("\r") if line.strip()]
    delimiters = lines[0][1:5] if lines else ""
    if not lines or lines[0][0] != "H" or len(set(delimiters)) != 4 or any(mark.isalnum() for mark in delimiters):
        raise ProtocolError("a message opens with H and four delimiters")
    return [Record(delimiters, tuple(line.split(delimiters[0]))) for line in lines]


def results(message: bytes) -> Iterator[Result]:
    """Read a message's results, each with the order above it. Raise `ProtocolError` as `records` does."""
    order = None
    for record in records(message):
        if record.kind == "O":
            order = record
        elif record.kind == "R":
            yield Result(order, record)


def escape(text: str, delimiters: str = r"|\^&") -> str:
    """Return a text that may stand in a field: its delimiters as escapes."""
    names = {delimiters[place]: f"{delimiters[3]}{name}{delimiters[3]}" for name, place in _ESCAPED.items()}
    return "".join(names.get(mark, mark) for mark in text)


def time(text: str) -> datetime | None:
    """Read ``YYYYMMDDHHMMSS``, seconds or the time of day left out as the standard allows; None for anything else."""
    pattern = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}.get(len(text))
    if not pattern or not text.isascii() or not text.isdigit():
        return None
    try:
        return datetime.strptime(text, pattern)  # noqa: DTZ007 - the site's zone is applied above
    except ValueError:
        return None
