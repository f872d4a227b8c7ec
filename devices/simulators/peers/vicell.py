"""A real export of a Vi-CELL BLU, played again.

The file is the instrument's own, byte for byte: ten samples of 21 to 28 March 2022. When one of them is asked to be
counted and its time of analysis has come, the file is put into the watched folder, as the instrument's program would
export it. It holds later samples too; the gateway holds rows that are dated ahead of its clock until their time
(`devices.transports.file_drop`), and knows the file when it comes again. So each result is taken once, at its time.

Four of the samples stand for this culture: what they counted are the points that its density passes through.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from devices.simulators.culture import NotSoError, Point
from devices.simulators.world import World

START = datetime(2022, 3, 21, 8, tzinfo=UTC)
STANDING = ("CLB001", "CLB007", "CLB009", "CLB010")  # at activation, on day 3, day 4 and day 7
_EXPORT = Path("exports", "beckman_vi_cell_blu", "Beckman_Vi-Cell-BLU_example01.csv")
_BESIDE = Path(__file__).parents[4] / "shared" / "reference" / "instruments"


class NoCaptureError(Exception):
    """The instrument's file is not on this machine; the sentence says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sample of the export, with its texts."""

    sample: str
    at: datetime
    total: str  # 10^6 cells/mL
    viable: str
    viability: str


def export() -> Path:
    """Return the real file, in the folder that MES_CAPTURES names or beside the repository. Raises `NoCaptureError`."""
    path = Path(os.environ.get("MES_CAPTURES", _BESIDE)) / _EXPORT
    if not path.is_file():
        raise NoCaptureError(f"there is no {path}: set MES_CAPTURES to the folder of instruments' captures")
    return path


def rows(path: Path) -> dict[str, Row]:
    """Return sample → row; the times are taken as UTC, the zone of a demonstration."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row.sample: row for row in map(_row, csv.DictReader(file))}


def _row(cells: dict[str, str]) -> Row:
    return Row(
        sample=cells["Sample ID"],
        at=datetime.strptime(cells["Analysis date/time"], "%m/%d/%Y %H:%M").replace(tzinfo=UTC),
        total=cells["Total (x10^6) cells/mL"],
        viable=cells["Viable (x10^6) cells/mL"],
        viability=cells["Viability (%)"],
    )


def points(known: dict[str, Row]) -> tuple[Point, ...]:
    """Return what the standing samples found."""
    standing = [known[sample] for sample in STANDING]
    return tuple(Point(row.at, float(row.viable) * 1e6, float(row.viability)) for row in standing)


class ViCell:
    """The counter that exports the file into a folder."""

    def __init__(self, path: Path, folder: Path, world: World) -> None:
        self.world, self._path, self._folder = world, path, folder
        self._rows = rows(path)
        folder.mkdir(parents=True, exist_ok=True)

    def knows(self, sample: str) -> bool:
        """Whether a sample is one of the file's."""
        return sample in self._rows

    def count(self, sample: str) -> dict[str, Any]:
        """Export the file that has this sample. Raises `NotSoError` before the sample was analysed."""
        row, now = self._rows[sample], self.world.clock()
        if now < row.at:
            raise NotSoError(f"{sample} is analysed at {row.at:%Y-%m-%d %H:%M}; it is {now:%Y-%m-%d %H:%M}")
        draft = self._folder / f"{now:%Y%m%d-%H%M%S}-{sample}.csv.tmp"
        draft.write_bytes(self._path.read_bytes())
        draft.rename(draft.with_suffix(""))
        return {
            "instrument": "VC-01",
            "sample": sample,
            "at": row.at.isoformat(),
            "total_cells": f"{Decimal(row.total).scaleb(6):f}",
            "viable_cells": f"{Decimal(row.viable).scaleb(6):f}",
            "viability": row.viability,
        }
