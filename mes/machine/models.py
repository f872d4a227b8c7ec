"""What the machine told last. It is neither a row nor a view: what changed is a line in the laboratory's book."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Told, Utc


class MachineTold(Told):
    """One row: what the clock process told last of the machine, and when it was heard."""

    __tablename__ = "machine_told"

    id: Mapped[int] = mapped_column(primary_key=True)
    heard: Mapped[datetime] = mapped_column(Utc)
    told: Mapped[dict[str, Any]] = mapped_column(JSON)
