"""Beckman Coulter Vi-CELL BLU, through the CSV files that its program exports.

Source: files exported by the instrument (`tests/devices/instruments/test_exports.py` reads them), in UTF-8 and UTF-16.
Its times have no zone, and its dates are numeric, in the order of the country that Windows is set to: the known files
say ``3/21/2022``. The site says which order its own has. A sample that was analysed again is exported again, with the
time of that in a column of its own; it stands beside the first result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.allotrope import AllotropeExport, Column, Sample
from devices.exported_text import as_csv, table
from devices.instrument import DateOrder, instrument

_SAMPLE, _TIME, _AGAIN = "Sample ID", "Analysis date/time", "Reanalysis date/time"


@instrument("vicell-blu-export", verified=None)
class ViCellBluExport(AllotropeExport):
    """Beckman Coulter Vi-CELL BLU cell counter, from its exported CSV files."""

    vendor: ClassVar = "BECKMAN_VI_CELL_BLU"
    numeric_dates: ClassVar = True
    channels: ClassVar = {"total_cells": "cells/mL", "viable_cells": "cells/mL", "viability": "%"}
    columns: ClassVar = {
        "total_cells": Column("Total (x10^6) cells/mL", "total cell density (cell counter)", 6),
        "viable_cells": Column("Viable (x10^6) cells/mL", "viable cell density (cell counter)", 6),
        "viability": Column("Viability (%)", "viability (cell counter)"),
    }

    def samples(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Iterator[Sample]:
        """Read a line a sample."""
        for row in table(content, {_SAMPLE, _TIME, *self.headed}, "Vi-CELL BLU"):
            sample = self.sample(row, row.cells[_SAMPLE], row.cells[_TIME], zone, dates)
            if again := row.cells.get(_AGAIN):
                sample = replace(sample, version=again, remarks=(f"analysed again {again}",))
            yield sample

    def alone(self, sample: Sample) -> bytes:
        """Return a table of one line."""
        return as_csv({_SAMPLE: "sample", _TIME: "1/1/2000 00:00", **self.numbers(sample)})
