"""ChemoMetec NucleoCounter NC-202 and others, through the CSV files that the program NC-View exports.

Source: a file exported by the program (`tests/devices/instruments/test_exports.py` reads it). Its numbers have spaces
between thousands. It says the day of a count and not the time (``20240219-00019`` is the day and a number), so the
readings have no time: midnight would be an invention. A status other than OK makes a count doubtful.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.allotrope import AllotropeExport, Column, Sample
from devices.exported_text import as_csv, table
from devices.instrument import DateOrder, instrument

_SAMPLE, _NAME, _STATUS = "SAMPLE ID", "NAME", "STATUS"
_STAND_INS = {_NAME: "20000101-00001", _SAMPLE: "sample", "INSTRUMENT": "S/N: 1", "OPERATOR": "operator"}


@instrument("nc-view-export", verified=None)
class NcViewExport(AllotropeExport):
    """ChemoMetec NucleoCounter cell counter, from the CSV files of NC-View."""

    vendor: ClassVar = "CHEMOMETEC_NC_VIEW"
    channels: ClassVar = {"total_cells": "cells/mL", "viable_cells": "cells/mL", "viability": "%"}
    columns: ClassVar = {
        "total_cells": Column("TOTAL (cells/ml)", "total cell density (cell counter)"),
        "viable_cells": Column("LIVE (cells/ml)", "viable cell density (cell counter)"),
        "viability": Column("VIABILITY (%)", "viability (cell counter)"),
    }

    def samples(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Iterator[Sample]:
        """Read a line a sample."""
        for row in table(content, {_SAMPLE, _NAME, _STATUS, *self.headed}, "NucleoCounter (NC-View)"):
            together = {name: "".join(row.cells[name].split()) for name in self.headed}
            sample = self.sample(replace(row, cells={**row.cells, **together}), row.cells[_SAMPLE], "", zone, dates)
            doubts = () if row.cells[_STATUS] == "OK" else (f"status {row.cells[_STATUS]}",)
            yield replace(sample, version=row.cells[_NAME], doubts=doubts, remarks=(f"count {row.cells[_NAME]}",))

    def alone(self, sample: Sample) -> bytes:
        """Return a table of one line; allotropy's parser insists on dead cells."""
        return as_csv({**_STAND_INS, **self.numbers(sample), "DEAD (cells/ml)": "0"})
