"""Starting, completing, verifying steps: who may, when, and in which order."""

from __future__ import annotations

from datetime import datetime

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import TRANSITIONS, Run, StepState, parse_key
from batch_records.executed.counting import left_to_count
from batch_records.executed.decide import decides
from batch_records.executed.draft import Draft, Refused
from batch_records.executed.label_entries import LabelsReconciled
from batch_records.executed.labelling import applied, numbers_of
from batch_records.executed.progress import Clock
from batch_records.executed.span import in_words
from batch_records.executed.waiver import still_to_sign
from batch_records.master.recipe import Choice, Edge, Kind, Role, Step
from batch_records.values.expression import Missing, Uncomputable


@decides(c.StartStep)
def start(draft: Draft, command: c.StartStep) -> None:
    """Take up a step that is ready."""
    must_be_open(draft)
    step = find(draft, command.step)
    must_hold(draft, step.performer)
    run = draft.batch.run(command.step)
    if run.started:
        raise Refused(f"step {step.id} was started by {run.started.who} already")
    begin(draft, step, command.step)


@decides(c.CompleteStep)
def complete(draft: Draft, command: c.CompleteStep) -> None:
    """Say that a step is done, when everything it asks for is recorded."""
    step = at_work(draft, command.step)
    finish(draft, step, command.step)


@decides(c.VerifyStep)
def verify(draft: Draft, command: c.VerifyStep) -> None:
    """Check what another person did; only what is on the verifier's screen can be signed."""
    step, run = _to_verify(draft, command.step)
    if command.seen != draft.batch.head(command.step):
        raise Refused("the step has changed since it was shown: look at it again, then sign")
    if wrong := [field.ask for field in step.fields if _mismatch(run, field.name)]:
        raise Refused(f"“{wrong[0]}” does not match: it cannot be verified")
    draft.write(e.StepVerified(command.step))


@decides(c.SendBack)
def send_back(draft: Draft, command: c.SendBack) -> None:
    """Refuse to verify: the step is open again for who performs it."""
    _to_verify(draft, command.step)
    if not command.reason.strip():
        raise Refused("say what is to be put right")
    draft.write(e.StepReopened(command.step, command.reason))


def find(draft: Draft, key: str) -> Step:
    """Return the step that a key names in this batch, as far as the batch has come."""
    if not draft.progress.has(key):
        raise Refused(f"this batch has no step {key}")
    return draft.recipe.steps[parse_key(key)[0]]


def at_work(draft: Draft, key: str, reason: str | None = None) -> Step:
    """Return a step that its performer may work on, started where it was not.

    One that was completed is reopened with a reason, where the command has one: a scan or a decision cannot be
    corrected by typing, it is made again.
    """
    must_be_open(draft)
    step = find(draft, key)
    must_hold(draft, step.performer)
    run = draft.batch.run(key)
    if not run.started:
        begin(draft, step, key)
    elif run.state is not StepState.IN_PROGRESS:
        if not (reason and reason.strip()):
            instead = "a value in it can be corrected" if reason is None else "to change what is in it, say why"
            raise Refused(f"step {step.id} was completed by {_author(run)}; {instead}")
        reopen(draft, key, f"recorded again: {reason.strip()}")
    return step


def reopen(draft: Draft, key: str, because: str) -> None:
    """Take back the signatures of a step that was completed."""
    if draft.batch.run(key).state in (StepState.COMPLETED, StepState.VERIFIED):
        draft.write(e.StepReopened(key, because))


def begin(draft: Draft, step: Step, key: str) -> None:
    """Start a step that is ready, and stop the clocks that its start stops."""
    must_be_open(draft)
    must_not_be_held(draft)
    if not draft.progress.is_over(key):
        if waiting := draft.progress.waits_for(key):
            raise Refused(f"step {step.id} cannot start: " + "; ".join(waiting))
    else:
        raise Refused(f"step {step.id} does not apply to this batch")
    stopped = _stopping(draft, Edge(step.id, is_start=True))
    draft.write(e.StepStarted(key))
    _declare(draft, stopped)


def finish(draft: Draft, step: Step, key: str) -> None:
    """Complete a step whose every field is recorded, and stop the clocks that its end stops."""
    must_not_be_held(draft)
    run = draft.batch.run(key)
    if missing := [field.ask for field in step.fields if field.name not in run.values or left_to_count(field, run)]:
        raise Refused(f"step {step.id} is not complete: {', '.join(f'“{ask}”' for ask in missing)} not recorded")
    if wrong := [field.ask for field in step.fields if _mismatch(run, field.name)]:
        raise Refused(f"“{wrong[0]}” does not match: scan the right one before the step is completed")
    for field in step.fields:
        if isinstance(entry := run.values[field.name].entry, LabelsReconciled):
            counted = [str(len(found(draft.batch, field.labels))) for found in (numbers_of, applied)]
            if counted != [entry.printed, entry.applied]:
                raise Refused(f"“{field.ask}”: labels were printed or scanned since; account for them again")
        if field.kind is Kind.CALCULATED and draft.compute(field, key).value != run.values[field.name].text:
            raise Refused(f"“{field.ask}” has to be calculated again before the step is completed")
        for choice in field.choices:
            if choice.name == run.values[field.name].text:
                must_be_met(draft, key, choice)
    stopped = _stopping(draft, Edge(step.id, is_start=False))
    draft.write(e.StepCompleted(key))
    _declare(draft, stopped)


