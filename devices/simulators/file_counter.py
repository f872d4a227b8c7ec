"""A cell counter that exports a file for each count, in the columns of the Vi-CELL BLU's program.

Its faults are of the file (`drop` cuts it in half, `garble` spoils its heading, `restart` leaves an unfinished one;
each once, and the whole file follows), of the order in which files come, or of the result.
"""

from __future__ import annotations

import csv
from datetime import datetime
from io import StringIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

from devices.simulators.faults import Order
from devices.simulators.world import Count, World

NAME = "file counter"
GLANCE = 0.05  # seconds
_HEADING = (
    "Sample ID,Cell count,Viable cells,Total (x10^6) cells/mL,Viable (x10^6) cells/mL,Viability (%),"
    "Average diameter (μm),Average viable diameter (μm),Average circularity,Average viable circularity,"
    "Average cells per image,Average background intensity,Bubble count,Cluster count,Images for analysis,Cell type,"
    "Minimum Diameter (μm),Maximum Diameter (μm),Images,Cell sharpness,Minimum circularity,Decluster degree,"
    "Aspiration cycles,Viable spot brightness (%),Viable spot area (%),Mixing cycles,Analysis date/time,"
    "Reanalysis date/time,Analysis by,Reanalysis by,Dilution,Wash,Tag"
)
_SETTINGS = "18.5,18.7,0.88,0.88,21,134,0,0,100,Mammalian,6,30,100,7,0.1,Medium,3,50,5,3"
_AFTER = ",,simulated,,1,Normal Wash,"


class FileCounter:
    """A counter with a folder that it exports into."""

    def __init__(self, folder: Path, world: World) -> None:
        self._folder, self._world = folder, world
        self._order: Order[bytes] = Order()
        self._exported = 0
        self._stop = Event()
        self._thread = Thread(target=self._export_results, name=NAME, daemon=True)
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Begin to export."""
        self._thread.start()

    def stop(self) -> None:
        """Stop exporting."""
        self._stop.set()
        self._thread.join()

    def count(self, sample: str, vessel: str) -> dict[str, Any]:
        """Count a sample, and have its file on its way."""
        count = self._world.count(sample, vessel, NAME)
        fault = self._world.asked(NAME)
        self._order.take(fault, self._world.clock(), content(count, self._world.happens(NAME, "nan", "bad")))
        return {"instrument": "VC-01", "sample": count.sample, "at": count.at.isoformat()} | count.values

    def _export_results(self) -> None:
        while not self._stop.wait(GLANCE):
            for text in self._order.give(self._world.asked(NAME), self._world.clock()):
                self._export(text)

    def _export(self, text: bytes) -> None:
        match self._world.happens(NAME, "drop", "garble", "restart"):
            case "drop":
                self._write(text[: len(text) // 2])
            case "garble":
                self._write(text.replace(b"Sample ID", b"Sampl\xff\xfe ID"))
            case "restart":
                self._name().with_suffix(".csv.tmp").write_bytes(text[: len(text) // 3])
        self._write(text)

    def _write(self, text: bytes) -> None:
        path = self._name()
        draft = path.with_suffix(".csv.part")
        draft.write_bytes(text)
        draft.rename(path)

    def _name(self) -> Path:
        self._exported += 1
        return self._folder / f"{self._world.clock():%Y%m%d-%H%M%S}-{self._exported}.csv"


def content(count: Count, fault: str = "") -> bytes:
    """Return the file of one count."""
    total, viable = float(count.total) / 1e6, float(count.viable) / 1e6
    shown = {"nan": "NaN", "bad": f"{total * 1.2:.2f}"}.get(fault, f"{viable:.2f}")
    cells = [count.sample, round(total * 2_800), round(viable * 2_800), f"{total:.2f}", shown, count.viability]
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return f"{_HEADING}\r\n{text.getvalue()},{_SETTINGS},{_american(count.at)}{_AFTER}\r\n".encode()


def _american(at: datetime) -> str:
    return f"{at.month}/{at.day}/{at:%Y %H:%M}"
