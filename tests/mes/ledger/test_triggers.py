"""The last line of defence: what the database itself refuses, whoever sends the statement."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.mes.laboratory import Laboratory

STATEMENTS = (
    "UPDATE line SET text = '{}'",
    "UPDATE line SET author = 'bob' WHERE book = 'user:alice'",
    "DELETE FROM line WHERE book = 'user:alice'",
    "UPDATE tap SET outcome = '{}'",
    "DELETE FROM tap",
    "UPDATE reading SET value = '99'",
    "DELETE FROM reading",
    "DELETE FROM book WHERE name = 'user:alice'",
    "UPDATE book SET pages = pages + 1 WHERE name = 'user:alice'",
    "UPDATE book SET pages = 0 WHERE name = 'user:alice'",
    "UPDATE book SET head = previous FROM line WHERE line.book = name AND page = 1",
    "UPDATE book SET name = 'user:mallory' WHERE name = 'user:alice'",
    "INSERT INTO book SELECT 'lot:forged', pages, head FROM book WHERE name = 'user:alice'",
)
FORGED = (
    "SELECT book, page, kind, author, at, text, previous, hash FROM line WHERE book = 'user:alice'",
    "SELECT book, page + 1, kind, author, at, text, previous, hash FROM line WHERE book = 'user:alice'",
    "SELECT book, page + 2, kind, author, at, text, hash, hash FROM line WHERE book = 'user:alice'",
    "SELECT 'user:nobody', page, kind, author, at, text, previous, hash FROM line WHERE book = 'user:alice'",
)
REFUSED = "append-only|permission denied|moves only to its next line|never closed|opens empty|does not continue"


@pytest.mark.requirement("RQ-007")
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_application_cannot_change_what_is_written(lab: Laboratory, statement: str) -> None:
    """Whoever takes over the application's connection can neither rub out nor move a head."""
    lab.measured("85")
    with pytest.raises(DBAPIError, match=REFUSED), lab.database.writer.begin() as connection:
        connection.execute(text(statement))
    assert lab.verify().holds


@pytest.mark.requirement("RQ-007")
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_owner_is_refused_as_well(lab: Laboratory, statement: str) -> None:
    """The database's owner, too, must first do something that shows: switch a trigger off."""
    lab.measured("85")
    owner = lab.owner()
    with pytest.raises(DBAPIError, match=REFUSED), owner.begin() as connection:
        connection.execute(text(statement))
    owner.dispose()
    assert lab.verify().holds


@pytest.mark.parametrize("forged", FORGED)
def test_a_line_that_does_not_continue_its_book_is_refused(lab: Laboratory, forged: str) -> None:
    """A page written twice, a wrong predecessor, a gap, a book that was never opened: none gets in."""
    with pytest.raises(DBAPIError, match=REFUSED), lab.database.writer.begin() as connection:
        connection.execute(text(f"INSERT INTO line (book, page, kind, author, at, text, previous, hash) {forged}"))
    assert lab.verify().holds


@pytest.mark.parametrize("lab", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", ["line", "tap", "reading"])
def test_sqlite_replaces_nothing(lab: Laboratory, table: str) -> None:
    """SQLite's REPLACE, which deletes without saying so, is refused on any connection."""
    lab.measured("85")
    owner = lab.owner()
    with pytest.raises(DBAPIError, match=REFUSED), owner.begin() as connection:
        connection.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"))  # noqa: S608 - ours
    owner.dispose()


@pytest.mark.parametrize("lab", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["line", "tap", "reading", "book"])
def test_postgresql_truncates_nothing(lab: Laboratory, table: str) -> None:
    """Not even the owner empties a table of the ledger."""
    owner = lab.owner()
    with pytest.raises(DBAPIError, match="append-only"), owner.begin() as connection:
        connection.execute(text(f"TRUNCATE {table}"))
    owner.dispose()


@pytest.mark.parametrize("lab", ["postgresql"], indirect=True)
@pytest.mark.parametrize("text_", ["'{}'", "text"])
def test_postgresql_checks_the_hash_itself(lab: Laboratory, text_: str) -> None:
    """A next line whose hash is not that of its text is refused by the database."""
    columns = f"book, page + 1, kind, author, at, {text_}, hash, previous"
    statement = f"INSERT INTO line SELECT {columns} FROM line WHERE book = 'user:alice'"  # noqa: S608 - ours
    with pytest.raises(DBAPIError, match="does not continue"), lab.database.writer.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.requirement("RQ-120")
@pytest.mark.parametrize("lab", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM user_account",
        "DELETE FROM lot",
        "UPDATE alembic_version SET version_num = '0'",
        "ALTER TABLE line DISABLE TRIGGER ALL",
        "DROP TABLE line",
        "CREATE TABLE public.other (id int)",
        "SET session_replication_role = replica",
        "CREATE ROLE another",
    ],
)
def test_the_applications_role_has_no_right_to_more(lab: Laboratory, statement: str) -> None:
    """On PostgreSQL the application's role deletes no row, alters no table, switches nothing off."""
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"), lab.database.writer.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("lab", ["postgresql"], indirect=True)
def test_a_session_that_calls_itself_a_replica_is_refused_too(lab: Laboratory) -> None:
    """The usual way round triggers is closed: they fire for replicas as well."""
    owner = lab.owner()
    with owner.connect() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        with pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text("UPDATE line SET text = '{}'"))
    owner.dispose()


def test_what_reads_cannot_write(lab: Laboratory) -> None:
    """Pages are read over connections that the database itself keeps from writing."""
    with pytest.raises(DBAPIError, match=r"read-?only"), lab.database.reader.connect() as connection:
        connection.execute(text("UPDATE lot SET status = 'released'"))
