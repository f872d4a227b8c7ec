"""Who may do what, how old what they have is, and when it was last used: what a review looks at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mes.badges.models import IN_USE, Badge
from mes.ledger.line import canonical, utc
from mes.ledger.tables import line
from mes.people.models import SINGLE_SIGN_ON, SignIn, User
from mes.people.signers import edition_in_force
from mes.sso.models import IssuerLink

UNUSED_AFTER_DAYS = 90


def content(session: Session, now: datetime) -> dict[str, Any]:
    """Return every account with its rights, and every badge in use, as a review keeps them."""
    last = dict(session.execute(select(SignIn.user, func.max(SignIn.began)).group_by(SignIn.user)).all())
    users = session.scalars(select(User).order_by(User.id)).all()
    edition = edition_in_force(session.connection())
    badges = session.scalars(select(Badge).where(Badge.state == IN_USE).order_by(Badge.code)).all()
    scanned = select(SignIn.badge, func.max(SignIn.began)).where(SignIn.badge.is_not(None)).group_by(SignIn.badge)
    used = dict(session.execute(scanned).all())
    return {
        "users": [_user(session, user, last.get(user.id), edition, now) for user in users],
        "badges": [_badge(badge, used.get(badge.code)) for badge in badges],
    }


def digest_of(found: Mapping[str, Any]) -> str:
    """Return the digest of what a review looks at. When anybody was last here does not count: that changes all day."""
    kept = {kind: [_lasting(row) for row in rows] for kind, rows in found.items()}
    return hashlib.sha256(canonical(kept).encode()).hexdigest()


def _lasting(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("used", "notes")}


def _user(session: Session, user: User, seen: datetime | None, edition: int, now: datetime) -> dict[str, Any]:
    used = utc(seen) if seen else _wrote_last(session, user) if user.token_hash else ""
    return {
        "id": user.id,
        "name": user.name,
        "roles": user.roles,
        "state": "locked" if user.locked else "active" if user.active else "inactive",
        "secret": "token" if user.token_hash else _secret(session, user),
        "since": utc(user.secret_set) if user.secret_set else "",
        "used": used,
        "identity": f"{user.proof}, seen by {user.proven_by}" if user.proven_at else "",
        "signs": _signs(user, edition),
        "notes": list(_notes(user, used, now)),
    }


def _secret(session: Session, user: User) -> str:
    linked = select(IssuerLink.id).where(IssuerLink.user == user.id, IssuerLink.ended.is_(None))
    return f"password, {SINGLE_SIGN_ON}" if session.scalars(linked).first() else "password"


def _signs(user: User, edition: int) -> bool:
    """Say whether a person may sign in some role."""
    is_seen = bool(user.proven_at) and not user.is_first_password and (user.accepted or 0) >= edition
    return bool(user.active and user.roles and is_seen)


def _wrote_last(session: Session, user: User) -> str:
    """Return when a machine last wrote anything: it has no sessions."""
    found: str | None = (
        session.connection().execute(select(func.max(line.c.at)).where(line.c.author == user.id)).scalar()
    )
    return found or ""


def _notes(user: User, used: str, now: datetime) -> Iterator[str]:
    """Give what a reviewer should think about."""
    if not user.active:
        return
    if user.locked:
        yield "locked"
    if not used:
        yield "never used"
    elif (now - datetime.fromisoformat(used)).days >= UNUSED_AFTER_DAYS:
        yield f"not used for {UNUSED_AFTER_DAYS} days"
    if not user.roles:
        yield "holds no role"
    if user.is_first_password:
        yield "has a first password"


def _badge(badge: Badge, used: datetime | None) -> dict[str, Any]:
    return {
        "code": badge.code,
        "user": badge.user,
        "since": utc(badge.issued),
        "until": utc(badge.until) if badge.until else "",
        "tested": utc(badge.tested) if badge.tested else "",
        "used": utc(used) if used else "",
    }
