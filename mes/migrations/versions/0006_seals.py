"""The log over all lines, its checkpoints, and what witnesses answered."""

from __future__ import annotations

from alembic import op

from mes.ledger.seal_tables import seals

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables with their triggers. The lines written before are sealed as the clock first asks for it."""
    seals.create_all(op.get_bind())
