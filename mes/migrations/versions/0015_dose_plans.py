"""Dose plans: their editions, the level that an order names, and what was seen of each patient."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mes.db import Utc

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the tables, and the columns of orders; orders from before name no level."""
    op.create_table(
        "dose_plan_edition",
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("approved_by", sa.String(length=60), nullable=True),
        sa.Column("approved_at", Utc(27), nullable=True),
        sa.PrimaryKeyConstraint("code", "edition"),
    )
    op.create_table(
        "dose_outcome",
        sa.Column("coi", sa.String(length=60), nullable=False),
        sa.Column("plan", sa.String(length=80), nullable=False),
        sa.Column("toxicity", sa.String(length=20), nullable=False),
        sa.Column("response", sa.String(length=20), nullable=False),
        sa.Column("recorded", Utc(27), nullable=False),
        sa.Column("recorded_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("coi"),
    )
    for name, type_ in (
        ("dose_plan", sa.String(length=80)),
        ("dose_edition", sa.Integer()),
        ("dose_level", sa.String(length=20)),
        ("dose", sa.String(length=400)),
    ):
        op.add_column("therapy_order", sa.Column(name, type_, nullable=True))
