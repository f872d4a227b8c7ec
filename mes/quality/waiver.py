"""What the page about the waiver of a gate shows: what is needed, what was found, who has signed, who has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from flask import abort, url_for

from batch_records.executed import waiver
from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from batch_records.master.recipe import Choice
from mes.batches import shown
from mes.batches.queries import find
from mes.context import installation
from mes.people.queries import names
from mes.web import shapes
from mes.web.errors import not_signed
from mes.web.forms import Form


@dataclass(frozen=True)
class Waiver:
    """The waiver of one choice."""

    choice: str
    needs: str
    found: tuple[tuple[str, str], ...]
    signed: tuple[tuple[shapes.Stamp, str, str], ...]  # who, in which role, why
    waits: str
    signature: shapes.Signature | None


@dataclass(frozen=True)
class WaiverPage:
    """Everything that ``waiver.html`` asks for."""

    batch: shapes.BatchHead
    gate: shapes.StepLink
    waivers: tuple[Waiver, ...]
    draft: Mapping[str, str] = field(default_factory=dict)

    def again(self, choice: str, entered: Form, error: Exception) -> WaiverPage | None:
        """Return the page after a refusal, with its sentence and what was typed; None where nothing can be signed."""
        if not any(each.choice == choice and each.signature for each in self.waivers):
            return None
        waivers = (
            replace(each, signature=not_signed(each.signature, entered, error)) if each.choice == choice else each
            for each in self.waivers
        )
        return replace(self, waivers=tuple(waivers), draft=entered.fields)


def waiver_page(batch: str, step: str, person: Person) -> WaiverPage:
    """Return the waivers that a step's choices may have."""
    with installation().reading() as session:
        found = find(session, batch)
    written, people = found.recipe.steps.get(step.partition(":")[0]), names()
    choices = [choice for each in written.fields for choice in each.choices if choice.waived_by] if written else []
    if written is None or not choices:
        abort(404, f"Step {step} decides nothing that could be waived.")
    link = shapes.StepLink(step, written.title, url=url_for("batches.step", batch=batch, step=step))
    waivers = tuple(_waiver(found, step, choice, person, people) for choice in choices)
    return WaiverPage(shown.head(found, people), link, waivers)


def _waiver(batch: Batch, key: str, choice: Choice, person: Person, people: Mapping[str, str]) -> Waiver:
    met, left = waiver.known_to_be_met(batch, key, choice), waiver.still_to_sign(batch, key, choice)
    given = waiver.signed(batch, key, choice)
    has_signed = person.id in {stamp.author for stamp, _ in given}
    mine = batch.disposition.is_open and not has_signed and any(role.value in person.roles for role in left)
    return Waiver(
        choice=choice.name,
        needs=choice.needs.text.replace("_", " ") if choice.needs else "",
        found=tuple(_found(batch, key, choice)),
        signed=tuple((shown.stamp(stamp, people), entry.role, entry.justification) for stamp, entry in given),
        waits=_waits(met, [role.value for role in left]),
        signature=_signature(batch, key, choice) if mine and met is False else None,
    )


def _waits(met: bool | None, left: list[str]) -> str:  # noqa: FBT001 - three answers: yes, no, not known yet
    if met is None:
        return "What is needed is not recorded yet: nothing can be waived."
    if met:
        return "What is needed holds: nothing is waived."
    roles = " and ".join(f"“{role}”" for role in left)
    return f"Still to sign: {roles}." if left else "Signed by everybody: the choice can be made."


def _found(batch: Batch, key: str, choice: Choice) -> Iterator[tuple[str, str]]:
    for name in choice.needs.names if choice.needs else ():
        home = batch.recipe.fields.get(name)
        if home:
            yield home[1].ask, batch.seen_from(key).text(name) or "not recorded"


def _signature(batch: Batch, key: str, choice: Choice) -> shapes.Signature:
    statement = f"What “{choice.name}” needs does not hold. I answer for going on all the same."
    return shapes.Signature(
        *(f"Waive: {choice.name}", statement, "waived", batch.last.hash, f"{batch.id}, step {key}"),
        comment="required",
        comment_ask="Why it may be passed",
    )
