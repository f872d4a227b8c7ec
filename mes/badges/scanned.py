"""Whose badge was scanned. It is looked up each time: a badge that was reported lost names nobody a moment later."""

from __future__ import annotations

from sqlalchemy import bindparam, or_, select

from mes.badges.models import IN_USE, Badge
from mes.context import installation

_HOLDER = select(Badge.user).where(
    Badge.code == bindparam("code"),
    Badge.state == IN_USE,
    or_(Badge.until.is_(None), Badge.until > bindparam("at", type_=Badge.until.type)),
)


def user_of(text: str) -> str:
    """Return the user that a badge names, or the text itself where it is no badge that counts."""
    with installation().database.reader.connect() as connection:
        user: str | None = connection.execute(_HOLDER, {"code": text, "at": installation().now()}).scalar()
    return user or text
