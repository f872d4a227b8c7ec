"""Whether the database keeps what it says it has kept, should the power go: asked before anything is served.

With any of these settings weaker, a COMMIT that was answered can be gone after a power cut, and nobody would know.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from mes.cli import Missing
from mes.db import Database
from mes.site.queries import kind_of_site

Finding = tuple[bool, str]
_MUST_BE_ON = ("fsync", "full_page_writes")
_FULL = 2  # of PRAGMA synchronous; 3 is EXTRA


class NotDurable(Missing):
    """The database would lose what it acknowledged; the sentence names the setting."""


def must_be_durable(database: Database) -> None:
    """Refuse a laboratory's database that a power cut could take acknowledged records from. Raise `NotDurable`."""
    weak = [sentence for is_good, sentence in durability(database) if not is_good]
    if weak and kind_of_site(database) != "demonstration":
        raise NotDurable(f"{weak[0]}: a power cut would lose what was acknowledged, so nothing is served on it")


def durability(database: Database) -> Iterator[Finding]:
    """Give each setting that durability rests on, as the application's own connections have it."""
    return _of_sqlite(database) if database.is_sqlite else _of_postgresql(database)


def _of_sqlite(database: Database) -> Iterator[Finding]:
    with database.writer.connect() as connection:
        synchronous = connection.execute(text("PRAGMA synchronous")).scalar_one()
        mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
    yield (
        mode in ("wal", "delete") and synchronous >= _FULL,
        (f"SQLite journal {mode}, synchronous {synchronous} (FULL is {_FULL})"),
    )


def _of_postgresql(database: Database) -> Iterator[Finding]:
    with database.writer.connect() as connection:  # a role may have settings of its own
        for setting in _MUST_BE_ON:
            value = connection.execute(text(f"SHOW {setting}")).scalar()
            yield value == "on", f"PostgreSQL {setting} is {value}"
        commit = connection.execute(text("SHOW synchronous_commit")).scalar()
        yield commit != "off", f"PostgreSQL synchronous_commit is {commit}"
