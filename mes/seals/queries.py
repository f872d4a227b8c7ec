"""What is asked about the seals: the newest checkpoint, what each witness confirmed, what is not sealed yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from mes.batches.shown import local
from mes.context import installation
from mes.ledger import log, seal, seal_keys
from mes.ledger.checkpoint import Key
from mes.ledger.seal_tables import leaf
from mes.seals import records
from mes.seals.sealing import AGE, HEARTBEAT
from mes.seals.witness import Witness

_WHY = {
    seal_keys.SET_UP: "the first",
    seal_keys.ROTATION: "the key before it vouched for it",
    seal_keys.LOSS: "the key before it was lost",
}


@dataclass(frozen=True)
class KeyLine:
    """A key that was announced, as it is given to others, and what is said of it."""

    key: Key
    text: str
    words: str
    place: str  # where the ledger announces it


@dataclass(frozen=True)
class WitnessLine:
    """A witness: what it is, up to which line it confirmed and when, and what is wrong."""

    name: str
    words: str
    size: int
    at: datetime | None
    state: str  # confirmed, late, silent
    problem: str
    since: datetime | None


@dataclass(frozen=True)
class Newest:
    """The newest checkpoint."""

    size: int
    root: str
    at: datetime
    note: str


@dataclass(frozen=True)
class SealsPage:
    """Everything that ``seals.html`` asks for."""

    newest: Newest | None
    witnesses: tuple[WitnessLine, ...]
    waiting: int
    oldest: datetime | None
    is_late: bool
    keys: tuple[KeyLine, ...]


def seals_page() -> SealsPage:
    """Return how the seals stand now."""
    at = installation().now()
    with installation().reading() as session:
        connection = session.connection()
        found = log.newest(connection)
        lines = seal.waiting(connection, None)
        witnesses = tuple(_witness(connection, each, found) for each in installation().sealing.witnesses)
    oldest = min((each.at for each in lines), default=None)
    return SealsPage(
        newest=Newest(found.size, found.root.hex(), local(found.at), found.note) if found else None,
        witnesses=witnesses,
        waiting=len(lines),
        oldest=local(oldest) if oldest else None,
        is_late=oldest is not None and at - oldest > 2 * AGE,
        keys=keys(),
    )


def _witness(connection: Connection, witness: Witness, found: log.Sealed | None) -> WitnessLine:
    stands = records.standing(connection, witness.name)
    at, since = stands.at and local(stands.at), stands.since and local(stands.since)
    state = "silent" if stands.problem or not stands.at else "confirmed"
    if state == "confirmed" and found and stands.at and _is_late(stands.at, witness):
        state = "late"
    return WitnessLine(witness.name, witness.words, stands.size, at, state, stands.problem, since)


def _is_late(confirmed: datetime, witness: Witness) -> bool:
    """Say whether a witness should have been heard of by now: it is asked every so often, whatever happens."""
    return installation().now() - confirmed > 2 * max(HEARTBEAT, witness.every)


def keys() -> tuple[KeyLine, ...]:
    """Return the keys that were announced, the oldest first."""
    with installation().reading() as session:
        found = seal_keys.announced(session.connection())
    return tuple(
        KeyLine(each.key, str(each.key), _WHY.get(each.because, each.because), f"{each.book}, page {each.page}")
        for each in found
    )


def not_witnessed(connection: Connection, book: str, page: int) -> str:
    """Say which witnesses have not confirmed a line yet, as a sentence; nothing where all have."""
    position = connection.execute(select(leaf.c.position).where(leaf.c.book == book, leaf.c.page == page)).scalar()
    if position is None:
        return "This signature is recorded and not sealed yet. It will be as soon as that can be done."
    witnesses = installation().sealing.witnesses
    behind = [each.name for each in witnesses if records.standing(connection, each.name).size <= position]
    if not behind:
        return ""
    names = " and ".join(behind)
    return f"This signature is recorded and sealed. The witness {names} has not confirmed it yet, and is asked again."
