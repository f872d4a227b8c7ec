"""Readings on the gateway's own disk, until the MES has them and for a while longer.

What `Spool.append` returned from is on disk: SQLite in WAL mode with ``synchronous=FULL`` survives a power cut
(``NORMAL`` does not), so an instrument may be told that its value arrived. Sequences are dense per instrument, given
in the transaction that stores the reading; (instrument, sequence) is its key for ever, and a reading sent twice to the
MES is recognised by it. Beside the readings stand the notes that `devices.doctor` reads: frames, what was garbled,
gaps, and the state of each instrument.

It may hold as much as its `devices.room.Room` says, and then takes no more until something was delivered.

One process writes (the gateway holds a lock on the file); its threads share its connections, one transaction at a time.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock

from devices.instrument import Measurement
from devices.reading import Quality, Reading
from devices.room import ALARM, Room

_SCHEMA = """
create table if not exists instrument (
    name text primary key, sequence integer not null default 0, heard text, state text, since text, reason text,
    session text, cursor integer not null default 0
) strict;
create table if not exists reading (
    number integer primary key autoincrement,
    instrument text not null, sequence integer not null,
    channel text not null, value text not null, unit text not null, quality text not null, status text not null,
    sample text, source_time text, received_time text not null, raw blob not null,
    unique (instrument, sequence)
) strict;
create table if not exists latest (
    instrument text not null, channel text not null, value text not null, status text not null, source_time text,
    primary key (instrument, channel)
) strict, without rowid;
create table if not exists origin (
    instrument text not null, origin text not null, primary key (instrument, origin)
) strict, without rowid;
create table if not exists file (
    instrument text not null, digest text not null, name text not null, due text, primary key (instrument, digest)
) strict, without rowid;
create table if not exists note (
    number integer primary key, instrument text not null, at text not null, kind text not null, text text not null,
    raw blob not null, since text, until text
) strict;
create index if not exists note_by_kind on note (instrument, kind, number);
create table if not exists delivery (
    one integer primary key check (one = 1), number integer not null default 0, state text, since text, reason text,
    note integer not null default 0
) strict;
insert or ignore into delivery (one) values (1);
create table if not exists clock (
    instrument text primary key, ahead real not null, at text not null
) strict, without rowid;
"""

# What a spool of an earlier version lacks.
_ADDED = {"note": {"since": "text", "until": "text"}, "delivery": {"note": "integer not null default 0"}}

_TO_TELL = "create index if not exists note_to_tell on note (number) where since is not null"

# Some builds overwrite what is deleted, which would take twice the room and the time to get room.
_PRAGMAS = ("journal_mode=wal", "secure_delete=off", "journal_size_limit=4000000")

_SIZE = ("page_size", "page_count", "freelist_count")

_READING = "instrument, sequence, channel, value, unit, quality, status, sample, source_time, received_time, raw"
_INSERT = f"insert into reading ({_READING}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant
_OLDEST = "select received_time from reading where number > (select number from delivery) order by number limit 1"

REMOVED = 20_000  # readings that are removed in one transaction: while it lasts, nothing else is written


@dataclass(frozen=True, slots=True)
class Note:
    """A note for the MES; times are as `stamp` writes them."""

    number: int
    instrument: str
    kind: str
    at: str
    since: str
    until: str
    text: str


class SpoolError(Exception):
    """The spool could not be written: nothing may be acknowledged. Its sentence says which file, and why."""


class FullError(SpoolError):
    """There is no room for more until something was delivered."""


class RunningError(Exception):
    """Another gateway writes this spool: two would give the same sequence twice."""


@contextmanager
def only_writer(spool: Path, attempts: int = 1) -> Iterator[None]:
    """Hold a spool's lock, which its process loses however it ends. Raises `RunningError`.

    A gateway makes some attempts, a tenth of a second apart: a doctor may be holding the lock to see who else does.
    """
    with spool.with_suffix(".lock").open("w") as file:
        for attempt in range(attempts):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as held:
                if attempt == attempts - 1:
                    raise RunningError(f"a gateway runs on {spool} already") from held
                Event().wait(0.1)
        yield


def stamp(time: datetime) -> str:
    """Write a time as it goes to disk and over the wire: UTC, exactly six fractional digits, Z."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def instant(text: str) -> datetime:
    """Read what `stamp` wrote."""
    return datetime.fromisoformat(text)


