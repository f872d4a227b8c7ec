"""ChemoMetec NucleoCounter NC-200, NC-202, NC-250 and NC-3000, through the CSV files that NucleoView exports.

Source: files exported by the program (`tests/devices/instruments/test_exports.py` reads them). A file holds one sample,
a name and a value a line, in either of two writings: “Viability (%);68.2;” with the time and its offset from UTC near
the end and a mark in the last line, or “Viability (%):” and a tab, with the time in UTC. Some files have no time. Where
no sample is named, its code is what follows the date, the number and the “c” in the picture's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.allotrope import AllotropeExport, Column, Sample
from devices.exported_text import decoded, values
from devices.instrument import DateOrder, instrument
from devices.local_time import read
from devices.protocols import ProtocolError

_OFFSET = re.compile(r"[+-]?[0-9]{1,2}(?:[.:][0-9]+)?")
_ENDS = re.compile(r"(//\[[0-9A-F]{8}\][\s,;]*|Status:\t[^\n]*\n\s*)\Z")


@instrument("nucleoview-export", verified=None)
class NucleoViewExport(AllotropeExport):
    """ChemoMetec NucleoCounter cell counter, from the CSV files of NucleoView."""

    vendor: ClassVar = "CHEMOMETEC_NUCLEOVIEW"
    channels: ClassVar = {"total_cells": "cells/mL", "viable_cells": "cells/mL", "viability": "%"}
    columns: ClassVar = {
        "total_cells": Column("Total (cells/ml)", "total cell density (cell counter)"),
        "viable_cells": Column("Live (cells/ml)", "viable cell density (cell counter)"),
        "viability": Column("Viability (%)", "viability (cell counter)"),
    }

    def samples(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Iterator[Sample]:  # noqa: ARG002 - it states its zone, year first
        """Read the one sample of a file."""
        cells = {name: value.strip(" ;,") for name, value in values(content, (":\t", ";")).items()}
        if missing := set(self.headed) - cells.keys():
            raise ProtocolError(f"no export of NucleoView: it has no {', '.join(sorted(missing))}")
        if not _ENDS.search(decoded(content)[0]):
            raise ProtocolError("the file does not end as NucleoView's do: it is cut off")
        written = cells.get("Date time") or cells.get("Time (UTC)") or ""
        time = _time(cells)
        status = cells.get("Status", "OK")
        doubts = [f"its time is none: {written}"] if written and not time else []
        doubts += [f"status {status}"] if status != "OK" else []
        yield Sample(_code(cells), cells, content, written, time, doubts=tuple(doubts))

    def alone(self, sample: Sample) -> bytes:
        """Return a list of the numbers."""
        numbers = [f"{name};{number};" for name, number in self.numbers(sample).items()]
        return "\r\n".join(["Title; ;", "Image;a-b-c-sample;", *numbers, "//[0]"]).encode()


def _code(cells: Mapping[str, str]) -> str:
    return cells.get("Sample ID") or "-".join(cells.get("Image", "").split("-")[3:])


def _time(cells: Mapping[str, str]) -> datetime | None:
    offset = "0" if "Time (UTC)" in cells else cells.get("Time zone offset", "")
    local = read(cells.get("Date time") or cells.get("Time (UTC)") or "", None)
    if not local or not _OFFSET.fullmatch(offset):
        return None
    hours = float(offset) if ":" not in offset else int(offset.split(":")[0])
    return local.replace(tzinfo=timezone(timedelta(hours=hours)))
