"""A document says which form it has: the batch record, or the supply of a product out of specification."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0012"


def upgrade() -> None:
    """Add the form; what was made before is a batch record."""
    op.add_column("document", sa.Column("form", sa.String(length=20), nullable=True))
