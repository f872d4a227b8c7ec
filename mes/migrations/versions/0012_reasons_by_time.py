"""The index by which reasons are looked through in the order of time, as far as one page asks for."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    """Create the index."""
    op.create_index("reason_view_at", "reason_view", ["at", "book", "page"])
