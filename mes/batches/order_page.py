"""What the page of a batch's order shows: its facts as corrected since, and a way to correct one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from flask import abort

from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from batch_records.executed.decisions.corrections import is_frozen
from batch_records.executed.entries import Stamp
from batch_records.master.recipe import Field, Kind, Role
from mes.batches import shown
from mes.batches.queries import find
from mes.context import installation
from mes.doses.assigned import dose_options
from mes.patients.models import TherapyOrder
from mes.people.queries import names
from mes.web import shapes


@dataclass(frozen=True)
class OrderPage:
    """Everything that ``order.html`` asks for."""

    batch: shapes.BatchHead
    facts: tuple[shapes.Field, ...]
    correcting: shapes.Field | None
    signature: shapes.Signature | None


def order_page(
    number: str, person: Person, correct: str = "", draft: Mapping[str, str] | None = None, error: str = ""
) -> OrderPage:
    """Return the facts of a batch's order; a physician may correct one while the record is open."""
    with installation().reading() as session:
        batch = find(session, number)
        doses = dose_options(session, session.get(TherapyOrder, batch.coi))
    people = names()
    may_correct = batch.disposition.is_open and Role.PHYSICIAN.value in person.roles
    facts = {
        field.name: _fact(batch, field, people, correctable=may_correct and not is_frozen(batch, field))
        for field in batch.recipe.facts
        if field.name in batch.facts
    }
    if correct and correct not in facts:
        abort(404, f"The order of batch {batch.id} has no fact {correct}.")
    correcting = facts[correct] if correct and may_correct else None
    if correcting:
        correcting = replace(correcting, draft=(draft or {}).get(correct, ""), error=error)
        if doses and next(fact for fact in batch.recipe.facts if fact.name == correct).kind is Kind.DOSE:
            correcting = replace(correcting, kind="choice", options=doses)
    return OrderPage(
        shown.head(batch, people), tuple(facts.values()), correcting, _signature(batch) if correcting else None
    )


def _fact(batch: Batch, field: Field, people: Mapping[str, str], *, correctable: bool) -> shapes.Field:
    """Return a fact with all that it replaced."""
    versions = _versions(batch, field.name)
    struck = tuple(
        shapes.Struck(
            *shown.digits_and_unit(field, old), shown.stamp(then, people), shown.stamp(since, people), since.reason
        )
        for (then, old), (since, _) in pairwise(versions)
    )
    stamp, text = versions[-1]
    value, unit = shown.digits_and_unit(field, text)
    recorded = shown.stamp(stamp, people)
    made = shown.asked(field, None)
    return replace(made, value=value, unit=unit, recorded=recorded, history=struck, correctable=correctable)


def _versions(batch: Batch, name: str) -> list[tuple[Stamp, str]]:
    corrected = [(stamp, entry.value) for stamp, entry in batch.corrected if entry.fact == name]
    return [(batch.started, batch.issue.facts[name]), *corrected]


def _signature(batch: Batch) -> shapes.Signature:
    statement = "I have compared it with the order. What was computed from the old value is computed again."
    return shapes.Signature(
        "Correct it",
        statement,
        "corrected",
        batch.last.hash,
        f"the order of {batch.id}",
        "A physician signs.",
        comment="required",
        comment_ask="Why it is corrected",
    )
