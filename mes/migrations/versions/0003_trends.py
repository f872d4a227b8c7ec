"""Trends: the lowest and the highest of each stretch of readings, for charts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mes.trends.models import TABLE, points_of, row, stretches

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the view, and make it of the readings that are there."""
    op.create_table(
        "trend",
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("low", sa.Float(53), nullable=True),
        sa.Column("high", sa.Float(53), nullable=True),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("other", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("instrument", "width", "start", "channel", "unit"),
    )
    connection = op.get_bind()
    if rows := [row(key, counted) for key, counted in stretches(points_of(connection)).items()]:
        connection.execute(sa.insert(TABLE), rows)
