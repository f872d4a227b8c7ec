"""What is done about seals: the first key announced, keys changed, and sealing asked for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from batch_records.executed.commands import Person
from mes.context import installation
from mes.execute import Actor, Doing, Outcome, execute, handles
from mes.ledger.checkpoint import Key
from mes.ledger.seal_keys import KIND, SET_UP, announced
from mes.people.models import CLOCK
from mes.seals.sealing import OpenLog, Report, Sealing

_SEALING = "sealing"
_SEALER = Actor(Person("seals", "Seals", frozenset({_SEALING})), "this machine")


@dataclass(frozen=True)
class Seal:
    """Seal what is due, and tell the witnesses."""


@handles(OpenLog, "announced the first seal key", roles=(_SEALING,), books=lambda _: ("laboratory",))
def open_log(doing: Doing, command: OpenLog) -> None:
    """Make a key for a log of its own name, unless one was announced meanwhile."""
    del command
    if not announced(doing.act.connection):
        key = installation().sealing.keyring.create(f"cell-lab-mes/{secrets.token_hex(8)}")
        announce(doing, key, SET_UP)


def announce(doing: Doing, key: Key, because: str, reason: str = "") -> None:
    """Write that a key will sign from now on."""
    doing.act.write("laboratory", KIND, {"key": str(key), "because": because}, reason=reason)


def seal_now(books: Callable[[Any], Iterable[str]]) -> Callable[[Any], Outcome]:
    """Have a command's books sealed and witnessed before its answer; what could not be stands in the answer."""
    return lambda command: _told(lambda sealing: sealing.seal_now(books(command)))


@handles(Seal, "had lines sealed", roles=(CLOCK,), then=lambda _: _told(Sealing.seal_what_is_due))
def seal(doing: Doing, command: Seal) -> None:
    """Write nothing: sealing follows when others may write again."""
    del doing, command


def _told(act: Callable[[Sealing], Report]) -> Outcome:
    """Seal, and tell what came of it. What was done before stands, whatever happens here: it is said, not raised."""
    sealing = installation().sealing
    try:
        if not sealing.is_open():
            execute(OpenLog(), by=_SEALER, tap=str(uuid4()))
        report = act(sealing)
    except (SQLAlchemyError, OSError) as error:
        report = Report(0, (f"nothing was sealed: {error}",))
    return {"sealed": report.sealed, "not_witnessed": list(report.problems)}
