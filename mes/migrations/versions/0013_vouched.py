"""What the server vouches for: its signature over each line that a person signs from here on."""

from __future__ import annotations

from alembic import op

from mes.ledger.vouched import vouching

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the table with its triggers. The ledger itself will say from when on it is filled."""
    vouching.create_all(op.get_bind())
