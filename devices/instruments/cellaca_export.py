"""Revvity (Nexcelom) Cellaca MX, through the CSV files that the program Matrix exports.

Source: a file exported by the program (`tests/devices/instruments/test_exports.py` reads it). A plate's lines stand
under what is common to them, which has the time in a numeric date with two digits for the year (``5/20/25 12:25``), in
the order of the country that Windows is set to. The sample's code is the well's name. What stands under “Errors” makes
a count doubtful; that column is the last, so of a last line without its end nobody knows whether it had errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.allotrope import AllotropeExport, Column, Sample
from devices.exported_text import Row, as_csv, heading, table
from devices.instrument import DateOrder, instrument

_SAMPLE, _TIME, _ERRORS = "Well Name", "Results Timestamp", "Errors"


@instrument("cellaca-export", verified=None)
class CellacaExport(AllotropeExport):
    """Revvity Cellaca MX cell counter, from the CSV files of Matrix."""

    vendor: ClassVar = "REVVITY_MATRIX"
    numeric_dates: ClassVar = True
    channels: ClassVar = {"total_cells": "cells/mL", "viable_cells": "cells/mL", "viability": "%"}
    columns: ClassVar = {
        "total_cells": Column("Total Concentration (E6)", "total cell density (cell counter)", 6),
        "viable_cells": Column("Live Concentration (E6)", "viable cell density (cell counter)", 6),
        "viability": Column("Viability (%)", "viability (cell counter)"),
    }

    def samples(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Iterator[Sample]:
        """Read a line a well."""
        plate = heading(content, _SAMPLE)
        for row in table(content, {_SAMPLE, *self.headed}, "Cellaca (Matrix)", under=_SAMPLE):
            sample = self.sample(row, row.cells[_SAMPLE], plate.get(_TIME, ""), zone, dates)
            name = f"plate {plate.get('Plate Name', '')}"
            yield replace(sample, version=name, doubts=(*sample.doubts, *_doubts(row)), remarks=(name,))

    def alone(self, sample: Sample) -> bytes:
        """Return a table of one line."""
        return as_csv({"Row": "0", "Column": "0", _SAMPLE: "1", **self.numbers(sample)})


def _doubts(row: Row) -> Iterator[str]:
    if row.cells.get(_ERRORS):
        yield f"error {row.cells[_ERRORS]}"
    elif not row.ended:
        yield "the line has no end, and may have had errors"
