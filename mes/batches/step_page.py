"""What the page of one step shows: the whole of it in one frozen value, so that the template only draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from batch_records.executed import commands as c
from batch_records.executed.batch import Batch, Run, Value, base_of
from batch_records.executed.count_entries import ValueAveraged
from batch_records.executed.counting import left_to_count, set_of
from batch_records.executed.decisions.values import unfit_to_measure, unusable
from batch_records.executed.labelling import numbers_of
from batch_records.executed.progress import Progress, Standing, duration
from batch_records.executed.span import apart
from batch_records.executed.waiver import may_be_waived
from batch_records.master.recipe import Field, Kind, Step
from batch_records.values.expression import Missing
from batch_records.values.quantity import Quantity, QuantityError
from batch_records.values.unit import Unit, UnitError
from mes.batches import shown
from mes.context import installation
from mes.equipment.models import Equipment
from mes.equipment.readings import newest
from mes.web import shapes

REASONS = (
    shapes.Option("typing mistake", "Typing mistake"),
    shapes.Option("wrong unit", "Wrong unit"),
    shapes.Option("wrong sample", "Wrong sample"),
    shapes.Option("instrument not connected", "Instrument not connected"),
    shapes.Option("measured again", "Measured again"),
)


TO_COUNT_AGAIN = (
    shapes.Option("counts far apart", "Counts far apart"),
    shapes.Option("bubble or clump", "Bubble or clump"),
    shapes.Option("wrong dilution", "Wrong dilution"),
    shapes.Option("wrong sample", "Wrong sample"),
)


@dataclass(frozen=True)
class StepHead:
    """The step itself, as the page's banner and title show it."""

    key: str
    name: str
    number: int
    count: int
    operation: str
    instruction: tuple[str, ...]
    note: str
    fields: tuple[shapes.Field, ...]
    state: str
    started: datetime | None
    performed: shapes.Stamp | None
    verified: shapes.Stamp | None
    clocks: tuple[shapes.Clock, ...]
    deviations: tuple[shapes.Link, ...]
    comments: tuple[tuple[shapes.Stamp, str], ...]
    withdrawn: tuple[shapes.Withdrawn, ...]  # signatures taken back; the last still counts no more while it is open
    is_unsigned: bool
    holder: str
    record_words: str
    complete_words: str


@dataclass(frozen=True)
class StepPage:
    """Everything that ``step.html`` asks for."""

    batch: shapes.BatchHead
    step: StepHead
    act: str
    entering: shapes.Field | None = None
    reasons: tuple[shapes.Option, ...] = REASONS
    live: tuple[shapes.Field, ...] = ()
    measuring_with: tuple[str, ...] = ()  # classes of instruments whose values are still to be taken
    signature: shapes.Signature | None = None
    blocked: tuple[str, ...] = ()
    around: tuple[shapes.StepLink, ...] = ()
    next_step: shapes.StepLink | None = None
    error: str = ""
    draft_reason: str = ""
    draft_why: str = ""
    waiver: str = ""  # where two people may sign that the gate is passed although it is not met


@dataclass(frozen=True)
class Drafted:
    """What was typed before a refusal, to be shown again with the sentence beside its field."""

    values: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    why: str = ""
    wrong: str = ""
    sentence: str = ""


@dataclass(frozen=True)
class _Seen:
    """What the parts of the page look at."""

    session: Session
    batch: Batch
    progress: Progress
    key: str
    step: Step
    run: Run
    names: Mapping[str, str]
    at: datetime


