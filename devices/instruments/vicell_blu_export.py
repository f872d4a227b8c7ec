"""Beckman Coulter Vi-CELL BLU, through the CSV files that its program exports; allotropy reads them.

allotropy refuses a whole file for one cell that it cannot read, invents 1970 for a time that is missing, and gives
times without a zone +00:00. So each row is read by itself, with stand-ins in the cells that are no number or no time
and whose values are then not taken, and a time gets the site's zone here. Source: files exported by the instrument
(`tests/devices` reads them), allotropy 0.1.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO, StringIO
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from devices.instrument import Conversion, FileInstrument, Measurement, at_site, instrument, is_number
from devices.protocols import ProtocolError
from devices.reading import Quality

_COLUMNS = {  # channel → the file's column, allotropy's name for it, and the power of ten between them
    "total_cells": ("Total (x10^6) cells/mL", "total cell density (cell counter)", 6),
    "viable_cells": ("Viable (x10^6) cells/mL", "viable cell density (cell counter)", 6),
    "viability": ("Viability (%)", "viability (cell counter)", 0),
}
_SAMPLE, _TIME = "Sample ID", "Analysis date/time"
_SOME_TIME = "1/1/2000 00:00"


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the file: as bytes, and as column → text."""

    raw: bytes
    cells: dict[str, str]


@instrument("vicell-blu-export", verified=None)
class ViCellBluExport(FileInstrument):
    """Beckman Coulter Vi-CELL BLU cell counter, from its exported CSV files."""

    channels: ClassVar = {"total_cells": "cells/mL", "viable_cells": "cells/mL", "viability": "%"}

    def convert(self, content: bytes, zone: ZoneInfo) -> Conversion:
        """Read a file's rows. A row is known again by its sample, its time of analysis and its values."""
        digest = f"sha256:{sha256(content).hexdigest()}"
        found = Conversion()
        for row in _rows(content):
            measurements = list(self._measurements(row, digest, zone))
            found.measurements.extend(measurements)
            missing = self.channels.keys() - {each.channel for each in measurements}
            found.notices.extend(
                f"sample {row.cells[_SAMPLE]}: no {channel}, the file says “{row.cells[_COLUMNS[channel][0]]}”"
                for channel in sorted(missing)
            )
        return found

    def _measurements(self, row: _Row, digest: str, zone: ZoneInfo) -> Iterator[Measurement]:
        counted = _count(row)
        time = at_site(_time(row, counted), zone)
        values = {channel: value for channel in _COLUMNS if (value := _value(row, counted, channel)) is not None}
        impossible = values.get("viable_cells", Decimal(0)) > values.get("total_cells", Decimal("Infinity"))
        said = "|".join([row.cells[_SAMPLE], row.cells[_TIME], *(f"{channel}={values[channel]}" for channel in values)])
        for channel, value in values.items():
            yield Measurement(
                channel=channel,
                value=f"{value:f}",
                unit=self.channels[channel],
                raw=row.raw,
                quality=Quality.UNCERTAIN if impossible else Quality.GOOD,
                status=f"{digest}; viable above total" if impossible else digest,
                sample=row.cells[_SAMPLE] or None,
                source_time=time,
                origin=f"{channel}|{said}",
            )


def _rows(content: bytes) -> Iterator[_Row]:
    """Read the lines of a file in UTF-8 or, with its mark, UTF-16. Raises `ProtocolError` for a foreign file."""
    encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(content[:2], "utf-8")
    try:
        header, *lines = content.decode(encoding).removeprefix("\ufeff").splitlines(keepends=True) or [""]
    except UnicodeDecodeError as error:
        raise ProtocolError(f"the file is no text: {error}") from error
    columns = next(csv.reader([header]), [])
    if missing := {_SAMPLE, _TIME, *(column for column, _, _ in _COLUMNS.values())} - set(columns):
        raise ProtocolError(f"no export of a Vi-CELL BLU: it has no column {', '.join(sorted(missing))}")
    for line in lines:
        cells = next(csv.reader([line]), [])
        if len(cells) < len(columns):
            raise ProtocolError(f"a line has {len(cells)} cells, the header {len(columns)}: the file is cut off")
        yield _Row(line.encode(encoding), dict(zip(columns, cells, strict=False)))


def _count(row: _Row) -> dict[str, Any]:
    """Let allotropy read one row, with stand-ins where it would refuse; return its measurement document."""
    from allotropy.exceptions import AllotropyError  # noqa: PLC0415 - with pandas, a second and a half
    from allotropy.to_allotrope import allotrope_from_io  # noqa: PLC0415 - the same

    cells = dict(row.cells)
    cells.update({column: "0" for column, _, _ in _COLUMNS.values() if not is_number(cells[column])})
    cells[_TIME] = cells[_TIME].strip() or _SOME_TIME
    text = StringIO()
    csv.writer(text).writerows([cells.keys(), cells.values()])
    try:
        model = allotrope_from_io(BytesIO(text.getvalue().encode()), "export.csv", "BECKMAN_VI_CELL_BLU")
    except AllotropyError as error:
        raise ProtocolError(f"sample {row.cells[_SAMPLE]}: {error}") from error
    (document,) = model["cell counting aggregate document"]["cell counting document"]
    (measurement,) = document["measurement aggregate document"]["measurement document"]
    return dict(measurement)


def _time(row: _Row, counted: dict[str, Any]) -> datetime | None:
    if not row.cells[_TIME].strip():
        return None
    return datetime.fromisoformat(counted["measurement time"]).replace(tzinfo=None)


def _value(row: _Row, counted: dict[str, Any], channel: str) -> Decimal | None:
    column, name, power = _COLUMNS[channel]
    if not is_number(row.cells[column]):
        return None
    (processed,) = counted["processed data aggregate document"]["processed data document"]
    return Decimal(str(processed[name]["value"])).scaleb(power)
