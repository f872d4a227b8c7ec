"""Donations of a therapy, its two identities, and the tables of codes that a site loads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mes.db import Utc

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the tables and the columns; orders until now name neither."""
    op.create_table(
        "donation",
        sa.Column("number", sa.String(length=13), nullable=False),
        sa.Column("coi", sa.String(length=60), nullable=False),
        sa.Column("donor", sa.String(length=60), nullable=False),
        sa.Column("collected", Utc(27), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_donation_coi", "donation", ["coi"], unique=False)
    op.create_index("ix_donation_donor", "donation", ["donor"], unique=False)
    op.create_table(
        "code_table",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("edition", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("codes", sa.Integer(), nullable=False),
        sa.Column("loaded", Utc(27), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("recipient", "donor"):
        op.add_column("therapy_order", sa.Column(name, sa.String(length=60), nullable=False, server_default=""))
