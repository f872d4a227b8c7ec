"""The gate before every step: who acts is trained on the very text that the batch was issued by, and works on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from batch_records.executed.draft import Refused
from batch_records.master.recipe import Role
from mes.people.models import ADMINISTRATOR, AUDITOR, SCIENTIST, SUPERVISOR
from mes.training.models import Assignment, Training

# Who only works in the rooms does not open a step untrained; who reviews, releases or inspects may look at all of them.
_WORKING = {Role.OPERATOR.value, Role.VERIFIER.value, Role.ANALYST.value}
_LOOKING = {
    Role.REVIEWER.value,
    Role.RELEASER.value,
    Role.PHYSICIAN.value,
    SUPERVISOR,
    SCIENTIST,
    AUDITOR,
    ADMINISTRATOR,
}
# Made once: building a statement anew costs as much as running it.
_UNTIL = select(Training.until).where(Training.user == bindparam("user"), Training.digest == bindparam("digest"))
_ASSIGNED = select(Assignment.user).where(Assignment.batch == bindparam("batch"), Assignment.is_current)


def why_not(connection: Connection, batch: Batch, person: Person, at: datetime) -> str:
    """Return why a person may not act on the steps of a batch, and what would change that; empty where they may."""
    issue = batch.issue
    what = f"edition {issue.edition} of recipe {issue.recipe}"
    until = connection.execute(_UNTIL, {"user": person.id, "digest": batch.recipe.digest}).scalar()
    if until is None:
        return f"{person.name} is not trained on {what}: a supervisor or a quality reviewer records the training"
    if until <= at:
        return f"the training of {person.name} on {what} ended on {until:%Y-%m-%d}: train again, then have it recorded"
    assigned = connection.execute(_ASSIGNED, {"batch": batch.id}).scalars().all()
    if assigned and person.id not in assigned:
        return f"{person.name} is not assigned to batch {batch.id}: a supervisor assigns people to it"
    return ""


def must_be_trained(connection: Connection, batch: Batch, person: Person, at: datetime) -> None:
    """Raise `Refused` where a person may not act on the steps of a batch."""
    if sentence := why_not(connection, batch, person, at):
        raise Refused(sentence)


def may_not_open(connection: Connection, batch: Batch, person: Person, at: datetime) -> bool:
    """Say whether a step stays closed to a person: to who works in the rooms, and may not act on it."""
    only_works = person.roles & _WORKING and not person.roles & _LOOKING
    return bool(only_works and why_not(connection, batch, person, at))
