"""What is done about seals: the first key announced, keys changed, and sealing asked for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed, Refused
from mes.context import installation
from mes.execute import Actor, Doing, Outcome, execute, handles
from mes.ledger.checkpoint import Key
from mes.ledger.seal_keys import KIND, LOSS, ROTATION, SET_UP, announced, is_written
from mes.ledger.vouched import BEGUN, vouch_for_unsealed
from mes.people.models import ADMINISTRATOR, CLOCK
from mes.seals.sealing import OpenLog, Report, Sealing, VouchFromNow

_SEALING = "sealing"
_SEALER = Actor(Person("seals", "Seals", frozenset({_SEALING})), "this machine")


@dataclass(frozen=True)
class Seal:
    """Seal what is due, or all of it, and tell the witnesses."""

    all_of_it: bool = False


@dataclass(frozen=True)
class ChangeSealKey:
    """Have another key sign from now on: a rotation, for which the old one vouches, or because that one is lost."""

    because: str
    reason: str


@handles(OpenLog, "announced the first seal key", roles=(_SEALING,), books=lambda _: ("laboratory",))
def open_log(doing: Doing, command: OpenLog) -> None:
    """Make a key for a log of its own name, unless one was announced meanwhile."""
    del command
    if not announced(doing.act.connection):
        key = installation().sealing.keyring.create(f"cell-lab-mes/{secrets.token_hex(8)}")
        announce(doing, key, SET_UP)


@handles(VouchFromNow, "began to vouch for signatures", roles=(_SEALING,), books=lambda _: ("laboratory",))
def vouch_from_now(doing: Doing, command: VouchFromNow) -> None:
    """Write that every signature behind this line is vouched for; once."""
    del command
    if not is_written(doing.act.connection, BEGUN):
        doing.act.write("laboratory", BEGUN, {})


@handles(
    ChangeSealKey,
    "changed the seal key",
    roles=(ADMINISTRATOR,),
    books=lambda _: ("laboratory",),
    then=lambda _: _told(lambda sealing: sealing.seal_now(("laboratory",))),
)
def change_seal_key(doing: Doing, command: ChangeSealKey) -> Outcome:
    """Make a new key of the same log, and announce it."""
    keys = announced(doing.act.connection)
    if command.because not in (ROTATION, LOSS):
        raise Malformed("because", "a key is changed by rotation, or because of a loss")
    if not keys:
        raise Refused("no key was announced yet that could be changed")
    if not command.reason:
        raise Malformed("reason", "say why the key is changed")
    key = installation().sealing.keyring.create(keys[-1].key.name)
    announce(doing, key, command.because, command.reason)
    if command.because == LOSS:
        vouch_for_unsealed(doing.act.connection, installation().sealing.keyring.secret(key))
    return {"key": str(key)}


def announce(doing: Doing, key: Key, because: str, reason: str = "") -> None:
    """Write that a key will sign from now on."""
    doing.act.write("laboratory", KIND, {"key": str(key), "because": because}, reason=reason)


def seal_now(books: Callable[[Any], Iterable[str]]) -> Callable[[Any], Outcome]:
    """Have a command's books sealed and witnessed before its answer; what could not be stands in the answer."""
    return lambda command: _told(lambda sealing: sealing.seal_now(books(command)))


@handles(Seal, "had lines sealed", roles=(CLOCK,), then=lambda command: _told(_asked(command)))
def seal(doing: Doing, command: Seal) -> None:
    """Write nothing: sealing follows when others may write again."""
    del doing, command


def _asked(command: Seal) -> Callable[[Sealing], Report]:
    return (lambda sealing: sealing.seal_now(())) if command.all_of_it else Sealing.seal_what_is_due


def _told(act: Callable[[Sealing], Report]) -> Outcome:
    """Seal, and tell what came of it. What was done before stands, whatever happens here: it is said, not raised."""
    sealing = installation().sealing
    try:
        if not sealing.is_open():
            execute(OpenLog(), by=_SEALER, tap=str(uuid4()))
        report = act(sealing)
        if sealing.can_vouch():
            execute(VouchFromNow(), by=_SEALER, tap=str(uuid4()))
    except (SQLAlchemyError, OSError) as error:
        report = Report(0, (f"nothing was sealed: {error}",))
    return {"sealed": report.sealed, "not_witnessed": list(report.problems)}
