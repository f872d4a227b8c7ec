"""What is done to equipment and rooms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.equipment.models import Equipment
from mes.execute import Doing, handles
from mes.ledger.line import utc

STATUSES = ("ready", "to be cleaned", "out of service")


@dataclass(frozen=True)
class AddEquipment:
    """Enter a piece of equipment or a room."""

    code: str
    name: str
    equipment_class: str
    calibrated_until: datetime
    exclusive: bool = False


@dataclass(frozen=True)
class SetStatus:
    """Say that equipment is ready, to be cleaned, or out of service; ready frees it from its batch."""

    code: str
    status: str
    reason: str


@dataclass(frozen=True)
class Calibrate:
    """Record a calibration."""

    code: str
    until: datetime
    reason: str


@dataclass(frozen=True)
class Qualify:
    """Record a qualification."""

    code: str
    until: datetime
    reason: str


def _book(command: AddEquipment | SetStatus | Calibrate | Qualify) -> Iterable[str]:
    return (f"equipment:{command.code}",)


@handles(AddEquipment, "entered equipment", roles=(Role.REVIEWER.value, Role.OPERATOR.value), books=_book)
def add_equipment(doing: Doing, command: AddEquipment) -> None:
    """Enter equipment; it is ready."""
    if not command.code.strip() or not command.equipment_class.strip():
        raise Malformed("code", "equipment has a code and a class")
    if doing.session.get(Equipment, command.code):
        raise Refused(f"{command.code} was entered before")
    doing.session.add(
        Equipment(
            code=command.code,
            name=command.name,
            equipment_class=command.equipment_class,
            status="ready",
            calibrated_until=command.calibrated_until,
            exclusive=command.exclusive,
        )
    )


@handles(SetStatus, "changed the status of equipment", roles=(Role.OPERATOR.value,), books=_book)
def set_status(doing: Doing, command: SetStatus) -> None:
    """Change the status; equipment that was made ready belongs to no batch."""
    equipment = _equipment(doing, command.code)
    if command.status not in STATUSES:
        raise Malformed("status", f"equipment is {', '.join(STATUSES)}")
    if not command.reason.strip():
        raise Malformed("reason", "say why, or what was done")
    equipment.status = command.status
    if command.status == "ready":
        equipment.holds = None
    doing.act.write(equipment.book, "status changed", {"status": command.status}, reason=command.reason)


@handles(Calibrate, "recorded a calibration", roles=(Role.REVIEWER.value,), books=_book)
def calibrate(doing: Doing, command: Calibrate) -> None:
    """Record until when a calibration counts."""
    equipment = _equipment(doing, command.code)
    if not command.reason.strip():
        raise Malformed("reason", "say by which certificate")
    equipment.calibrated_until = command.until
    doing.act.write(equipment.book, "calibrated", {"until": utc(command.until)}, reason=command.reason)


@handles(Qualify, "recorded a qualification", roles=(Role.REVIEWER.value,), books=_book)
def qualify(doing: Doing, command: Qualify) -> None:
    """Record until when a qualification counts; from the first one on, equipment is used within it only."""
    equipment = _equipment(doing, command.code)
    if not command.reason.strip():
        raise Malformed("reason", "say by which report")
    equipment.qualified_until = command.until
    doing.act.write(equipment.book, "qualified", {"until": utc(command.until)}, reason=command.reason)


def _equipment(doing: Doing, code: str) -> Equipment:
    equipment = doing.session.get(Equipment, code)
    if equipment is None:
        raise Refused(f"there is no equipment {code}")
    return equipment
