"""What is done about training: recorded, withdrawn; and who works on a batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.batches.folds import book_of
from mes.batches.models import BatchView
from mes.context import installation
from mes.execute import Doing, handles
from mes.masters.models import RecipeEdition
from mes.people.commands import say_why
from mes.people.models import SUPERVISOR, User
from mes.training.gate import must_be_trained
from mes.training.models import Assignment, Training


@dataclass(frozen=True)
class RecordTraining:
    """Say that people were trained on an approved edition of a recipe, and until when that counts."""

    recipe: str
    edition: int
    users: tuple[str, ...]
    until: datetime


@dataclass(frozen=True)
class WithdrawTraining:
    """Say that a person's training counts no longer."""

    recipe: str
    edition: int
    user: str
    reason: str


@dataclass(frozen=True)
class Assign:
    """Say who works on a batch; nobody named means everybody who is trained."""

    batch: str
    users: tuple[str, ...]
    reason: str = ""  # needed where somebody is taken off, or put back


@dataclass(frozen=True)
class OpenStep:
    """Open a step's page. Nothing comes of it but the refusal, for whom the step stays closed."""

    batch: str
    step: str


def _books(command: RecordTraining | Assign) -> Iterable[str]:
    return tuple(f"user:{user}" for user in command.users)


@handles(RecordTraining, "recorded training", roles=(SUPERVISOR, Role.REVIEWER.value), books=_books)
def record_training(doing: Doing, command: RecordTraining) -> None:
    """Keep it for each of them. A text that is a draft can be nobody's training yet."""
    edition = _edition(doing, command.recipe, command.edition)
    if edition.status == "draft":
        raise Refused("this edition is not approved yet: people are trained on what was approved")
    if not command.users:
        raise Malformed("users", "choose who was trained")
    if command.until <= doing.act.at:
        raise Malformed("until", "say until when this training counts: a day to come")
    for user in command.users:
        _train(doing, _person(doing, user), edition, command.until)


def _train(doing: Doing, user: User, edition: RecipeEdition, until: datetime) -> None:
    if user.id == doing.by.person.id:
        raise Refused("nobody records their own training")
    found = doing.session.get(Training, (user.id, edition.digest))
    if found is None:
        found = Training(user=user.id, digest=edition.digest, recipe=edition.code, edition=edition.edition)
        doing.session.add(found)
    found.trained, found.until, found.recorded_by = doing.act.at, until, doing.by.person.id


@handles(
    WithdrawTraining,
    "withdrew training",
    roles=(SUPERVISOR, Role.REVIEWER.value),
    books=lambda command: (f"user:{command.user}",),
)
def withdraw_training(doing: Doing, command: WithdrawTraining) -> None:
    """End it now; the next tap on a step is refused."""
    edition = _edition(doing, command.recipe, command.edition)
    found = doing.session.get(Training, (command.user, edition.digest))
    if found is None or found.until <= doing.act.at:
        raise Refused(f"{command.user} has no training on edition {edition.edition} of recipe {edition.code}")
    found.until = doing.act.at
    say_why(doing, found.book, command.reason)


@handles(Assign, "assigned people to a batch", roles=(SUPERVISOR,), books=_books)
def assign(doing: Doing, command: Assign) -> None:
    """Have these people, and nobody else, act on the steps of a batch."""
    if doing.session.get(BatchView, command.batch) is None:
        raise Refused(f"there is no batch {command.batch}")
    for user in command.users:
        person = _person(doing, user)
        if doing.session.get(Assignment, (command.batch, person.id)) is None:
            doing.session.add(Assignment(batch=command.batch, user=person.id, assigned_by=doing.by.person.id))
    doing.session.flush()
    for row in doing.session.query(Assignment).filter_by(batch=command.batch):
        if row.is_current != (row.user in command.users):
            row.is_current, row.assigned_by = not row.is_current, doing.by.person.id
            say_why(doing, row.book, command.reason)


@handles(OpenStep, "opened a step", books=lambda command: (book_of(command.batch),))
def open_step(doing: Doing, command: OpenStep) -> None:
    """Refuse it to who may not act on it, so that the attempt is on record."""
    batch = installation().folds.get(doing.act.connection, command.batch)
    if batch is None:
        raise Refused(f"there is no batch {command.batch}")
    must_be_trained(doing.act.connection, batch, doing.by.person, doing.act.at)


def _edition(doing: Doing, recipe: str, edition: int) -> RecipeEdition:
    found = doing.session.get(RecipeEdition, (recipe, edition))
    if found is None:
        raise Refused(f"recipe {recipe} has no edition {edition}")
    return found


def _person(doing: Doing, user: str) -> User:
    found = doing.session.get(User, user)
    if found is None or not found.password_hash:
        raise Refused(f"there is no person “{user}”")
    return found
