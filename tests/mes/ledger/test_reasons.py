"""The reasons beside the lines, through a change of how they lie."""

from __future__ import annotations

from alembic import command
from sqlalchemy import create_engine, inspect, text

from mes import schema

_REASONS = text("SELECT book, page, at, reason FROM reason_view ORDER BY book, page")
_OLD = text("INSERT INTO reason_view (book, page, at, reason) VALUES (:book, :page, :at, 'typing mistake')")


def test_reasons_are_kept_when_their_key_changes(database_url: str) -> None:
    """A database of the schema before has every reason after the upgrade, and they lie in the order of time."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        for page in (3, 1, 2):
            at = f"2026-03-0{page}T10:00:00.000000Z"
            connection.execute(_OLD, {"book": "batch:B26-0001", "page": page, "at": at})
        before = [tuple(row) for row in connection.execute(_REASONS)]
    schema.upgrade(database_url)
    with engine.begin() as connection:
        assert [tuple(row) for row in connection.execute(_REASONS)] == before
        assert inspect(connection).get_pk_constraint("reason_view")["constrained_columns"] == ["at", "book", "page"]
        assert not inspect(connection).has_table("reason_view_before")
    assert len(before) == 3
    engine.dispose()
