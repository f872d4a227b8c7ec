"""Reasons lie in the order of time, for so they are looked through: another key, and no index beside it."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

_POSTGRESQL = (
    "ALTER TABLE reason_view DROP CONSTRAINT reason_view_pkey",
    "ALTER TABLE reason_view ADD PRIMARY KEY (at, book, page)",
)
_SQLITE = (  # it cannot give a table another key
    "ALTER TABLE reason_view RENAME TO reason_view_before",
    """CREATE TABLE reason_view (
         book TEXT NOT NULL, page INTEGER NOT NULL, at VARCHAR(27) NOT NULL, reason TEXT NOT NULL,
         PRIMARY KEY (at, book, page))""",
    """INSERT INTO reason_view (book, page, at, reason)
         SELECT book, page, at, reason FROM reason_view_before ORDER BY at, book, page""",
    "DROP TABLE reason_view_before",
)


def upgrade() -> None:
    """Change the key."""
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
