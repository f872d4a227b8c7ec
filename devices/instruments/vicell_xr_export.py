"""Beckman Coulter Vi-CELL XR, through the files that its program exports: a text a sample, or a table in xls or xlsx.

Source: files exported by versions 2.04 and 2.06 (`tests/devices/instruments/test_exports.py` reads them). Times have no
zone and their months are names. A table's header is two lines; its “Sample data/time” is the program's own misspelling.
allotropy reads a table by itself, whole; what it reads is compared with what is read here, sample by sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import ClassVar
from zipfile import BadZipFile
from zoneinfo import ZoneInfo

from devices.allotrope import AllotropeExport, Column, Quantities, Sample
from devices.exported_text import Row, values
from devices.instrument import DateOrder, instrument
from devices.local_time import read
from devices.protocols import ProtocolError
from devices.workbook import must_be_modest

_KINDS = {b"PK\x03\x04": "xlsx", b"\xd0\xcf\x11\xe0": "xls"}
_TEXT = {  # the text's name of a value → the table's
    "RunDate": "Sample date",
    "Total cells / ml (x 10^6)": "Total cells/ml (x10^6)",
    "Total viable cells / ml (x 10^6)": "Viable cells/ml (x10^6)",
}
_TABLE = {"Sample date/time": "Sample date", "Sample data/time": "Sample date"}
_SAMPLE, _TIME = "Sample ID", "Sample date"


@instrument("vicell-xr-export", verified=None)
class ViCellXrExport(AllotropeExport):
    """Beckman Coulter Vi-CELL XR cell counter, from its exported texts and tables."""

    vendor: ClassVar = "BECKMAN_VI_CELL_XR"
    extension: ClassVar = "txt"
    channels: ClassVar = {"total_cells": "cells/mL", "viable_cells": "cells/mL", "viability": "%"}
    columns: ClassVar = {
        "total_cells": Column("Total cells/ml (x10^6)", "total cell density (cell counter)", 6),
        "viable_cells": Column("Viable cells/ml (x10^6)", "viable cell density (cell counter)", 6),
        "viability": Column("Viability (%)", "viability (cell counter)"),
    }

    def samples(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Iterator[Sample]:
        """Read a text's one sample, or a line a sample of a table."""
        kind = _KINDS.get(content[:4])
        for row in _table(content, kind) if kind else _text(content):
            if missing := {_SAMPLE, _TIME, *self.headed} - row.cells.keys():
                raise ProtocolError(f"no export of a Vi-CELL XR: it has no {', '.join(sorted(missing))}")
            yield self.sample(row, row.cells[_SAMPLE], row.cells[_TIME], zone, dates)

    def documents(self, content: bytes, samples: list[Sample]) -> Iterator[Quantities]:
        """Return what allotropy reads, of a table as a whole."""
        kind = _KINDS.get(content[:4])
        if not kind:
            yield from super().documents(content, samples)
            return
        documents = self.model(content, kind)
        if len(documents) != len(samples):
            raise ProtocolError(f"allotropy reads {len(documents)} samples where the table has {len(samples)}")
        yield from documents

    def alone(self, sample: Sample) -> bytes:
        """Return a text with the numbers."""
        numbers = self.numbers(sample)
        named = {"Sample ID": "sample", "RunDate": "01 Jan 2000  1:00:00 AM", "Viability (%)": numbers["Viability (%)"]}
        named |= {name: numbers[same] for name, same in _TEXT.items() if same in numbers}
        return "\n".join(["Vi-CELL XR 2.06.3", "", *(f"{name} : {each}" for name, each in named.items()), ""]).encode()


def _text(content: bytes) -> Iterator[Row]:
    found = values(content, (" :",))
    yield Row(content, {_TEXT.get(name, name): value for name, value in found.items()}, ended=True)


def _table(content: bytes, kind: str) -> Iterator[Row]:
    """Read the lines that have a time: the program leaves hidden ones that have none."""
    lines = _sheet(content, kind)
    start = next((number for number, line in enumerate(lines[:-1]) if line[:1] == [_SAMPLE]), None)
    if start is None:
        raise ProtocolError(f"no export of a Vi-CELL XR: no line begins with {_SAMPLE}")
    header = [
        f"{one} {other}".replace(" /ml", "/ml").strip() for one, other in zip(*lines[start : start + 2], strict=True)
    ]
    for line in lines[start + 2 :]:
        cells = {_TABLE.get(name, name): cell for name, cell in zip(header, line, strict=True)}
        if read(cells.get(_TIME, ""), None):
            yield Row("\t".join(line).encode(), cells, ended=True)


def _sheet(content: bytes, kind: str) -> list[list[str]]:
    if kind == "xlsx":
        must_be_modest(content)
    import pandas as pd  # noqa: PLC0415 - heavy, and only this process needs it

    try:
        sheet = pd.read_excel(
            BytesIO(content), header=None, dtype=object, engine="calamine" if kind == "xlsx" else "xlrd"
        )
    except (ValueError, LookupError, OSError, BadZipFile, AssertionError) as error:
        raise ProtocolError(f"the table cannot be read: {error}") from error
    return [["" if cell is None or cell != cell else str(cell).strip() for cell in line] for line in sheet.to_numpy()]  # noqa: PLR0124 - NaN is what is not itself
