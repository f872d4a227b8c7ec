"""Ten million lines of an audit trail, written past the door: what a large site has after some years.

Twelve batches run at a time, each a thousand lines; between them people sign in, lots and samples come, something is
refused, something is corrected with a reason. The hashes are no hashes: only finding is measured on these.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice

import psycopg
from sqlalchemy.engine import make_url

from mes.ledger.line import utc
from tests.bench.installation import Installed

PEOPLE = tuple(f"operator_{number:02}" for number in range(36))
REASONS = ("typing mistake", "wrong unit", "wrong sample", "instrument not connected", "measured again")
RARE = "the scale was not tared"  # one line in a million has it
_BEGIN = datetime(2016, 1, 4, tzinfo=UTC)
_AT_ONCE, _IN_A_BATCH, _EVERY = 12, 1_000, 50_000
_HASH = bytes(range(32))
_Row = tuple[str, int, str, str, str, str, bytes, bytes]
_COLUMNS = "book, page, kind, author, at, text, previous, hash"


def fill(installed: Installed, lines: int) -> None:
    """Write so many lines into an installation, and their reasons beside them."""
    if installed.url.startswith("sqlite"):
        _into_sqlite(installed, lines)
    else:
        _into_postgresql(installed, lines)


def time_of(number: int) -> datetime:
    """Return when a line was written, by its number from nought."""
    return _BEGIN + timedelta(seconds=30 * number)


def rows(lines: int) -> Iterator[_Row]:
    """Give the lines, as they were written."""
    for number in range(lines):
        at = utc(time_of(number))
        who, tablet = PEOPLE[number * 7 % 36], f"192.0.2.{number % 24 + 1}"
        yield (_beside if number % 25 == 24 else _in_a_batch)(number, at, who, tablet)


def _in_a_batch(number: int, at: str, who: str, tablet: str) -> _Row:
    page, batch = (
        number // _AT_ONCE % _IN_A_BATCH + 1,
        number // (_AT_ONCE * _IN_A_BATCH) * _AT_ONCE + number % _AT_ONCE,
    )
    book, step, value = (
        f"batch:B{16 + batch // 1200}-{batch:05}",
        f"{page % 14 + 1}.{page % 9 + 1}",
        f"{number % 997}.5 mL",
    )
    body, kind, reason = (
        f'"field":"volume_{page % 40}","step":"{step}","value":"{value}","verdict":"within limits"',
        "value recorded",
        "",
    )
    if number % 51 == 50:
        kind, reason = "value corrected", RARE if number % 1_000_000 < 51 else REASONS[number % 5]
        body = f'"corrects":"{page}",{body},"was":"{number % 991}.5 mL"'
    elif number % 7 == 6:
        kind, body = "step completed", f'"step":"{step}"'
    elif number % 4_999 == 0:
        kind, body = "batch held", '"cause":"a doubt about the bag"'
    return _line(book, page, kind, who, at, body, reason, tablet)


def _beside(number: int, at: str, who: str, tablet: str) -> _Row:
    what = number // 25
    if what % 3:
        body = '"values":{"began":"' + at + '","id":"(not shown)","user":"' + who + '","workstation":"' + tablet + '"}'
        return _line(f"user:{who}", what + 1_000, "sign in added", who, at, body, "", tablet)
    kind = ("sample added", "lot added", "equipment used")[what // 3 % 3]
    return _line(f"{kind.split()[0]}:X-{what}", 1, kind, who, at, f'"values":{{"code":"X-{what}"}}', "", tablet)


def _line(book: str, page: int, kind: str, who: str, at: str, body: str, reason: str, tablet: str) -> _Row:  # noqa: PLR0917 - a line has no fewer
    why = f'"reason":"{reason}",' if reason else ""
    text = (
        f'{{"at":"{at}","author":"{who}","body":{{{body}}},"book":"{book}","kind":"{kind}","page":{page},'
        f'{why}"role":"operator","workstation":"{tablet}"}}'
    )
    return book, page, kind, who, at, text, _HASH, _HASH


def _reason_of(row: _Row) -> str:
    return row[5].partition('"reason":"')[2].partition('"')[0]


def _into_sqlite(installed: Installed, lines: int) -> None:
    with closing(sqlite3.connect(str(make_url(installed.url).database), isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-400000")
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type='index' AND tbl_name='line' AND sql<>''"
        )
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type='trigger' AND tbl_name='line'")
        aside = [("INDEX", *each) for each in indexes.fetchall()] + [("TRIGGER", *each) for each in triggers.fetchall()]
        for kind, name, _ in aside:
            connection.execute(f"DROP {kind} {name}")
        made = rows(lines)
        while some := list(islice(made, _EVERY)):
            connection.execute("BEGIN")
            connection.executemany(f"INSERT INTO line ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)", some)  # noqa: S608 - names of ours
            whys = [(row[0], row[1], row[4], reason) for row in some if (reason := _reason_of(row))]
            connection.executemany("INSERT INTO reason_view (book, page, at, reason) VALUES (?,?,?,?)", whys)
            connection.execute("COMMIT")
        for _, _, sql in aside:
            connection.execute(sql)


def _into_postgresql(installed: Installed, lines: int) -> None:
    address = make_url(installed.url)
    with psycopg.connect(f"host={address.query['host']} user=postgres dbname={address.database}") as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("ALTER TABLE line DISABLE TRIGGER ALL")
        found = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename='line' AND indexname<>'line_pkey'"
        )
        indexes = found.fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        made = rows(lines)
        while some := list(islice(made, _EVERY)):
            with connection.cursor().copy(f"COPY line ({_COLUMNS}) FROM STDIN") as copy:
                for row in some:
                    copy.write_row(row)
            with connection.cursor().copy("COPY reason_view (book, page, at, reason) FROM STDIN") as copy:
                for row in some:
                    if reason := _reason_of(row):
                        copy.write_row((row[0], row[1], row[4], reason))
        for _, sql in indexes:
            connection.execute(sql)
        connection.execute("ALTER TABLE line ENABLE TRIGGER ALL")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE line")
        connection.execute("VACUUM ANALYZE reason_view")
