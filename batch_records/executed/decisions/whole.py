"""The batch as a whole: its issue, remarks, deviations, holds, clocks, and its end before release."""

from __future__ import annotations

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import Deviation, base_of
from batch_records.executed.decide import decides
from batch_records.executed.decisions.steps import declare_if_over, find, must_be_open, must_hold, stop_batch
from batch_records.executed.draft import Draft, Malformed, Refused
from batch_records.executed.labelling import is_stop
from batch_records.executed.notification_entries import NotificationOverdue
from batch_records.executed.read import read_value
from batch_records.master.recipe import Consequence, Field, Role
from batch_records.values.expression import Constants, Missing, Result, Uncomputable
from batch_records.values.limit import Verdict


@decides(c.StartBatch)
def start_batch(draft: Draft, command: c.StartBatch) -> None:
    """Issue a batch: every fact known, and possible."""
    recipe = command.recipe
    if draft.before:
        raise Refused(f"batch {draft.before.id} was started already")
    if not command.coi.strip():
        raise Malformed("coi", "scan the chain-of-identity code")
    facts: dict[str, str] = {}
    known: dict[str, Result] = {name: quantity.base for name, quantity in recipe.parameters.items()}
    for field in recipe.facts:
        facts[field.name] = read_value(field, command.facts.get(field.name, ""))
        base = base_of(facts[field.name], field.type)
        verdict = _judge_fact(field, base, Constants(known))
        if verdict.is_out:
            found = f"{facts[field.name]} is {verdict.value} ({field.limits.in_words(Constants(known), field.unit)})"
            if verdict is Verdict.ACTION:  # no slip of the finger, but a patient whom this recipe is not for
                raise Refused(f"“{field.ask}”: {found}; this recipe is not for it")
            raise Malformed(field.name, found)
        known[field.name] = base
    draft.write(
        e.BatchStarted(
            command.batch, command.coi, recipe.product, recipe.code, str(command.edition), recipe.digest, facts
        )
    )


def _judge_fact(field: Field, base: Result, known: Constants) -> Verdict:
    try:
        return field.limits.judge(base, known)
    except (Missing, Uncomputable) as error:
        raise Refused(f"the limit of “{field.ask}” cannot be computed: {error}") from None


@decides(c.AddComment)
def comment(draft: Draft, command: c.AddComment) -> None:
    """Remark something; always possible, even after release."""
    if command.step:
        find(draft, command.step)
    if not command.text.strip():
        raise Malformed("text", "write the remark")
    draft.write(e.CommentAdded(command.text.strip(), command.step))


@decides(c.RaiseDeviation)
def raise_deviation(draft: Draft, command: c.RaiseDeviation) -> None:
    """Report a departure that no limit caught."""
    must_be_open(draft)
    if command.step:
        find(draft, command.step)
    if not command.description.strip():
        raise Malformed("description", "say what departed from the recipe")
    draft.raise_deviation(command.description.strip(), Consequence.DEVIATION, command.step)


@decides(c.ExplainDeviation)
def explain_deviation(draft: Draft, command: c.ExplainDeviation) -> None:
    """Say what happened."""
    deviation = _open_deviation(draft, command.number)
    if is_stop(draft.batch, command.number) and draft.by.id == deviation.raised.author:
        raise Refused(f"{draft.by.name} made this scan: a second person says what happened")
    if not command.explanation.strip():
        raise Malformed("explanation", "say what happened and what was done at once")
    draft.write(e.DeviationExplained(command.number, command.explanation.strip()))


@decides(c.CloseDeviation)
def close_deviation(draft: Draft, command: c.CloseDeviation) -> None:
    """Conclude a deviation that was explained, and answer for other batches."""
    must_hold(draft, Role.REVIEWER)
    deviation = _open_deviation(draft, command.number)
    if not deviation.explained:
        raise Refused(f"deviation {command.number} has not been explained yet")
    answers = (command.conclusion, command.impact, command.other_batches)
    if not all(answer.strip() for answer in answers):
        raise Malformed("conclusion", "a deviation is closed with a conclusion, its impact, and what of other batches")
    draft.write(e.DeviationClosed(command.number, *(answer.strip() for answer in answers)))


@decides(c.HoldBatch)
def hold(draft: Draft, command: c.HoldBatch) -> None:
    """Stop work on a batch; anybody who sees a reason may."""
    must_be_open(draft)
    if not command.cause.strip():
        raise Malformed("cause", "say why the batch is held")
    draft.write(e.BatchHeld(command.cause.strip()))


@decides(c.LiftHold)
def lift_hold(draft: Draft, command: c.LiftHold) -> None:
    """Let the batch go on, once the deviations that hold it are closed."""
    must_hold(draft, Role.REVIEWER)
    must_be_open(draft)
    if not draft.batch.holds:
        raise Refused("the batch is not on hold")
    for _, held in draft.batch.holds:
        if held.deviation and not draft.batch.deviations[held.deviation].closed:
            raise Refused(f"deviation {held.deviation} holds the batch: close it first")
    if not command.conclusion.strip():
        raise Malformed("conclusion", "say why the batch may go on")
    draft.write(e.HoldLifted(command.conclusion.strip()))


@decides(c.StopBatch)
def stop(draft: Draft, command: c.StopBatch) -> None:
    """End a batch before release."""
    must_hold(draft, Role.REVIEWER)
    must_be_open(draft)
    if not command.cause.strip():
        raise Malformed("cause", "say why the batch ends")
    stop_batch(draft, command.cause.strip())


@decides(c.DeclareOverdue)
def declare_overdue(draft: Draft, command: c.DeclareOverdue) -> None:
    """Record every clock that ran past its limit and was not recorded yet."""
    del command
    if draft.batch.disposition.is_open:
        for clock in draft.progress.clocks():
            declare_if_over(draft, clock)
    for number, each in draft.batch.notifications.items():
        if each.is_running and each.due < draft.at:
            draft.write(NotificationOverdue(number, each.entry.to))


def _open_deviation(draft: Draft, number: str) -> Deviation:
    deviation = draft.batch.deviations.get(number)
    if deviation is None:
        raise Refused(f"this batch has no deviation {number}")
    if deviation.closed:
        raise Refused(f"deviation {number} is closed")
    return deviation