def must_hold(draft: Draft, role: Role) -> None:
    """Refuse who does not hold a role."""
    if role.value not in draft.by.roles:
        raise Refused(f"this is for a person with the role “{role.value}”; {draft.by.name} does not hold it")


def must_be_met(draft: Draft, key: str, choice: Choice) -> None:
    """Refuse a way to go whose needs are not met."""
    if not choice.needs:
        return
    values = draft.batch.seen_from(key)
    try:
        met = bool(choice.needs(values))
    except Missing as missing:
        raise Refused(f"“{choice.name}” needs {draft.ask(missing.name)} first") from None
    except Uncomputable as error:
        raise Refused(f"“{choice.name}” needs that {choice.needs.text}, which gives no number: {error}") from None
    if met:
        return
    if choice.waived_by:
        if left := still_to_sign(draft.batch, key, choice):
            roles = " and ".join(role.value for role in left)
            raise Refused(f"“{choice.name}” needs that {choice.needs.text}, or a waiver: {roles} has still to sign it")
    else:
        found = ", ".join(f"{name.replace('_', ' ')} {values.text(name)}" for name in choice.needs.names)
        raise Refused(f"“{choice.name}” needs that {choice.needs.text}; recorded: {found}")


def stop_batch(draft: Draft, cause: str) -> None:
    """End a batch that was not released in any way."""
    if (draft.batch.disposition, e.BatchStopped) not in TRANSITIONS:
        raise Refused(f"batch {draft.batch.id} is {draft.batch.disposition.value}: it can be rejected, not ended")
    draft.write(e.BatchStopped(cause))


def must_be_open(draft: Draft) -> None:
    """Refuse what comes after the end."""
    if not draft.batch.disposition.is_open:
        raise Refused(f"batch {draft.batch.id} is {draft.batch.disposition.value}: nothing can be added")


def must_not_be_held(draft: Draft) -> None:
    """Refuse work on a held batch."""
    if draft.batch.holds:
        _, hold = draft.batch.holds[-1]
        raise Refused(f"the batch is on hold ({hold.cause}). Quality can lift the hold")


def _to_verify(draft: Draft, key: str) -> tuple[Step, Run]:
    must_be_open(draft)
    step = find(draft, key)
    run = draft.batch.run(key)
    if step.verifier is None:
        raise Refused(f"step {step.id} needs no second person")
    must_hold(draft, step.verifier)
    if run.state is not StepState.COMPLETED:
        raise Refused(f"step {step.id} is {run.state.value}: it is verified when it is completed")
    if draft.by.id in run.people:
        raise Refused(f"{draft.by.name} did some of step {step.id}: another person verifies it")
    return step, run


def _mismatch(run: Run, name: str) -> bool:
    value = run.values.get(name)
    return isinstance(value and value.entry, e.IdentityChecked) and bool(value and value.verdict.is_out)


def _author(run: Run) -> str:
    return run.completed.who if run.completed else "another person"


def _stopping(draft: Draft, edge: Edge) -> list[Clock]:
    """Return the clocks that an edge stops; refuse it while one of them must still run."""
    clocks = [clock for clock in draft.progress.clocks() if clock.hold_time.stop == edge]
    for clock in clocks:
        if draft.at < clock.earliest:
            left = in_words(clock.earliest - draft.at)
            raise Refused(f"“{clock.hold_time.name}” lasts at least {clock.hold_time.least}: {left} to go")
    return clocks


def _declare(draft: Draft, clocks: list[Clock]) -> None:
    for clock in clocks:
        declare_if_over(draft, clock)


def declare_if_over(draft: Draft, clock: Clock, until: datetime | None = None) -> None:
    """Record that a clock ran past its limit, once: until now, or until it was stopped."""
    if clock.due is None or (until or draft.at) <= clock.due or clock.name in draft.batch.overdue:
        return
    hold_time = clock.hold_time
    draft.write(e.HoldTimeExceeded(clock.name, str(hold_time.most), clock.since.isoformat()))
    description = f"“{hold_time.name}” took longer than {hold_time.most}"
    draft.raise_deviation(description, hold_time.on_action, clock.step)
