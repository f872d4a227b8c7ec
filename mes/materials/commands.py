"""What is done to lots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.execute import Doing, handles
from mes.materials.models import Lot


@dataclass(frozen=True)
class ReceiveLot:
    """Receive a lot into quarantine, with the values of its certificate."""

    number: str
    material: str
    expires: datetime
    gives: Mapping[str, str]


@dataclass(frozen=True)
class DisposeOfLot:
    """Release or reject a lot."""

    number: str
    status: str
    reason: str


@handles(
    ReceiveLot,
    "received a lot",
    roles=(Role.OPERATOR.value, Role.REVIEWER.value),
    books=lambda it: (f"lot:{it.number}",),
)
def receive_lot(doing: Doing, command: ReceiveLot) -> None:
    """Keep the lot in quarantine until quality has seen its certificate."""
    if not command.number.strip() or not command.material.strip():
        raise Malformed("number", "a lot has a number and a material")
    if doing.session.get(Lot, command.number):
        raise Refused(f"lot {command.number} was received before")
    lot = Lot(number=command.number, material=command.material, status="quarantine", expires=command.expires)
    lot.gives = dict(command.gives)
    doing.session.add(lot)


@handles(
    DisposeOfLot,
    "released or rejected a lot",
    roles=(Role.REVIEWER.value,),
    books=lambda command: (f"lot:{command.number}",),
    signature="approved",
)
def dispose_of_lot(doing: Doing, command: DisposeOfLot) -> None:
    """Release or reject a lot, by a signature of quality."""
    lot = doing.session.get(Lot, command.number)
    if lot is None:
        raise Refused(f"there is no lot {command.number}")
    if command.status not in ("released", "rejected"):
        raise Malformed("status", "a lot is released or rejected")
    if lot.status != "quarantine" and (lot.status, command.status) != ("released", "rejected"):
        raise Refused(f"lot {lot.number} is {lot.status}; it cannot be {command.status}")
    lot.status = command.status
    body = {"status": command.status}
    doing.act.write(lot.book, "lot disposed of", body, reason=command.reason, signed=doing.signed)
