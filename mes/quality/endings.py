"""What the page about an end without an infusion shows: which ends there are, and the reasons of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from batch_records.executed.decisions.endings import possible
from batch_records.executed.draft import Malformed
from batch_records.executed.endings import Ending
from batch_records.master.recipe import Role
from mes.batches import shown
from mes.batches.queries import find
from mes.context import installation
from mes.people.queries import names
from mes.web import shapes
from mes.web.errors import not_signed
from mes.web.forms import Form

_MEANS = {
    Ending.FAILED: "The manufacture failed. Nothing of this batch is infused.",
    Ending.WITHDRAWN: "The product is not wanted any more, for a reason that lies with the patient or the trial.",
    Ending.NEVER_USED: "What was made or banked was not needed.",
}


@dataclass(frozen=True)
class End:
    """One way in which the batch can end."""

    ending: str
    reasons: tuple[shapes.Option, ...]
    signature: shapes.Signature


@dataclass(frozen=True)
class EndingPage:
    """Everything that ``ending.html`` asks for."""

    batch: shapes.BatchHead
    ends: tuple[End, ...]
    waits: str
    draft: Mapping[str, str] = field(default_factory=dict)

    def again(self, ending: str, entered: Form, error: Exception) -> EndingPage | None:
        """Return the page after a refusal, with its sentence and what was typed; None where nothing can be signed."""
        if ending not in {each.ending for each in self.ends}:
            return None
        ends = (
            replace(each, signature=not_signed(each.signature, entered, error)) if each.ending == ending else each
            for each in self.ends
        )
        return replace(self, ends=tuple(ends), draft=entered.fields)


def ending_page(batch: str, person: Person) -> EndingPage:
    """Return how a batch can end without an infusion."""
    with installation().reading() as session:
        found = find(session, batch)
    may, ends = Role.REVIEWER.value in person.roles, possible(found)
    waits = "Quality ends a batch: a person with the role “quality reviewer”." if ends and not may else ""
    over = "" if ends else f"The batch is {found.disposition.value}: it ends in no other way."
    return EndingPage(
        shown.head(found, names()), tuple(_end(found, each) for each in ends) if may else (), waits or over
    )


def _end(batch: Batch, ending: Ending) -> End:
    title = f"End the batch: {ending.value}"
    signature = shapes.Signature(title, _MEANS[ending], "ended", batch.last.hash, shown.record(batch))
    signature = replace(signature, comment="required", comment_ask="What led to it")
    return End(ending.value, tuple(shapes.Option(reason, reason) for reason in ending.reasons), signature)


def ending_of(text: str) -> Ending:
    """Return the end that a form names."""
    if text not in {each.value for each in Ending}:
        raise Malformed("ending", f"a batch ends as one of: {', '.join(each.value for each in Ending)}")
    return Ending(text)
