"""What signatures and the audit trail need: whether a session saw both components, and how lines are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0005"


def upgrade() -> None:
    """Add the column, where no other migration of this version did."""
    if "both_given" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("sign_in")}:
        op.add_column("sign_in", sa.Column("both_given", sa.Boolean(), nullable=False, server_default=sa.false()))
