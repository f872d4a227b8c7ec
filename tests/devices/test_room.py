"""A spool that gets full: nothing is acknowledged that is not kept, nothing is lost, and it goes on by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest

from devices.backoff import Backoff
from devices.config import Mes, SerialSettings
from devices.delivery import Delivery
from devices.instrument import Measurement, Serial
from devices.instruments.cell_counter import CellCounter
from devices.intake import Intake
from devices.protocols import astm
from devices.room import Room
from devices.spool import Spool, SpoolError
from devices.transports.serial_port import SerialLine
from tests.devices.small_disk import SmallDisk, small_disk
from tests.devices.support import NOON, SetClock, TinyMes, measured, readings, until
from tests.devices.transports.test_serial_port import MESSAGE, Counter

LARGE = 100_000  # bytes of a reading: a spool of ten megabytes holds about a hundred


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk on which the spool keeps nothing in reserve, so that it is the disk that refuses a write."""
    with small_disk(tmp_path / "small", Room(reserve=-1_000)) as disk:
        yield disk


def large(number: int) -> Measurement:
    return Measurement("pH", str(number), "pH", raw=os.urandom(LARGE))


def appended_until_full(spool: Spool, first: int = 1) -> int:
    """Append until nothing is taken any more; return how many readings were."""
    for number in range(first, 10_000):
        try:
            spool.append("A", [large(number)], received=NOON)
        except SpoolError:
            return number - first
    raise AssertionError("it never was full")


def values(spool: Spool) -> list[int]:
    return [int(reading.value) for reading in readings(spool)]


def test_a_full_disk_takes_nothing_and_keeps_everything(disk: SmallDisk) -> None:
    """What was acknowledged is there to the last one; when somebody makes room, it goes on by itself."""
    disk.spool.append("A", [large(1), large(2)], received=NOON)
    disk.fill()
    kept = 2 + appended_until_full(disk.spool, 3)
    with pytest.raises(SpoolError, match="cannot be written: database or disk is full"):
        disk.spool.append("A", [large(number) for number in range(100)], received=NOON)
    assert values(disk.spool) == list(range(1, kept + 1))
    disk.free()
    disk.spool.append("A", [large(kept + 1)], received=NOON)
    assert values(disk.spool) == list(range(1, kept + 2))
    assert disk.spool._connection.execute("pragma integrity_check").fetchone()[0] == "ok"


def test_a_message_that_finds_the_disk_full_is_not_acknowledged_and_comes_again(
    disk: SmallDisk, clock: SetClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The counter keeps its result; when there is room it sends it once more, and it is there once."""
    monkeypatch.setattr("devices.transports.serial_port.Backoff", lambda: Backoff(0.01, 0.02))
    counter, stop = Counter(tmp_path / "line"), Event()
    intake = Intake("CC-01", disk.spool, clock)
    line = SerialLine(CellCounter(), SerialSettings(counter.port, Serial()), ZoneInfo("UTC"), intake)
    thread = Thread(target=line.run, args=(stop,))
    thread.start()
    until(lambda: intake._state[0] == "listening")
    disk.fill()
    os.write(counter.near, astm.ENQ)
    assert counter.answer() == astm.ACK
    os.write(counter.near, astm.frames(MESSAGE)[0])
    assert counter.answer(0.5) == b""
    disk.free()
    until(lambda: sent(counter))
    stop.set()
    thread.join()
    counter.pull()
    assert [reading.value for reading in readings(disk.spool)] == ["96.9"]


def sent(counter: Counter) -> bool:
    """Send the whole message, as a counter does that was not heard; say whether all of it was acknowledged."""
    pieces = (astm.ENQ, *astm.frames(MESSAGE))
    for piece in pieces:
        os.write(counter.near, piece)
        if counter.answer(0.5) != astm.ACK:
            os.write(counter.near, astm.EOT)
            return False
    return True


def test_a_spool_that_may_hold_no_more_goes_on_when_something_was_delivered(
    tmp_path: Path, tiny_mes: TinyMes, clock: SetClock
) -> None:
    """Ten megabytes, and the MES away: it stops taking, at its size. When the MES is back it needs nobody's hand."""
    spool = Spool(tmp_path / "spool.sqlite", Room(megabytes=10))
    kept = appended_until_full(spool)
    assert 90 <= kept <= 101
    stop = Event()
    thread = Thread(target=Delivery("g", Mes(tiny_mes.url, "secret"), spool, clock).run, args=(stop,))
    thread.start()
    until(lambda: len(tiny_mes.stored) == kept and spool.share(NOON) < 0.6)
    for number in range(kept + 1, kept + 21):
        spool.append("A", [large(number)], received=NOON)
    until(lambda: len(tiny_mes.stored) == kept + 20)
    stop.set()
    spool.appended.set()
    thread.join()
    spool.close()
    assert [int(reading["value"]) for reading in tiny_mes.stored.values()] == list(range(1, kept + 21))


def test_the_disk_keeps_room_for_what_must_be_noted(tmp_path: Path) -> None:
    """A disk that is smaller than what the spool may hold: readings stop before the notes do."""
    with small_disk(tmp_path / "small", Room() if os.geteuid() == 0 else Room(megabytes=10)) as disk:
        kept = appended_until_full(disk.spool)
        disk.spool.delivered(kept)
        disk.spool.state("A", "no line", "unplugged", at=NOON)
        disk.spool.note("A", "gap", "values were missed", b"", at=NOON)
        assert disk.spool.prune(NOON - timedelta(days=30)) > 0
        assert appended_until_full(disk.spool, kept + 1) > 0


def test_readings_that_wait_longer_than_a_site_allows_stop_the_intake(spool: Spool, tmp_path: Path) -> None:
    """Half of the days is an alarm, all of them the end, and a delivery begins them anew."""
    spool = Spool(tmp_path / "days.sqlite", Room(days=10))
    spool.append("A", [measured()], received=NOON)
    assert 0.5 <= spool.share(NOON + timedelta(days=5)) < 0.51
    with pytest.raises(SpoolError, match="is full: nothing is taken until what waits in it was delivered"):
        spool.append("A", [measured()], received=NOON + timedelta(days=10))
    spool.delivered(1)
    assert spool.append("A", [measured()], received=NOON + timedelta(days=10)) == 1
    spool.close()


def test_a_reading_is_kept_after_its_delivery_only_while_there_is_room(tmp_path: Path) -> None:
    """Under half full, delivered readings stay for their retention; over it, the oldest go."""
    spool = Spool(tmp_path / "spool.sqlite", Room(megabytes=10))
    for number in range(1, 21):
        spool.append("A", [large(number)], received=NOON)
    spool.delivered(20)
    assert spool.prune(NOON - timedelta(days=1)) == 0
    kept = appended_until_full(spool, 21)
    assert spool.prune(NOON - timedelta(days=1)) == 20
    assert values(spool) == list(range(21, 21 + kept))
    spool.close()
