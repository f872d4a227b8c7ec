"""Readings: on PostgreSQL in partitions by month; on both databases found by channel and sequence."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

from mes.ledger.partitions import statements

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Move the readings that are there into partitions, or only index them."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.create_index("reading_channel_sequence", "reading", ["instrument", "channel", "sequence"])
        return
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    for statement in statements(schema):
        connection.exec_driver_sql(statement)
