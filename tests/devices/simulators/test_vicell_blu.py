"""The simulated Vi-CELL BLU counts the one culture, and keeps what it counted."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from devices.simulators.vicell_blu import Result, ViCellFace
from devices.simulators.world import World
from tests.devices.support import NOON


def world(folder: Path) -> World:
    """Cells in the bioreactor since just now."""
    made = World(folder, start=NOON)
    for event in ("collect", "isolate", "activate", "transduce", "seed_bioreactor"):
        made.tell(event)
    return made


def test_a_count_is_of_the_culture(tmp_path: Path) -> None:
    """What it says of the cells is what the culture is, within a counter's error; the sample's number is its own."""
    here = world(tmp_path)
    count = here.count("S-1", "bioreactor")
    found, other = Result.of(count, "anna", 7), Result.of(here.count("S-2", "bioreactor"), "anna", 7)
    cells = here.contents("bioreactor")
    assert abs(found.total / cells.density - 1) < 0.1
    assert abs(found.viability - cells.viability) < 5
    assert (found.total, found.viable) == (float(count.total), float(count.viable))
    assert 10 < found.diameter < 13
    assert found == Result.of(count, "anna", 7)
    assert found.uuid != other.uuid


def test_results_outlive_the_instrument(tmp_path: Path) -> None:
    """Switched off and on, it has every result, and of a sample that was analysed again the newer."""
    first = Result("7c9d6a3e-52c5-4c56-9a11-6a5f0f5f8a10", "S-1", "anna", NOON, 1e6, 9e5, 90.0, 11.2)
    again = Result(first.uuid, "S-1", "anna", NOON, 1e6, 8e5, 80.0, 11.2, reanalysed=NOON + timedelta(hours=1))
    before = ViCellFace(1, tmp_path, "gateway", "secret", tmp_path / "results.json")
    asyncio.run(before.count(first))
    assert ViCellFace(1, tmp_path, "gateway", "secret", tmp_path / "results.json").results == [first]
    before.reanalyse(again)
    assert ViCellFace(1, tmp_path, "gateway", "secret", tmp_path / "results.json").results == [again]
