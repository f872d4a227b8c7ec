"""The spool: what it returned from is on disk, numbered without holes, and taken once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Quality
from devices.spool import RunningError, Spool, SpoolError, instant, only_writer, stamp
from tests.devices.support import NOON, SetClock, measured, readings


def test_a_reading_comes_back_as_it_was_told(spool: Spool) -> None:
    """Every field, to the microsecond and the byte."""
    spool.append("BR-01", [measured("7.10")], received=NOON + timedelta(microseconds=123_456))
    (reading,) = readings(spool)
    assert (reading.instrument, reading.sequence, reading.channel, reading.value) == ("BR-01", 1, "pH", "7.10")
    assert (reading.unit, reading.quality, reading.status, reading.sample) == ("pH", Quality.GOOD, "", None)
    assert (reading.source_time, reading.raw) == (NOON, b"7.10")
    assert stamp(reading.received_time) == "2026-11-22T10:15:00.123456Z"


def test_each_instrument_counts_for_itself(spool: Spool) -> None:
    """Sequences are dense from 1, in the order of arrival."""
    for instrument in ("A", "B", "A", "A"):
        spool.append(instrument, [measured()], received=NOON)
    assert [(each.instrument, each.sequence) for each in readings(spool)] == [("A", 1), ("B", 1), ("A", 2), ("A", 3)]


def test_a_measurement_that_comes_again_is_known(spool: Spool) -> None:
    """The same origin is taken once, and leaves no hole."""
    first = spool.append("CC-01", [measured("1", origin="a"), measured("2", origin="b")], received=NOON)
    again = spool.append("CC-01", [measured("2", origin="b"), measured("3", origin="c")], received=NOON)
    assert (first, again) == (2, 1)
    assert [(each.sequence, each.value) for each in readings(spool)] == [(1, "1"), (2, "2"), (3, "3")]


def test_two_instruments_may_have_the_same_origin(spool: Spool) -> None:
    """What was measured is known by its instrument too."""
    assert spool.append("A", [measured(origin="x")], received=NOON) == 1
    assert spool.append("B", [measured(origin="x")], received=NOON) == 1


def test_sequences_go_on_after_everything_was_pruned(spool: Spool) -> None:
    """A number is never given twice, not even when its reading is gone."""
    spool.append("A", [measured()], received=NOON)
    spool.delivered(1)
    assert spool.prune(NOON + timedelta(days=30)) == 1
    spool.append("A", [measured()], received=NOON)
    assert [(number, reading.sequence) for number, reading in spool.undelivered()] == [(2, 2)]


def test_only_what_was_delivered_is_pruned(spool: Spool) -> None:
    """A MES that is away for a year loses nothing."""
    spool.append("A", [measured()], received=NOON)
    assert spool.prune(NOON + timedelta(days=365)) == 0


def test_the_cursor_moves_with_the_readings(spool: Spool) -> None:
    """Where a server was read to is kept in the same transaction."""
    spool.append("BR-01", [measured()], received=NOON, cursor=41)
    assert spool.session("BR-01") == (None, 41)
    spool.keep_session("BR-01", "{}", cursor=0)
    assert spool.session("BR-01") == ("{}", 0)


def test_an_unchanged_state_keeps_its_time(spool: Spool, clock: SetClock) -> None:
    """“Since” is when it began, not when it was last said."""
    spool.state("A", "connected", "", at=clock())
    clock.advance(timedelta(hours=1))
    spool.state("A", "connected", "", at=clock())
    with only_writer(spool.path):
        row = spool._connection.execute("select since from instrument").fetchone()
    assert instant(row[0]) == NOON


def test_what_cannot_be_written_is_said_in_a_sentence(spool: Spool) -> None:
    """A spool that cannot grow raises, so that nothing is acknowledged; and works again when it can."""
    spool._connection.execute("pragma max_page_count = 20")
    with pytest.raises(SpoolError, match=r"spool\.sqlite cannot be written: database or disk is full"):
        spool.append("A", [measured("7" * 100_000)], received=NOON)
    spool._connection.execute("pragma max_page_count = 1000")
    assert spool.append("A", [measured("7" * 100_000)], received=NOON) == 1
    assert [each.sequence for each in readings(spool)] == [1]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A mistake in the path is a sentence, not a traceback."""
    with pytest.raises(SpoolError, match="nowhere"):
        Spool(tmp_path / "nowhere" / "spool.sqlite")


def test_two_gateways_cannot_write_one_spool(spool: Spool) -> None:
    """They would give the same sequence twice."""
    with only_writer(spool.path), pytest.raises(RunningError), only_writer(spool.path):
        pass


def test_the_database_is_set_to_survive_a_power_cut(spool: Spool) -> None:
    """WAL with synchronous FULL; NORMAL loses acknowledged commits."""
    pragmas = [spool._connection.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert pragmas == ["wal", 2]


def test_only_what_is_delivered_may_be_forgotten(spool: Spool) -> None:
    """That is told by a connection of its own, which does not wait for the disk: the MES knows what comes twice."""
    assert spool._hasty.execute("pragma synchronous").fetchone()[0] == 1
    spool.append("A", [measured()] * 3, received=NOON)
    spool.delivered(2)
    assert [number for number, _ in spool.undelivered()] == [3]


@pytest.mark.parametrize("trial", range(3))
def test_a_killed_gateway_loses_nothing_it_acknowledged(tmp_path: Path, trial: int) -> None:
    """A process that appends and says so is killed at once; everything said is there, numbered without holes."""
    writer = dedent("""
        import sys
        from pathlib import Path
        from devices.spool import Spool
        from tests.devices.support import NOON, measured
        spool = Spool(Path(sys.argv[1]))
        for number in range(1, 100_000):
            spool.append("A", [measured(str(number))] * 3, received=NOON)
            print(number * 3, flush=True)
    """)
    path = tmp_path / "spool.sqlite"
    with subprocess.Popen([sys.executable, "-c", writer, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        acknowledged = [next(process.stdout) for _ in range(20 + trial * 37)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += process.stdout.readlines()
    spool = Spool(path)
    sequences = [reading.sequence for reading in readings(spool)]
    spool.close()
    assert sequences == list(range(1, len(sequences) + 1))
    assert len(sequences) >= int(acknowledged[-1])


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_on_disk_sort_as_times_do(time: datetime) -> None:
    """Six digits and Z, always: texts compare as the times they stand for."""
    text = stamp(time)
    assert len(text) == len("2026-11-22T10:15:00.123456Z")
    assert stamp(instant(text)) == text
