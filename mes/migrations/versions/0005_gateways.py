"""What gateways told last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mes.db import Utc

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "gateway_told",
        sa.Column("gateway", sa.String(length=60), nullable=False),
        sa.Column("heard", Utc(27), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("gateway"),
    )