class Spool:
    """The spool in one SQLite file. Every writing method returns when its change is on disk, or raises `SpoolError`."""

    def __init__(self, path: Path, room: Room | None = None) -> None:
        self.path, self._room = path, room or Room()
        self.appended = Event()  # set at each append, for whoever delivers
        self._lock = Lock()
        try:
            path.touch(mode=0o600)
            self._connection = self._opened("full")
            self._connection.executescript(_SCHEMA)
            self._add_columns()
            self._hasty = self._opened("normal")  # for what may be forgotten in a power cut, and for nothing else
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f"the spool {path} cannot be opened: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._hasty.close()
            self._connection.close()

    def _opened(self, synchronous: str) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        for pragma in (*_PRAGMAS, f"synchronous={synchronous}"):
            connection.execute(f"pragma {pragma}")
        return connection

    def _add_columns(self) -> None:
        for table, columns in _ADDED.items():
            there = {row[1] for row in self._connection.execute(f"pragma table_info({table})")}
            for name in columns.keys() - there:
                self._connection.execute(f"alter table {table} add column {name} {columns[name]}")
        self._connection.execute(_TO_TELL)

    def append(
        self, instrument: str, measurements: Iterable[Measurement], *, received: datetime, cursor: int | None = None
    ) -> int:
        """Store measurements in order and return how many were new; those whose origin is known are passed over.

        ``cursor`` is the number up to which the instrument's server has been read, kept in the same transaction.
        """
        with self._transaction() as run:
            self._must_have_room(run, received)
            last = self._sequence(run, instrument)
            new = [made for made in measurements if not made.origin or self._first_time(run, instrument, made.origin)]
            rows = list(_rows(instrument, last, new, stamp(received)))
            run.executemany(_INSERT, rows)
            newest = {row[2]: (row[0], row[2], row[3], row[6], row[8]) for row in rows}
            run.executemany("insert or replace into latest values (?, ?, ?, ?, ?)", newest.values())
            run.execute(
                "update instrument set sequence = ?, heard = ?, cursor = coalesce(?, cursor) where name = ?",
                (last + len(new), stamp(received), cursor, instrument),
            )
        self.appended.set()
        return len(new)

    def undelivered(self, limit: int = 500) -> list[tuple[int, Reading]]:
        """Return the oldest readings that were not delivered, each with its number here, in the order of arrival."""
        with self._lock:
            rows = self._connection.execute(
                f"select number, {_READING} from reading where number > (select number from delivery)"  # noqa: S608 - a constant
                " order by number limit ?",
                (limit,),
            ).fetchall()
        return [(row[0], _reading(row[1:])) for row in rows]

    def delivered(self, number: int) -> None:
        """Note that the MES has every reading up to a number.

        It is on disk with the next reading, and does not wait for it: what a power cut forgets is delivered again, and
        known.
        """
        with self._transaction(self._hasty) as run:
            run.execute("update delivery set number = ?", (number,))

    def prune(self, before: datetime) -> int:
        """Remove the oldest delivered readings, and frames and garbled bytes, that were received before a time.

        A spool that is over half full keeps delivered readings no longer. Return how many readings were removed;
        there may be more where these are `REMOVED`.
        """
        with self._transaction() as run:
            run.execute("delete from note where kind in ('frame', 'garbled') and at < ?", (stamp(before),))
            crowded = self._share(run, before) > ALARM
            return run.execute(
                "delete from reading where number in (select number from ("
                " select number, received_time from reading where number <= (select number from delivery)"
                " order by number limit ?) where received_time < ? or ?)",
                (REMOVED, stamp(before), crowded),
            ).rowcount

    def share(self, now: datetime) -> float:
        """Return how full the spool is: 0 to 1, and above where it takes no more."""
        with self._lock:
            return self._share(self._connection, now)

    def latest(self, instrument: str) -> dict[str, tuple[str, str, datetime | None]]:
        """Return value, status and source time of the last reading of each channel, whether it is still here or not."""
        with self._lock:
            rows = self._connection.execute(
                "select channel, value, status, source_time from latest where instrument = ?", (instrument,)
            ).fetchall()
        return {channel: (value, status, time and instant(time)) for channel, value, status, time in rows}

    def note(
        self,
        instrument: str,
        kind: str,
        text: str,
        raw: bytes,
        *,
        at: datetime,
        about: tuple[datetime, datetime] | None = None,
    ) -> None:
        """Keep a note: ``frame`` (bytes to be kept before they are acknowledged), ``garbled``, ``gap``, ``notice``.

        ``about`` is from when until when the instrument was so. A note that is about a time is told to the MES.
        """
        with self._transaction() as run:
            if raw:
                self._must_have_room(run, at)
            run.execute(
                "insert into note (instrument, at, kind, text, raw, since, until) values (?, ?, ?, ?, ?, ?, ?)",
                (instrument, stamp(at), kind, text, raw, *(map(stamp, about) if about else (None, None))),
            )

    def untold(self, limit: int = 100) -> list[Note]:
        """Return the oldest notes about a time that the MES was not told, in their order."""
        with self._lock:
            rows = self._connection.execute(
                "select number, instrument, kind, at, since, until, text from note"
                " where since is not null and number > (select note from delivery) order by number limit ?",
                (limit,),
            ).fetchall()
        return [Note(*row) for row in rows]

    def told(self, number: int) -> None:
        """Note that the MES has every note up to a number."""
        with self._transaction() as run:
            run.execute("update delivery set note = ?", (number,))

    def state(self, instrument: str, state: str, reason: str, *, at: datetime) -> None:
        """Keep an instrument's state; an unchanged one keeps its time."""
        with self._transaction() as run:
            self._sequence(run, instrument)
            run.execute(
                "update instrument set state = ?, reason = ?, since = ? where name = ?"
                " and (state is not ? or reason is not ?)",
                (state, reason, stamp(at), instrument, state, reason),
            )

    def delivery_state(self, state: str, reason: str, *, at: datetime) -> None:
        """Keep the state of the delivery to the MES; an unchanged one keeps its time."""
        with self._transaction() as run:
            run.execute(
                "update delivery set state = ?, reason = ?, since = ? where state is not ? or reason is not ?",
                (state, reason, stamp(at), state, reason),
            )

    def session(self, instrument: str) -> tuple[str | None, int]:
        """Return what a transport keeps to go on where it was, and the cursor of the last `append`."""
        with self._transaction() as run:
            self._sequence(run, instrument)
            row = run.execute("select session, cursor from instrument where name = ?", (instrument,)).fetchone()
            return row[0], row[1]

    def keep_session(self, instrument: str, session: str | None, *, cursor: int) -> None:
        """Keep what a transport needs to go on where it is, or that there is nothing to go on with."""
        with self._transaction() as run:
            run.execute("update instrument set session = ?, cursor = ? where name = ?", (session, cursor, instrument))

    def files(self, instrument: str) -> Mapping[str, datetime | None]:
        """Return the digests of the files that were read, with the time at which one is to be read again, or None."""
        with self._lock:
            rows = self._connection.execute("select digest, due from file where instrument = ?", (instrument,))
            return {digest: due and instant(due) for digest, due in rows}

    def file_read(self, instrument: str, digest: str, name: str, due: datetime | None) -> None:
        """Note that a file was read, under the name it first came with."""
        with self._transaction() as run:
            run.execute(
                "insert into file values (?, ?, ?, ?) on conflict do update set due = excluded.due",
                (instrument, digest, name, due and stamp(due)),
            )

    def clock_ahead(self, instrument: str, seconds: float, *, at: datetime) -> None:
        """Keep by how much an instrument's clock was found to be ahead of ours."""
        with self._transaction() as run:
            run.execute("insert or replace into clock values (?, ?, ?)", (instrument, seconds, stamp(at)))

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection | None = None) -> Iterator[sqlite3.Connection]:
        run = connection or self._connection
        with self._lock:
            try:
                run.execute("begin immediate")
                yield run
                run.execute("commit")
            except sqlite3.Error as error:
                raise SpoolError(f"the spool {self.path} cannot be written: {error}") from error
            finally:
                if run.in_transaction:
                    run.rollback()

    def _must_have_room(self, run: sqlite3.Connection, now: datetime) -> None:
        if self._share(run, now) >= 1:
            raise FullError(f"the spool {self.path} is full: nothing is taken until what waits in it was delivered")

    def _share(self, run: sqlite3.Connection, now: datetime) -> float:
        return share_of(self.path, run, self._room, now)

    @staticmethod
    def _sequence(run: sqlite3.Connection, instrument: str) -> int:
        run.execute("insert or ignore into instrument (name) values (?)", (instrument,))
        row = run.execute("select sequence from instrument where name = ?", (instrument,)).fetchone()
        return int(row[0])

    @staticmethod
    def _first_time(run: sqlite3.Connection, instrument: str, origin: str) -> bool:
        return run.execute("insert or ignore into origin values (?, ?)", (instrument, origin)).rowcount == 1


