"""Readings in partitions by month: made by themselves, guarded like the whole, each key stored once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from mes import schema
from mes.clock import Tick
from tests.mes.laboratory import CLOCK, Laboratory, reading

ON_POSTGRESQL = pytest.mark.parametrize("lab", ["postgresql"], indirect=True)
PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'reading'::regclass ORDER BY 1"
AGAIN = """INSERT INTO reading SELECT instrument, sequence, channel, value, unit, quality, status, sample, source_time,
           received_time, '2026-04-01T00:00:00.000000Z', raw FROM reading"""


def partitions(lab: Laboratory) -> list[str]:
    with lab.reading() as connection:
        return list(connection.execute(text(PARTITIONS)).scalars())


@ON_POSTGRESQL
def test_a_month_has_its_partition_before_it_begins(lab: Laboratory) -> None:
    """A tick in March makes room for April; one in December, for the January after."""
    lab.do(Tick(), by=CLOCK)
    assert partitions(lab) == ["reading_2026_03", "reading_2026_04"]
    lab.time.at = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    lab.do(Tick(), by=CLOCK)
    assert partitions(lab)[-2:] == ["reading_2026_12", "reading_2027_01"]


@ON_POSTGRESQL
def test_a_delivery_makes_its_own_room(lab: Laboratory) -> None:
    """A laboratory that stood still for a year, without its clock, stores the first reading that comes."""
    lab.time.later(days=400)
    lab.measured("85")
    assert "reading_2027_04" in partitions(lab)
    assert lab.verify().holds


@ON_POSTGRESQL
def test_a_reading_lies_in_the_month_it_was_stored_in(lab: Laboratory) -> None:
    """A gateway that was cut off delivers in April what it measured in March, before the old and after the new."""
    lab.deliver(reading(lab.time(), "80", sequence=2))
    lab.time.later(days=31)
    lab.deliver(reading(lab.time(), "79", sequence=1), reading(lab.time(), "81", sequence=3))
    with lab.reading() as connection:
        found = connection.execute(text("SELECT sequence, tableoid::regclass::text FROM reading ORDER BY 1")).all()
    assert [tuple(row) for row in found] == [(1, "reading_2026_04"), (2, "reading_2026_03"), (3, "reading_2026_04")]


def test_months_are_sealed_together(lab: Laboratory) -> None:
    """A range that spans the turn of a month is one range; the check finds it whole."""
    lab.deliver(*(reading(lab.time(), "80", sequence=number) for number in (1, 2)))
    lab.time.later(days=31)
    lab.deliver(*(reading(lab.time(), "80", sequence=number) for number in (3, 4)))
    lab.do(Tick(), by=CLOCK)
    assert [line["body"]["to"] for line in lab.lines("equipment:CC-01", "readings sealed")] == [4]
    assert lab.verify().readings == 4
    assert lab.verify().holds


@pytest.mark.requirement("RQ-107")
@ON_POSTGRESQL
def test_a_key_is_stored_once_in_all_months(lab: Laboratory) -> None:
    """The same instrument and sequence in another month is refused by the database, whoever sends it."""
    lab.measured("85")
    for engine in (lab.database.writer, lab.owner()):
        with pytest.raises(IntegrityError, match="reading_key"), engine.begin() as connection:
            connection.execute(text(AGAIN))
        engine.dispose()
    assert lab.count("reading") == 1


def test_the_same_delivery_from_two_sides_is_stored_once(lab: Laboratory) -> None:
    """A gateway that heard no answer sends again while the first is still being stored: nothing doubles."""
    readings = tuple(reading(lab.time(), "85", sequence=number) for number in range(1, 200))
    with ThreadPoolExecutor(4) as pool:
        outcomes = [future.result() for future in [pool.submit(lab.deliver, *readings) for _ in range(4)]]
    assert sorted(each["stored"] for each in outcomes) == [0, 0, 0, 199]
    assert lab.count("reading") == 199
    assert lab.verify().holds


@pytest.mark.requirement("RQ-007")
@ON_POSTGRESQL
@pytest.mark.parametrize("table", ["reading_2026_03", "reading_key"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET sequence = 9", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_partition_is_guarded_like_the_whole(lab: Laboratory, table: str, statement: str) -> None:
    """Neither the application nor the owner, calling itself a replica, changes a partition or the keys."""
    lab.measured("85")
    with pytest.raises(DBAPIError, match="permission denied"), lab.database.writer.begin() as connection:
        connection.execute(text(statement.format(table)))
    owner = lab.owner()
    with owner.connect() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        with pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(statement.format(table)))
    owner.dispose()


@pytest.mark.requirement("RQ-120")
@ON_POSTGRESQL
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO reading_2026_03 SELECT * FROM reading",
        "INSERT INTO reading_key VALUES ('CC-01', 77)",
        "ALTER TABLE reading DETACH PARTITION reading_2026_03",
        "DROP TABLE reading_2026_03",
    ],
)
def test_the_application_cannot_go_round_the_whole(lab: Laboratory, statement: str) -> None:
    """Readings go in by the table; a partition is nothing that the application's role may touch."""
    lab.measured("85")
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"), lab.database.writer.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.requirement("RQ-057")
def test_readings_move_into_their_months(database_url: str) -> None:
    """A database of the first schema keeps every reading through the upgrade, byte for byte, and its triggers."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for number, month in enumerate(("2025-11", "2025-12", "2026-02"), 1):
            connection.execute(text(_OLD), {"number": number, "at": f"{month}-03T10:00:00.000000Z", "raw": b"\0\xff"})
        before = connection.execute(text("SELECT * FROM reading ORDER BY sequence")).all()
    schema.upgrade(database_url)
    with engine.begin() as connection:
        after = connection.execute(text("SELECT * FROM reading ORDER BY sequence")).all()
        counted = connection.execute(text("SELECT sum(good), min(low), max(high) FROM trend WHERE width = 300")).one()
    assert [tuple(row) for row in after] == [tuple(row) for row in before]
    assert tuple(counted) == (3, 1.0, 3.0)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text("DELETE FROM reading"))
    engine.dispose()


_OLD = """INSERT INTO reading VALUES ('BR-01', :number, 'pH', :number, '1', 'good', '0', NULL, NULL, :at, :at, :raw)"""
