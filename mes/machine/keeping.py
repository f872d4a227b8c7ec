"""Whether the server's clock is kept: release waits while nobody can say how far it is off.

A release bears a time, and the days that a product may be used are counted from it. So where the clock is out of step,
or nothing is heard of the process that watches it, nothing is released by it. A site without a time service has a way:
quality compares the clock with another one and signs what was found; that counts for a day, and only as long as the
clock is not set and does not fall out of step anew. A demonstration's time is no machine's, and is not asked for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from batch_records.executed.draft import Refused
from batch_records.executed.span import apart
from mes.context import installation
from mes.ledger.tables import line
from mes.machine.commands import BOOK, COMPARED, in_step
from mes.machine.models import MachineTold

SILENT = timedelta(minutes=1)  # the clock process tells every ten seconds
_COUNTS = timedelta(hours=24)  # for which a comparison stands in for a time service
_TOLD = select(MachineTold.heard, MachineTold.told)
_NEWEST = select(line.c.kind, line.c.at).where(line.c.book == BOOK)
_NEWEST = _NEWEST.where(line.c.kind.in_((COMPARED, "clock set", "clock out of step")))
_NEWEST = _NEWEST.order_by(line.c.page.desc()).limit(1)
_WAY_OUT = (
    "so the time of a release would not be certain: {remedy}, or have a quality reviewer compare it with another "
    "clock and sign that on the page “Server”"
)


def not_kept(connection: Connection, now: datetime) -> str:
    """Say why nothing can be released by the server's clock, and what lets it; nothing where the clock is kept."""
    told = connection.execute(_TOLD).first()
    if told is None or installation().settings.is_demonstration or _was_compared(connection, now):
        return ""
    if apart(now, told.heard) > SILENT:
        remedy = _WAY_OUT.format(remedy="have it started again")
        return f"nothing is heard of the server's clock process, {remedy}"
    if not in_step(told.told):
        remedy = _WAY_OUT.format(remedy="have its time service put right")
        return f"the server's clock is out of step, {remedy}"
    return ""


def must_be_kept(connection: Connection, now: datetime) -> None:
    """Refuse a release by a clock that nothing keeps."""
    if why := not_kept(connection, now):
        raise Refused(f"release is blocked: {why}")


def _was_compared(connection: Connection, now: datetime) -> bool:
    newest = connection.execute(_NEWEST).first()
    return bool(newest and newest.kind == COMPARED and apart(now, datetime.fromisoformat(newest.at)) < _COUNTS)
