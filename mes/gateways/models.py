"""What gateways told last. It is neither a row nor a view: nobody decides by it, and no line is written of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Told, Utc


class GatewayTold(Told):
    """One gateway: what it told last, and when it was heard here."""

    __tablename__ = "gateway_told"

    gateway: Mapped[str] = mapped_column(String(60), primary_key=True)
    heard: Mapped[datetime] = mapped_column(Utc)
    told: Mapped[dict[str, Any]] = mapped_column(JSON)
