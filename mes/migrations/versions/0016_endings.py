"""A document says which form it has, and an order which batch is made again: both empty for what was before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("document", sa.Column("form", sa.String(length=20), nullable=True))
    op.add_column("therapy_order", sa.Column("supersedes", sa.String(length=60), nullable=True))
