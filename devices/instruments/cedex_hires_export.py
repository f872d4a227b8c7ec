"""Roche (Innovatis) Cedex HiRes, through the CSV files that its program exports.

Source: files exported by the instrument (`tests/devices/instruments/test_exports.py` reads them). Its dates are
numeric, in the order of the country that Windows is set to: the known files say ``6-17-2019`` and ``2/18/2021``. The
column's name is misspelt “identifer” in all of them. A count that was analysed again has another data set's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.allotrope import AllotropeExport, Column, Sample
from devices.exported_text import as_csv, table
from devices.instrument import DateOrder, instrument

_SAMPLE, _TIME, _SET = "Sample identifer", "Date finished", "Data set name"
_STAND_INS = {
    "System name": "system",
    "System description": "system",
    "Cedex ID": "1",
    _SAMPLE: "sample",
    _TIME: "2000-01-01 00:00:00",
}


@instrument("cedex-hires-export", verified=None)
class CedexHiResExport(AllotropeExport):
    """Roche Cedex HiRes cell counter, from its exported CSV files."""

    vendor: ClassVar = "ROCHE_CEDEX_HIRES"
    numeric_dates: ClassVar = True
    channels: ClassVar = {"total_cells": "cells/mL", "viable_cells": "cells/mL", "viability": "%"}
    columns: ClassVar = {
        "total_cells": Column("Total Cell Conc.", "total cell density (cell counter)"),
        "viable_cells": Column("Viable Cell Conc.", "viable cell density (cell counter)"),
        "viability": Column("Viability", "viability (cell counter)"),
    }

    def samples(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Iterator[Sample]:
        """Read a line a sample."""
        for row in table(content, {_SAMPLE, _TIME, _SET, *self.headed}, "Cedex HiRes"):
            sample = self.sample(row, row.cells[_SAMPLE], row.cells[_TIME], zone, dates)
            yield replace(sample, version=row.cells[_SET], remarks=(f"data set {row.cells[_SET]}",))

    def alone(self, sample: Sample) -> bytes:
        """Return a table of one line."""
        return as_csv({**_STAND_INS, **self.numbers(sample)})
