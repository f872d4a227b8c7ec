"""What the page about notifications shows: whom to tell of what, until when, and who was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from flask import abort

from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from batch_records.executed.supply import Notification
from batch_records.master.recipe import Role
from mes.batches import shown
from mes.batches.queries import find
from mes.context import installation
from mes.people.queries import names
from mes.web import shapes
from mes.web.errors import not_signed
from mes.web.forms import Form

_QUALITY = frozenset({Role.REVIEWER.value, Role.RELEASER.value})


@dataclass(frozen=True)
class Told:
    """One notification: whom, of what, by when, what became of it, and what this person can sign next."""

    number: str
    to: str
    of: str
    because: str
    due: datetime
    state: str
    tone: str
    since: datetime
    story: tuple[tuple[shapes.Stamp, str], ...]
    making: shapes.Signature | None
    acknowledging: shapes.Signature | None


@dataclass(frozen=True)
class NotificationsPage:
    """Everything that ``notifications.html`` asks for."""

    batch: shapes.BatchHead
    notifications: tuple[Told, ...]
    found: tuple[tuple[shapes.Stamp, str], ...]
    reporting: shapes.Signature | None
    draft: Mapping[str, str] = field(default_factory=dict)

    def again(self, number: str, entered: Form, error: Exception) -> NotificationsPage | None:
        """Return the page after a refusal, with its sentence and what was typed; None where nothing can be signed."""
        told = {each.number: each for each in self.notifications}
        if number and number not in told:
            abort(404, f"Batch {self.batch.number} has no notification {number}.")
        panel = told[number].making or told[number].acknowledging if number in told else self.reporting
        if panel is None:
            return None
        panel = not_signed(panel, entered, error)
        if not number:
            return replace(self, reporting=panel, draft=entered.fields)
        mine = told[number]
        mine = replace(mine, making=panel) if mine.making else replace(mine, acknowledging=panel)
        return replace(self, notifications=tuple((told | {number: mine}).values()), draft=entered.fields)


def notifications_page(batch: str, person: Person) -> NotificationsPage:
    """Return whom the laboratory has to tell about a batch, the open ones first."""
    with installation().reading() as session:
        found = find(session, batch)
    people = names()
    told = [_told(found, number, each, person, people) for number, each in found.notifications.items()]
    may_report = found.disposition.has_left and Role.REVIEWER.value in person.roles
    return NotificationsPage(
        batch=shown.head(found, people),
        notifications=tuple(sorted(told, key=lambda each: each.state == "done")),
        found=tuple((shown.stamp(stamp, people), f"{each.what}: {each.found}") for stamp, each in found.late),
        reporting=_reporting(found) if may_report else None,
    )


def _told(batch: Batch, number: str, each: Notification, person: Person, people: Mapping[str, str]) -> Told:
    state, tone = _state(each)
    tell = not each.made and bool(_QUALITY & person.roles)
    knows = each.made and each.entry.expects and not each.acknowledged and Role.PHYSICIAN.value in person.roles
    return Told(
        number=number,
        to=each.entry.to,
        of=each.entry.of,
        because=each.entry.because,
        due=shown.local(each.due),
        state=state,
        tone=tone,
        since=shown.local(each.since.at),
        story=tuple(_story(each, people)),
        making=_signature(batch, number, "told", f"{each.entry.to} knows of it.") if tell else None,
        acknowledging=_signature(batch, number, "acknowledged", "I know of it, and follow the patient up.")
        if knows
        else None,
    )


def _state(each: Notification) -> tuple[str, str]:
    if each.is_done:
        return "done", "ok"
    if each.made:
        return "told, not acknowledged", "half"
    late = each.overdue or each.due < installation().now()
    return ("too late, nobody told", "action") if late else ("to be told", "clock")


def _story(each: Notification, people: Mapping[str, str]) -> Iterator[tuple[shapes.Stamp, str]]:
    if each.made:
        yield shown.stamp(each.made[0], people), f"Told {each.made[1].told}, {each.made[1].how}."
    if each.acknowledged:
        yield shown.stamp(each.acknowledged[0], people), f"Acknowledged. {each.acknowledged[1].follow_up}"


def _signature(batch: Batch, number: str, meaning: str, statement: str) -> shapes.Signature:
    verb = "was told" if meaning == "told" else "acknowledged"
    return shapes.Signature(f"{number} {verb}", statement, meaning, batch.last.hash, f"{batch.id} {number}")


def _reporting(batch: Batch) -> shapes.Signature:
    statement = "This was found after the release. Everybody named by the recipe is told."
    return shapes.Signature("Report what was found late", statement, "reported", batch.last.hash, shown.record(batch))
