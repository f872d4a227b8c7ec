"""Readings on PostgreSQL: one partition for each month in which they were stored, made ahead of need.

The month is that of the server's own clock: a gateway whose clock is wrong opens no partition of the year 1970. A key
that spans partitions PostgreSQL does not have, so (instrument, sequence) stands once more in ``reading_key``: a row's
trigger writes it there, and what was stored before is refused by the database, whoever sends the statement. The
application's role may ask for room, and can neither create nor touch a partition itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, text

from mes.ledger.line import utc

_MAKE_ROOM = text("SELECT make_room_for_readings(:at)")


def make_room(connection: Connection, at: datetime) -> None:
    """See to it that readings stored now, and in the month after, have their partition."""
    if connection.dialect.name == "postgresql":
        connection.execute(_MAKE_ROOM, {"at": utc(at)})


def statements(schema: str) -> Iterator[str]:
    """Give what turns the one table of readings, with all it holds, into partitions. ``schema`` is a quoted name."""
    definer = f"SECURITY DEFINER SET search_path = {schema}, pg_temp"
    yield from _OUT_OF_THE_WAY
    yield from _TABLES
    yield _IS_NEW.replace("DEFINER", definer)
    yield "CREATE TRIGGER reading_is_new BEFORE INSERT ON reading FOR EACH ROW EXECUTE FUNCTION reading_is_new()"
    yield "ALTER TABLE reading ENABLE ALWAYS TRIGGER reading_is_new"
    for table in ("reading", "reading_key"):
        yield from _guards(table)
    yield _ROOM.replace("DEFINER", definer)
    yield "REVOKE ALL ON FUNCTION make_room_for_readings(text) FROM PUBLIC"
    yield from _MOVE


def _guards(table: str) -> Iterator[str]:
    """Give the triggers that a table of readings always had; those on rows hold on its partitions, too."""
    yield f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
      FOR EACH ROW EXECUTE FUNCTION refuse()"""
    yield f"""CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
      FOR EACH STATEMENT EXECUTE FUNCTION refuse()"""
    yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change"
    yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate"


_OUT_OF_THE_WAY = (
    "ALTER TABLE reading RENAME TO reading_before",
    "ALTER INDEX reading_pkey RENAME TO reading_before_pkey",
    "DROP INDEX reading_channel",
    "DROP INDEX reading_sample",
)

_TABLES = (
    """CREATE TABLE reading (
      instrument text NOT NULL, sequence bigint NOT NULL, channel text NOT NULL, value text NOT NULL,
      unit text NOT NULL, quality text NOT NULL, status text NOT NULL, sample text, source_time text,
      received_time text NOT NULL, stored_time text COLLATE "C" NOT NULL, raw bytea NOT NULL,
      PRIMARY KEY (instrument, sequence, stored_time)
    ) PARTITION BY RANGE (stored_time)""",
    "CREATE INDEX reading_channel ON reading (instrument, channel, received_time)",
    "CREATE INDEX reading_channel_sequence ON reading (instrument, channel, sequence)",
    "CREATE INDEX reading_sample ON reading (sample)",
    "CREATE TABLE reading_key (instrument text, sequence bigint, PRIMARY KEY (instrument, sequence))",
)

_IS_NEW = """CREATE FUNCTION reading_is_new() RETURNS trigger LANGUAGE plpgsql DEFINER AS $$
  BEGIN INSERT INTO reading_key VALUES (NEW.instrument, NEW.sequence); RETURN NEW; END $$"""

_ROOM = """CREATE FUNCTION make_room_for_readings(at text) RETURNS void LANGUAGE plpgsql DEFINER AS $$
  DECLARE
    first timestamp := to_date(substr(at, 1, 7), 'YYYY-MM'); part text;
  BEGIN
    FOR month IN 0..1 LOOP
      part := 'reading_' || to_char(first + make_interval(months => month), 'YYYY_MM');
      IF to_regclass(part) IS NULL THEN
        LOCK TABLE reading IN SHARE UPDATE EXCLUSIVE MODE; -- of two that find none, one makes it
        IF to_regclass(part) IS NULL THEN
          EXECUTE format('CREATE TABLE %%I (LIKE reading)', part);
          EXECUTE format('CREATE TRIGGER reading_no_truncate BEFORE TRUNCATE ON %%I
                          FOR EACH STATEMENT EXECUTE FUNCTION refuse()', part);
          EXECUTE format('ALTER TABLE %%I ENABLE ALWAYS TRIGGER reading_no_truncate', part);
          -- attached, not created in place: that would wait for everybody who reads
          EXECUTE format('ALTER TABLE reading ATTACH PARTITION %%I FOR VALUES FROM (%%L) TO (%%L)', part,
                         to_char(first + make_interval(months => month), 'YYYY-MM'),
                         to_char(first + make_interval(months => month + 1), 'YYYY-MM'));
        END IF;
      END IF;
    END LOOP;
  END $$"""

_MOVE = (
    """SELECT make_room_for_readings(month)
       FROM (SELECT DISTINCT substr(stored_time, 1, 7) AS month FROM reading_before) AS months""",
    """INSERT INTO reading (instrument, sequence, channel, value, unit, quality, status, sample, source_time,
                            received_time, stored_time, raw)
       SELECT instrument, sequence, channel, value, unit, quality, status, sample, source_time,
              received_time, stored_time, raw
       FROM reading_before ORDER BY instrument, sequence""",
    "DROP TABLE reading_before",
)
