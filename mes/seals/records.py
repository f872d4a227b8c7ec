"""What witnesses answered, kept for ever: every confirmation, and every new reason for which there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from mes.ledger.line import utc
from mes.ledger.seal_tables import witnessed


@dataclass(frozen=True)
class Standing:
    """How a witness stands: what it confirmed last and when, and what is wrong now, if anything."""

    size: int = 0
    at: datetime | None = None
    problem: str = ""
    since: datetime | None = None  # of the problem


def standing(connection: Connection, witness: str) -> Standing:
    """Return how a witness stands."""
    table = witnessed.c
    confirmed = (table.witness == witness) & (table.problem == "")
    last = connection.execute(select(witnessed).where(confirmed).order_by(table.number.desc()).limit(1)).first()
    largest = connection.execute(select(func.coalesce(func.max(table.size), 0)).where(confirmed)).scalar_one()
    newest = connection.execute(
        select(witnessed).where(table.witness == witness).order_by(table.number.desc()).limit(1)
    ).first()
    at = datetime.fromisoformat(last.at) if last else None
    if newest is None or not newest.problem:
        return Standing(int(largest), at)
    return Standing(int(largest), at, newest.problem, datetime.fromisoformat(newest.at))


def confirmations(connection: Connection, witness: str, size: int) -> list[str]:
    """Return what a witness answered when it confirmed a checkpoint, the first answer first."""
    table = witnessed.c
    query = select(table.answer).where(table.witness == witness, table.size == size, table.problem == "")
    return list(connection.execute(query.order_by(table.number)).scalars())


def keep(connection: Connection, witness: str, size: int, at: datetime, *, answer: str = "", problem: str = "") -> None:
    """Keep what a witness answered to a checkpoint, or why it did not."""
    values = {"witness": witness, "size": size, "at": utc(at), "answer": answer, "problem": problem}
    connection.execute(insert(witnessed), values)
