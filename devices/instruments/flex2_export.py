"""Nova Biomedical BioProfile FLEX2, through the CSV files that it exports.

Source: a file exported by the instrument (`tests/devices/instruments/test_exports.py` reads it). Its dates are numeric,
and two columns of one file were seen in two orders (``6-24-2022``, ``24-6-2022``): the site says in which “Date & Time”
is. Where the file has no line of units, these are the instrument's as it is delivered; a site that changed them there
exports the units, and a value in another unit than the channel's is doubtful. A module that is not fitted leaves its
columns out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.allotrope import AllotropeExport, Column, Sample
from devices.exported_text import Row, as_csv, table
from devices.instrument import DateOrder, instrument

_SAMPLE, _TIME = "Sample ID", "Date & Time"
_UNITS = {"total_cells": "10^6cells/mL", "viable_cells": "10^6cells/mL"}  # in the file; others are the channels'
_STAND_INS = {_TIME: "2000-01-01 00:00:00", _SAMPLE: "sample", "Sample Type": "sample", "Operator": "operator"}


@instrument("flex2-export", verified=None)
class Flex2Export(AllotropeExport):
    """Nova Biomedical BioProfile FLEX2 analyser, from its exported CSV files."""

    vendor: ClassVar = "NOVABIO_FLEX2"
    numeric_dates: ClassVar = True
    channels: ClassVar = {
        "total_cells": "cells/mL",
        "viable_cells": "cells/mL",
        "viability": "%",
        "glucose": "g/L",
        "lactate": "g/L",
        "glutamine": "mmol/L",
        "glutamate": "mmol/L",
        "ammonium": "mmol/L",
        "pH": "pH",
    }
    columns: ClassVar = {
        "total_cells": Column("Total Density", "total cell density (cell counter)", 6),
        "viable_cells": Column("Viable Density", "viable cell density (cell counter)", 6),
        "viability": Column("Viability", "viability (cell counter)"),
        "glucose": Column("Gluc", "glucose"),
        "lactate": Column("Lac", "lactate"),
        "glutamine": Column("Gln", "glutamine"),
        "glutamate": Column("Glu", "glutamate"),
        "ammonium": Column("NH4+", "ammonium"),
        "pH": Column("pH", "pH"),
    }

    def samples(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Iterator[Sample]:
        """Read a line a sample; a line without a time under the header has the units."""
        units: dict[str, str] = {}
        for place, row in enumerate(table(content, {_SAMPLE, _TIME}, "BioProfile FLEX2")):
            if place == 0 and not any(character.isdigit() for character in row.cells[_TIME]):
                units = self._other_units(row)
                continue
            sample = self.sample(row, row.cells[_SAMPLE], row.cells[_TIME], zone, dates)
            yield replace(sample, units=units)

    def alone(self, sample: Sample) -> bytes:
        """Return a table of one line."""
        return as_csv({**_STAND_INS, **self.numbers(sample)})

    def _other_units(self, row: Row) -> dict[str, str]:
        said = {channel: row.cells.get(column.name, "").replace(" ", "") for channel, column in self.columns.items()}
        return {
            channel: unit
            for channel, unit in said.items()
            if unit not in ("", "-", _UNITS.get(channel, self.channels[channel]))
        }
