"""The simulated cell counter, with nobody at the other end of its line."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from devices.simulators.cell_counter import CellCounter
from devices.simulators.world import World
from tests.devices.support import until


def test_what_nobody_acknowledged_is_not_said_to_be(tmp_path: Path) -> None:
    """The counter is switched off while its result is on the line: whoever waits is not told that it arrived."""
    world = World(tmp_path)
    counter, acknowledged = CellCounter(tmp_path / "line", world), Event()
    counter._results.take("", world.clock(), (b"H|\\^&\rL|1|N\r", acknowledged))
    counter.start()
    until(lambda: not counter._results._held)
    counter.stop()
    assert not acknowledged.is_set()
