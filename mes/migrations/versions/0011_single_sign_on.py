"""Single sign-on: which account of the issuer is whose, and how a session began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mes.db import Utc

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table and the column; it is empty where a session began with a password."""
    op.create_table(
        "issuer_link",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user", sa.String(length=60), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("added", Utc(27), nullable=False),
        sa.Column("ended", Utc(27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_issuer_link_user", "issuer_link", ["user"], unique=False)
    op.add_column("sign_in", sa.Column("began_by", sa.String(length=20), nullable=True))
