"""What signatures and the audit trail need: whether a session saw both components, and how lines are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import select

from mes.ledger.line import Line
from mes.ledger.reasons import keep_reasons
from mes.ledger.tables import line

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the table of reasons, and fill it from the lines."""
    op.create_table(
        "reason_view",
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("book", "page"),
    )
    connection = op.get_bind()
    written = select(line.c.book, line.c.page, line.c.at, line.c.text).where(line.c.text.contains('"reason":"'))
    for lines in connection.execute(written, execution_options={"yield_per": 5_000}).partitions():
        keep_reasons(connection, [Line(row.book, row.page, "", "", row.at, row.text, b"", b"") for row in lines])