def step_page(
    session: Session,
    batch: Batch,
    key: str,
    names: Mapping[str, str],
    entering: str = "",
    *,
    correcting: bool = False,
    counting: bool = False,
    drafted: Drafted | None = None,
) -> StepPage:
    """Return the page of a step. Raise `KeyError` for a step that this batch does not have."""
    progress = Progress(batch)
    if not progress.has(key):
        raise KeyError(key)
    step = batch.recipe.steps[key.partition(":")[0]]
    seen = _Seen(session, batch, progress, key, step, batch.run(key), names, installation().now())
    drafted = drafted or Drafted()
    fields = tuple(_field(seen, each, drafted) for each in step.fields)
    chosen = next((each for each in fields if each.name == entering), None)
    head = _head(seen, fields)
    how = "correct" if correcting else "again" if counting else "type"
    act = how if chosen else _act(seen, fields)
    reasons = TO_COUNT_AGAIN if act == "again" else REASONS
    page = StepPage(shown.head(batch, names), head, act, entering=chosen, reasons=reasons)
    return replace(
        page,
        live=tuple(live_field(session, batch, key, each.name) for each in fields if _waits_for_instrument(each)),
        measuring_with=tuple(_instruments(seen)),
        signature=_signature(seen, act),
        blocked=tuple(_blocked(seen, fields)),
        around=tuple(_around(seen)),
        next_step=shown.next_step(batch, progress),
        error="" if any(each.error for each in fields) else drafted.sentence,
        draft_reason=drafted.reason,
        draft_why=drafted.why,
        waiver=url_for("supply.waiver", batch=batch.id, step=key) if may_be_waived(batch, key) else "",
    )


def live_field(session: Session, batch: Batch, key: str, name: str) -> shapes.Field:
    """Return a field with what its instrument shows now."""
    each = batch.recipe.fields[name][1]
    values = batch.seen_from(key)
    asked = shown.asked(each, values)
    instrument = batch.equipment.get(each.instrument, "")
    sample = values.text(each.sample)
    found = newest(session.connection(), instrument, each.channel, sample) if instrument else None
    title = f"{each.instrument} {instrument}".strip() + (f", sample {sample}" if sample else "")
    shown_now = replace(asked, instrument=title, counts=tuple(_counts(each, batch.run(key))))
    if found is None:
        return shown_now
    return replace(shown_now, reading=_reading(batch, key, each, found, _objection(session, batch, key, each, found)))


def _objection(session: Session, batch: Batch, key: str, each: Field, found: c.Reading) -> str:
    """Say why what an instrument shows cannot be taken, or nothing."""
    row, at = session.get(Equipment, found.instrument), installation().now()
    if row and (objection := unfit_to_measure(row.facts, batch.id, at)):
        return objection
    counted = (count for _, count in batch.run(key).counts.get(each.name, ()))
    if any((count.instrument, count.sequence) == (found.instrument, found.sequence) for count in counted):
        return "This reading is counted. Measure again: the next one appears here by itself."
    return unusable(each, found, batch.seen_from(key).text(each.sample), at)


def _reading(batch: Batch, key: str, each: Field, found: c.Reading, refusal: str) -> shapes.Reading:
    values, at = batch.seen_from(key), installation().now()
    measured = found.source_time or found.received_time
    stale_after = int(duration(each.fresh_for).total_seconds()) if each.fresh_for else 0
    age = max(0, int((at - measured).total_seconds()))
    quality = (
        "bad" if found.quality != "good" else "stale" if apart(at, measured).total_seconds() > stale_after else "good"
    )
    text, verdict = _as_recorded(batch, key, each, found)
    return shapes.Reading(
        key=f"{found.instrument}/{found.sequence}",
        instrument=found.instrument,
        channel=found.channel.replace("_", " "),
        value=found.value,
        unit=shown.unit_words(found.unit),
        at=shown.local(measured),
        age=age,
        quality=quality,
        source=f"reading {found.sequence}" + (f", sample {found.sample}" if found.sample else ""),
        verdict=verdict,
        scale=shown.scale(each, values, text) if text else None,
        takeable=not refusal and bool(text),
        refusal=refusal,
        stale_after=stale_after,
    )


