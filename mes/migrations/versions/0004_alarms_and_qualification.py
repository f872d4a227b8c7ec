"""Alarms: limits, where each stands, what is watched. Equipment: until when it is qualified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mes.db import Utc

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables, and the column."""
    op.create_table(
        "alarm_rule",
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("equipment_class", sa.String(length=60), nullable=False),
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("threshold", sa.String(length=60), nullable=False),
        sa.Column("deadband", sa.String(length=60), nullable=False),
        sa.Column("on_delay", sa.Integer(), nullable=False),
        sa.Column("off_delay", sa.Integer(), nullable=False),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("justification", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("proposed_by", sa.String(length=60), nullable=False),
        sa.Column("approved_by", sa.String(length=60), nullable=True),
        sa.Column("approved_at", Utc(27), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_alarm_rule_equipment_class", "alarm_rule", ["equipment_class"], unique=False)
    op.create_table(
        "alarm_view",
        sa.Column("instrument", sa.String(length=60), nullable=False),
        sa.Column("rule", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("is_out", sa.Boolean(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("raised", Utc(27), nullable=False),
        sa.Column("returned", Utc(27), nullable=True),
        sa.Column("shelved_until", Utc(27), nullable=True),
        sa.Column("batches", sa.Text(), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("instrument", "rule"),
    )
    op.create_index("ix_alarm_view_state", "alarm_view", ["state"], unique=False)
    op.create_table(
        "alarm_watch",
        sa.Column("instrument", sa.String(length=60), nullable=False),
        sa.Column("rule", sa.String(length=10), nullable=False),
        sa.Column("out_since", Utc(27), nullable=True),
        sa.Column("back_since", Utc(27), nullable=True),
        sa.Column("out", sa.Text(), nullable=False),
        sa.Column("back", sa.Text(), nullable=False),
        sa.Column("is_raised", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("instrument", "rule"),
    )
    op.add_column("equipment", sa.Column("qualified_until", Utc(27), nullable=True))
