"""Roche Cedex Bio HT, through the text files that it exports.

Source: files exported by the instrument with software 5 and 6 (`tests/devices/instruments/test_exports.py` reads them).
A line is one test of one sample; which column is which depends on the software's version, in the first line. Times are
year first and have no zone. A result beyond its test's range is written “< 8.7” and is no number, and a flag makes a
result doubtful. Each test is exported in the unit that it is set to; allotropy makes g/L of mg/L, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.allotrope import AllotropeExport, Column, Sample
from devices.exported_text import Row, decoded
from devices.instrument import Conversion, DateOrder, instrument, is_number
from devices.protocols import ProtocolError

_TESTS = {  # of each test: standard, low and high range, and their dilutions
    "glucose": ("GLC2L", "GLC2B", "GLC2D", "GLC3L", "GLC3B", "GLC3D"),
    "lactate": ("LAC2B", "LAC2D"),
    "glutamine": ("GLN2B", "GLN2D"),
    "glutamate": ("GLU2B", "GLU2D"),
    "ammonia": ("NH3LB", "NH3B", "NH3D"),
}
_CHANNELS = {code: channel for channel, codes in _TESTS.items() for code in codes}
_POWERS = {  # the file's unit and the channel's → the power of ten between them
    ("g/L", "g/L"): 0,
    ("mg/L", "g/L"): -3,
    ("mmol/L", "mmol/L"): 0,
    ("mmol/l", "mmol/L"): 0,
    ("mM", "mmol/L"): 0,
}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a version of the software writes what; ``width`` is how many columns a line has."""

    test: int
    sample: int
    unit: int
    flag: int
    value: int
    width: int


_LATER = _Layout(test=6, sample=2, unit=8, flag=9, value=10, width=13)
_LAYOUTS = {"5": _Layout(test=2, sample=5, unit=7, flag=8, value=9, width=12), "6": _LATER, "7": _LATER}


@instrument("cedex-bioht-export", verified=None)
class CedexBioHtExport(AllotropeExport):
    """Roche Cedex Bio HT analyser, from its exported text files."""

    vendor: ClassVar = "ROCHE_CEDEX_BIOHT"
    extension: ClassVar = "txt"
    channels: ClassVar = {
        "glucose": "g/L",
        "lactate": "g/L",
        "glutamine": "mmol/L",
        "glutamate": "mmol/L",
        "ammonia": "mmol/L",
    }
    columns: ClassVar = {channel: Column(channel, channel) for channel in channels}

    def convert(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None = None) -> Conversion:
        """Read a file, and tell which tests in it are no channels."""
        found = super().convert(content, zone, dates)
        layout, _, lines = _lines(content)
        others = {line.split("\t")[layout.test] for line in lines} - _CHANNELS.keys()
        found.notices.extend([f"tests that are no channels: {', '.join(sorted(others))}"] if others else [])
        return found

    def samples(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Iterator[Sample]:
        """Read a line a test, of those that are channels."""
        layout, title, lines = _lines(content)
        for line in lines:
            cells = [cell.strip() for cell in line.split("\t")]
            if channel := _CHANNELS.get(cells[layout.test]):
                unit, flag, text = cells[layout.unit], cells[layout.flag], cells[layout.value]
                power = _POWERS.get((unit, self.channels[channel]))
                value = f"{Decimal(text).scaleb(power or 0):f}" if is_number(text) else text
                row = Row(f"{title}{line}".encode(), {channel: value}, ended=True)
                sample = self.sample(row, cells[layout.sample], cells[1], zone, dates)
                yield replace(
                    sample,
                    doubts=(*sample.doubts, *([f"flag {flag}"] if flag else [])),
                    remarks=(f"test {cells[layout.test]}",),
                    units={channel: unit} if power is None else {},
                )

    def alone(self, sample: Sample) -> bytes:
        """Return the first line and the test's."""
        return sample.raw


def _lines(content: bytes) -> tuple[_Layout, str, list[str]]:
    """Return where what stands, the first line and the others. Raise `ProtocolError` for a foreign or a cut file."""
    title, *lines = decoded(content)[0].splitlines(keepends=True) or [""]
    cells = title.split("\t")
    if len(cells) != 10 or cells[6] != "CEDEX BIO HT" or cells[8][:1] not in _LAYOUTS:
        raise ProtocolError("no export of a Cedex Bio HT with software 5, 6 or 7")
    layout = _LAYOUTS[cells[8][:1]]
    lines = [line for line in lines if line.strip()]
    if any(len(line.split("\t")) != layout.width for line in lines):
        raise ProtocolError(f"a line has not the {layout.width} columns of this software: the file is cut off")
    return layout, title, lines