def _as_recorded(batch: Batch, key: str, each: Field, found: c.Reading) -> tuple[str, str]:
    """Return a reading as it would be recorded, and the verdict that it would get; empty where it is no number."""
    values = batch.seen_from(key)
    try:
        text = str(Quantity.parse(found.value, Unit.parse(found.unit)))
        return text, shown.VERDICTS[each.limits.judge(base_of(text, each.type), values)]
    except (QuantityError, UnitError, Missing):
        return "", "none"


def _field(seen: _Seen, each: Field, drafted: Drafted) -> shapes.Field:
    values = seen.batch.seen_from(seen.key)
    value = seen.run.values.get(each.name)
    again = value and each.kind is Kind.IDENTITY and value.verdict.is_out  # a mismatch is scanned again, not kept
    left = left_to_count(each, seen.run)
    made = shown.asked(each, values)
    if value and not (again or left):
        made = shown.recorded(each, value, values, seen.names)
    made = replace(made, counts=tuple(_counts(each, seen.run)), hint=_counted_before(value, left) or made.hint)
    error = drafted.sentence if drafted.wrong == each.name else ""
    if (value and each.kind is Kind.LABELS) or numbers_of(seen.batch, each.labels):
        sheet = url_for("labels.labels", batch=seen.batch.id, step=seen.key, field=each.name)
        made = replace(made, sheet=sheet)
    return replace(made, draft=drafted.values.get(each.name, ""), error=error)


def _counts(each: Field, run: Run) -> Iterator[shapes.Count]:
    for count in set_of(each, run):
        source = "typed" if count.instead_of else f"{count.instrument}, reading {count.sequence}"
        yield shapes.Count(count.number, *shown.digits_and_unit(each, count.value), source)


def _counted_before(value: Value | None, left: int) -> str:
    """Say what an earlier set gave, while another is being counted."""
    if not (value and left and isinstance(value.entry, ValueAveraged)):
        return ""
    return f"Counted before: {value.text}, CV {value.entry.cv or 'not computable'}. It is counted again."


def _waits_for_instrument(each: shapes.Field) -> bool:
    return each.kind == "reading" and each.value is None


def _instruments(seen: _Seen) -> list[str]:
    return sorted({each.instrument for each in seen.step.fields if each.name not in seen.run.values} - {""})


def _act(seen: _Seen, fields: tuple[shapes.Field, ...]) -> str:
    """Say which one thing the big button does."""
    standing = seen.progress.standing(seen.key)
    if standing is Standing.DONE:
        return "go on" if shown.next_step(seen.batch, seen.progress) else "none"
    if standing not in (Standing.READY, Standing.IN_PROGRESS) or seen.batch.holds:
        return "none"
    missing = [each for each in fields if each.value is None]
    if seen.step.type == "decide":
        return "decide"
    if any(each.kind not in ("reading", "reconciliation") for each in missing):
        return "record"
    if any(each.kind == "reconciliation" and each.sheet for each in missing):
        return "labels"
    return "sign" if seen.step.signed and not missing else "complete"


def _blocked(seen: _Seen, fields: tuple[shapes.Field, ...]) -> list[str]:
    """Say what keeps the step from being completed, and what would unblock it."""
    standing = seen.progress.standing(seen.key)
    if standing is Standing.WAITING:
        return [sentence[:1].upper() + sentence[1:] + "." for sentence in seen.progress.waits_for(seen.key)]
    if standing not in (Standing.READY, Standing.IN_PROGRESS):
        return []
    found = [f"Take “{each.ask}”." for each in fields if _waits_for_instrument(each)]
    for running in seen.progress.clocks():
        if running.hold_time.stop.step == seen.step.id and seen.at < running.earliest:
            earliest = shown.local(running.earliest)
            found.append(f"“{running.hold_time.name}” lasts until {earliest:%Y-%m-%d %H:%M} at the least.")
    return found


