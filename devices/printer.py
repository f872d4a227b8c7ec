"""What result printers have in common: a line's fields into measurements, as the site says what the fields are.

A field is ``sample``, ``time``, the name of a channel, ``-`` for what is passed over, or ``=`` and a text that must
stand there: ``=g`` after ``mass`` is how a printed unit is held to. Whoever configures the fields says with a channel's
name that its number is in the channel's unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.instrument import DateOrder, Measurement, SerialInstrument, is_number
from devices.local_time import instant
from devices.protocols import ProtocolError
from devices.protocols.printed import PrintedLines
from devices.reading import Quality
from devices.toml_table import Table

ENDS = {"CR LF": b"\r\n", "LF": b"\n", "CR": b"\r"}
USUAL = ("sample", "time", "total_cells", "viable_cells", "viability")


@dataclass(frozen=True, slots=True)
class Printout:
    """How a printer's lines end, what their fields are, and in which order its dates are."""

    end: bytes = ENDS["CR LF"]
    fields: Sequence[str] = USUAL
    dates: DateOrder | None = None


class ResultPrinter(SerialInstrument):
    """An instrument that prints a line for each result."""

    channels: ClassVar = {
        "total_cells": "cells/mL",
        "viable_cells": "cells/mL",
        "viability": "%",
        "mass": "g",
        "volume": "mL",
        "pH": "pH",
        "temperature": "°C",
        "glucose": "g/L",
        "lactate": "g/L",
    }

    printout = Printout()

    def link(self) -> PrintedLines:
        """Return the line, as new."""
        raise NotImplementedError

    def measurements(self, text: bytes, raw: bytes, zone: ZoneInfo) -> Iterator[Measurement]:
        """Read one line. A line with a time is known when it is printed again; without one it is another result."""
        row = self.link().row(text)
        for field, said in row.items():
            fixed = field.partition("\0")[0].removeprefix("=")
            if field.startswith("=") and said != fixed:
                raise ProtocolError(f"“{said}” stands where “{fixed}” should")
        time = instant(row.get("time", ""), zone, self.printout.dates)
        digest = sha256(text).hexdigest() if time else ""
        for channel, value in row.items():
            if channel not in self.channels:
                continue
            number = is_number(value)
            yield Measurement(
                channel=channel,
                value=value,
                unit=self.channels[channel],
                raw=raw,
                quality=Quality.GOOD if number else Quality.BAD,
                status="" if number else "not a number",
                sample=row.get("sample") or None,
                source_time=time,
                origin=digest and f"{channel}|{digest}",
            )


def distinct(fields: Sequence[str]) -> tuple[str, ...]:
    """Return fields that can be told apart: those passed over, and fixed texts, may come more than once."""
    return tuple(f"{each}\0{place}" if each[:1] in "-=" else each for place, each in enumerate(fields))


def printout(table: Table, known: Sequence[str]) -> Printout:
    """Read a site's configuration of a printer; ``known`` is what its fields may be, beside ``=`` and a text."""
    fields = table.texts("fields", USUAL)
    for each in fields:
        if each not in known and not each.startswith("="):
            table.mistake("fields", f"“{each}” is no field; there is -, =text, {', '.join(known)}")
    if len({*distinct(fields)}) != len(fields):
        table.mistake("fields", "a field stands there twice")
    dates = table.choice("dates", [*DateOrder], "")
    end = table.choice("end", ENDS, "CR LF")
    return Printout(ENDS.get(end, b"\r\n"), fields, DateOrder(dates) if dates else None)
