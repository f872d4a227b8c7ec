"""Donations of a therapy, and its two identities: for whom, and whose cells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mes.db import Utc

revision = "0015"
down_revision = "0012"


def upgrade() -> None:
    """Create the table and the columns; orders until now name neither."""
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
    for name in ("recipient", "donor"):
        op.add_column("therapy_order", sa.Column(name, sa.String(length=60), nullable=False, server_default=""))