def _head(seen: _Seen, fields: tuple[shapes.Field, ...]) -> StepHead:
    step, run = seen.step, seen.run
    keys = list(seen.progress.keys())
    operation = seen.batch.recipe.operation_of[step.id]
    _, _, number = seen.key.partition(":")
    began = run.started
    deviations = tuple(_deviation_links(seen))
    clocks = tuple(shown.clock(each) for each in seen.progress.clocks() if _concerns(each.hold_time.stop.step, seen))
    return StepHead(
        key=seen.key,
        name=step.title,
        number=keys.index(seen.key) + 1,
        count=len(keys),
        operation=f"{operation.id} {operation.title}" + (f", round {number or 1}" if operation.repeat else ""),
        instruction=tuple(f"{each.strip()}." for each in step.instruction.rstrip(".").split(". ") if each.strip()),
        note=step.note,
        fields=fields,
        state=shown.STATES[seen.progress.standing(seen.key)],
        started=shown.local(began.at) if began else None,
        performed=shown.stamp(run.completed, seen.names) if run.completed else None,
        verified=shown.stamp(run.verified, seen.names) if run.verified else None,
        clocks=clocks,
        deviations=deviations,
        comments=shown.remarks(run, seen.names),
        withdrawn=shown.withdrawn(run, seen.names),
        is_unsigned=bool(run.withdrawn) and run.completed is None,
        holder=seen.names.get(began.author, began.author) if began and not run.completed else "",
        record_words=_record_words(step, fields),
        complete_words=f"then {step.verifier.value} checks it" if step.verifier else "done as written",
    )


def _record_words(step: Step, fields: tuple[shapes.Field, ...]) -> str:
    missing = sum(each.value is None for each in fields)
    words = {"calculate": "compute", "check": "scan", "add": "scan", "use": "scan", "sample": "scan", "print": "print"}
    return f"{words.get(step.type, 'record')} {missing} value{'s' if missing != 1 else ''}"


def _concerns(stop: str, seen: _Seen) -> bool:
    """Say whether a clock is to be seen on this step: it stops here, or later in the same operation."""
    return seen.batch.recipe.operation_of[stop] is seen.batch.recipe.operation_of[seen.step.id]


def _deviation_links(seen: _Seen) -> list[shapes.Link]:
    return [
        shapes.Link(
            f"{each.number}: {each.description}",
            url_for("quality.deviation", batch=seen.batch.id, number=each.number),
        )
        for each in seen.batch.deviations.values()
        if each.step == seen.key
    ]


def _signature(seen: _Seen, act: str) -> shapes.Signature | None:
    step, run = seen.step, seen.run
    last, what = seen.batch.head(seen.key), f"{seen.batch.id}, step {seen.key}"
    if seen.progress.standing(seen.key) is Standing.TO_VERIFY and step.verifier:
        doers = ", ".join(sorted(seen.names.get(person, person) for person in run.people))
        statement = "I have checked this step against what is shown here."
        who = f"A person with the role {step.verifier.value}, not {doers}."
        return shapes.Signature(
            "Second person",
            statement,
            "verified",
            last,
            what,
            who,
            run.people,
            comment="optional",
            comment_ask="Not right? Say what, and send it back",
        )
    if act == "decide":
        return shapes.Signature(
            *("Decide and sign", "I decide as chosen here.", "decided", last, what),
            comment="optional",
            comment_ask="Reason",
        )
    if act == "sign":
        return shapes.Signature("Sign", "I did this step as written.", "performed", last, what)
    return None


def _around(seen: _Seen) -> list[shapes.StepLink]:
    """Return the steps of the same round of this operation."""
    step, _, number = seen.key.partition(":")
    links = []
    for other in seen.batch.recipe.operation_of[step].steps:
        key = f"{other.id}:{number}" if number else other.id
        url = url_for("batches.step", batch=seen.batch.id, step=key)
        links.append(shapes.StepLink(key, other.title, "", url, shown.STATES[seen.progress.standing(key)]))
    return links


def has_step(batch: Batch, key: str) -> bool:
    """Say whether a batch has a step, as far as it has come."""
    return Progress(batch).has(key)