def share_of(path: Path, spool: sqlite3.Connection, room: Room, now: datetime) -> float:
    """Return how full a spool is, 1 and more being full."""
    page, pages, unused = (int(spool.execute(f"pragma {name}").fetchone()[0]) for name in _SIZE)
    disk = os.statvfs(path)
    oldest = spool.execute(_OLDEST).fetchone() if room.days else None
    waited = now - instant(oldest[0]) if oldest else timedelta(0)
    return room.share((pages - unused) * page, disk.f_bavail * disk.f_frsize + unused * page, waited)


def _rows(instrument: str, last: int, new: list[Measurement], received: str) -> Iterator[tuple[object, ...]]:
    times: dict[datetime | None, str | None] = {None: None}  # the values of one scan have one time
    for sequence, made in enumerate(new, last + 1):
        time = made.source_time
        if time not in times:
            times[time] = stamp(time) if time else None
        told = (made.channel, made.value, made.unit, made.quality.value, made.status, made.sample, times[time])
        yield (instrument, sequence, *told, received, made.raw)


def _reading(row: tuple[str, int, str, str, str, str, str, str | None, str | None, str, bytes]) -> Reading:
    instrument, sequence, channel, value, unit, quality, status, sample, source_time, received_time, raw = row
    return Reading(
        instrument=instrument,
        sequence=sequence,
        channel=channel,
        value=value,
        unit=unit,
        quality=Quality(quality),
        status=status,
        sample=sample,
        source_time=instant(source_time) if source_time else None,
        received_time=instant(received_time),
        raw=raw,
    )
