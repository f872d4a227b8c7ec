"""What is asked about training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed.batch import Disposition
from batch_records.executed.commands import Person
from batch_records.master.recipe import Role
from mes.batches.models import BatchView
from mes.batches.shown import local
from mes.context import installation
from mes.execute import HANDLERS
from mes.masters.models import RecipeEdition
from mes.people.models import User
from mes.people.queries import names
from mes.training.commands import Assign, RecordTraining
from mes.training.gate import may_not_open
from mes.training.models import Assignment, Training

_AT_STEPS = {role.value for role in Role}


@dataclass(frozen=True)
class EditionLink:
    """An edition that people can be trained on."""

    words: str
    state: str
    url: str
    is_chosen: bool


@dataclass(frozen=True)
class Trained:
    """A person, and their training on the chosen edition."""

    user: str
    name: str
    roles: str
    state: str  # current, ended, none
    until: datetime | None
    recorded: str


@dataclass(frozen=True)
class BatchOf:
    """An open batch, and who works on it."""

    number: str
    users: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class TrainingPage:
    """Everything that ``training.html`` asks for."""

    editions: tuple[EditionLink, ...]
    recipe: str
    edition: int
    people: tuple[Trained, ...]
    may_record: bool
    may_assign: bool
    batches: tuple[BatchOf, ...]
    error: str


def stays_closed(batch: str, person: Person) -> bool:
    """Say whether the steps of a batch stay closed to a person."""
    with installation().reading() as session:
        found = installation().folds.get(session.connection(), batch)
        return bool(found and may_not_open(session.connection(), found, person, installation().now()))


def training_page(recipe: str, edition: int, person: Person, error: str = "") -> TrainingPage:
    """Return who is trained on an edition; on the first approved one where none was chosen."""
    with installation().reading() as session:
        rows = session.scalars(
            select(RecipeEdition)
            .where(RecipeEdition.status != "draft")
            .order_by(RecipeEdition.status, RecipeEdition.code, RecipeEdition.edition.desc())
        ).all()
        chosen = next((row for row in rows if (row.code, row.edition) == (recipe, edition)), rows[0] if rows else None)
        people = _people(session, chosen) if chosen else ()
        batches = _batches(session)
    links = tuple(_link(row, row is chosen) for row in rows)
    may_record, may_assign = (bool(person.roles & HANDLERS[each].roles) for each in (RecordTraining, Assign))
    code, number = (chosen.code, chosen.edition) if chosen else ("", 0)
    return TrainingPage(links, code, number, people, may_record, may_assign, batches, error)


def _link(row: RecipeEdition, is_chosen: bool) -> EditionLink:  # noqa: FBT001 - made in one place
    url = url_for("training.training", recipe=row.code, edition=row.edition)
    return EditionLink(f"{row.title}, edition {row.edition}", row.status, url, is_chosen)


def _people(session: Session, edition: RecipeEdition) -> tuple[Trained, ...]:
    known = {row.user: row for row in session.scalars(select(Training).where(Training.digest == edition.digest))}
    users = session.scalars(select(User).where(User.active).order_by(User.name)).all()
    at_steps = (user for user in users if _AT_STEPS & set(user.roles) or user.id in known)
    return tuple(_trained(user, known.get(user.id)) for user in at_steps)


def _trained(user: User, row: Training | None) -> Trained:
    roles = ", ".join(user.roles)
    if row is None:
        return Trained(user.id, user.name, roles, "none", None, "")
    state = "current" if row.until > installation().now() else "ended"
    by = names().get(row.recorded_by, row.recorded_by)
    return Trained(user.id, user.name, roles, state, local(row.until), f"{by}, {local(row.trained):%Y-%m-%d}")


def _batches(session: Session) -> tuple[BatchOf, ...]:
    open_ = session.scalars(
        select(BatchView.batch).where(BatchView.disposition.in_([each.value for each in Disposition if each.is_open]))
    )
    assigned: dict[str, list[str]] = {}
    for row in session.scalars(select(Assignment).where(Assignment.is_current)):
        assigned.setdefault(row.batch, []).append(row.user)
    found = []
    for number in sorted(open_, reverse=True):
        users = sorted(assigned.get(number, []))
        words = ", ".join(names().get(user, user) for user in users) or "everybody who is trained"
        found.append(BatchOf(number, tuple(users), words))
    return tuple(found)
