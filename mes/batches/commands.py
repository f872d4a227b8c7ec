"""What may be done to batches: facts looked up, the decision taken in the core, entries and views written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import bindparam, func, insert, select, update

import batch_records.executed.decisions  # noqa: F401 - registers the decisions
from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, parse_key
from batch_records.executed.decide import decide
from batch_records.executed.draft import Malformed, Refused
from batch_records.executed.entries import Entry, Stamp
from batch_records.executed.fold import fold
from batch_records.executed.labelling import is_stop
from batch_records.master.recipe import Kind, Role
from batch_records.release import sign_off  # noqa: F401 - registers the decisions on release
from mes.batches.folds import Folds, batch_only, book_of
from mes.batches.models import TABLE, project, project_deviations
from mes.batches.numbers import next_number
from mes.context import installation
from mes.doses.assigned import follow_dose, with_dose
from mes.equipment.models import Equipment
from mes.equipment.readings import newest, one
from mes.equipment.sealing import seal_new_readings
from mes.execute import Doing, Outcome, handles
from mes.ledger.act import Act
from mes.ledger.signed import flaws_of
from mes.machine.keeping import must_be_kept
from mes.masters.models import RecipeEdition
from mes.materials.models import Lot
from mes.patients.donations import with_therapies
from mes.patients.models import TherapyOrder
from mes.people.models import CLOCK, INSTRUMENT
from mes.reports.models import Document
from mes.samples.models import Sample
from mes.seals.commands import seal_now
from mes.training.gate import must_be_trained

WORKERS = tuple(role.value for role in Role)
_SHOW = insert(TABLE)
_SHOW_AGAIN = (
    update(TABLE)
    .where(TABLE.c.batch == bindparam("number"))
    .values({column.name: bindparam(column.name) for column in TABLE.columns})
)
_ATTEMPTED = (
    update(TABLE).where(TABLE.c.batch == bindparam("number")).values(pages=bindparam("page"), changed=bindparam("at"))
)


@dataclass(frozen=True)
class IssueBatch:
    """Start a batch of the newest approved edition of a recipe, for an order."""

    coi: str
    facts: dict[str, str]


@handles(
    IssueBatch,
    "issued a batch",
    roles=(Role.PHYSICIAN.value, Role.OPERATOR.value, Role.REVIEWER.value),
    books=lambda command: ("laboratory", f"order:{command.coi}"),
)
def issue_batch(doing: Doing, command: IssueBatch) -> Outcome:
    """Give the batch its number and issue it by the recipe as approved now."""
    order = doing.session.get(TherapyOrder, command.coi)
    if order is None:
        raise Refused(f"“{command.coi}” is the code of no therapy order")
    if order.batch:
        raise Refused(f"batch {order.batch} was started for this order already")
    folds = installation().folds
    edition = _approved(doing, order.recipe)
    recipe = folds.recipe(doing.act.connection, order.recipe, edition)
    facts = with_dose(doing.session, order, recipe, command.facts)
    number = next_number(doing)
    start = c.StartBatch(number, recipe, edition, command.coi, facts)
    entries = decide(recipe, None, start, doing.by.person, doing.act.at)
    order.batch = number
    _write(doing, None, entries, start, folds)
    return {"batch": number}


def _approved(doing: Doing, code: str) -> int:
    query = select(func.max(RecipeEdition.edition)).where(
        RecipeEdition.code == code, RecipeEdition.status == "approved"
    )
    edition = doing.session.execute(query).scalar()
    if edition is None:
        raise Refused(f"recipe {code} has no approved edition")
    return edition


def carry_out(doing: Doing, command: c.Command) -> Outcome:
    """Look up the facts, decide, write."""
    folds, batch = installation().folds, _batch(doing, command)
    if _is_signed(command, batch) and not doing.signed:
        raise Refused("this needs a signature: enter user and password")
    if isinstance(command, c.StepCommand):
        must_be_trained(doing.act.connection, batch, doing.by.person, doing.act.at)
    look_up = _FACTS.get(type(command))
    known = look_up(doing, batch, command) if look_up else command
    if doing.signed and isinstance(command, c.StepCommand) and doing.signed["seen"] != batch.head(command.step):
        raise Refused("the step has changed since it was shown: look at it again, then sign")
    if isinstance(command, c.ReviewBatch | c.ReleaseBatch):
        must_verify(doing, command.batch)
    entries = decide(batch.recipe, batch, known, doing.by.person, doing.act.at)
    if isinstance(command, c.ReleaseBatch):
        must_be_kept(doing.act.connection, doing.act.at)
    _write(doing, batch, entries, known, folds)
    return {"pages": len(entries)}


def must_verify(doing: Doing, batch: str) -> None:
    """Refuse to review or release what somebody altered: a signature of quality stands on every line before it."""
    for flaw in flaws_of(doing.act.connection, book_of(batch), installation().names):
        raise Refused(f"this record does not verify: line {flaw.page}, {flaw.sentence}")


def _batch(doing: Doing, command: c.Command) -> Batch:
    book = book_of(command.batch)
    doing.act.lock([book])
    if command.batch in doing.folded:
        return doing.folded[command.batch]
    batch = installation().folds.get(doing.act.connection, command.batch, doing.act.page(book))
    if batch is None:
        raise Refused(f"there is no batch {command.batch}")
    return batch


@dataclass(frozen=True)
class RecordFields(c.StepCommand):
    """Record what a step's form holds: typed values, scanned codes, or, for a calculation, nothing."""

    values: Mapping[str, str]
    reason: str = ""


def show_attempt(act: Act, command: c.Command) -> None:
    """Have the view say that a refused attempt was written into the batch's book."""
    line = act.lines[-1]
    if line.book == book_of(command.batch):
        act.connection.execute(_ATTEMPTED, {"number": command.batch, "page": line.page, "at": act.at})


@handles(RecordFields, "recorded values", roles=WORKERS, books=batch_only, refused=show_attempt)
def record_fields(doing: Doing, command: RecordFields) -> Outcome:
    """Carry out, one after the other, the command that each field's kind asks for."""
    folds, batch = installation().folds, _batch(doing, command)
    must_be_trained(doing.act.connection, batch, doing.by.person, doing.act.at)
    for each in _one_by_one(batch, command):
        look_up = _FACTS.get(type(each))
        known = look_up(doing, batch, each) if look_up else each
        entries = decide(batch.recipe, batch, known, doing.by.person, doing.act.at)
        batch = _write(doing, batch, entries, known, folds)
    return {"batch": batch.id}


def _one_by_one(batch: Batch, command: RecordFields) -> Iterator[c.Command]:
    step = batch.recipe.steps.get(command.step.partition(":")[0])
    if step is None:
        raise Refused(f"this batch has no step {command.step}")
    if any(field.kind is Kind.CALCULATED for field in step.fields):
        yield c.Calculate(command.batch, command.step)
    entered: dict[str, str] = {}
    for name, text in command.values.items():
        field = next((field for field in step.fields if field.name == name), None)
        make = _SCANS.get(field.kind) if field else None
        if make:
            yield make(command, name, text.strip())
        else:
            entered[name] = text
    if entered and any(field.kind is Kind.RESULT for field in step.fields):
        yield c.ReportResults(command.batch, command.step, entered)
    elif entered:
        yield c.RecordValues(command.batch, command.step, entered, command.reason)


def _labels(command: RecordFields, name: str, text: str) -> c.PrintLabels:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 500):
        raise Malformed(name, "enter how many labels, from 1 to 500")
    return c.PrintLabels(command.batch, command.step, name, int(text), command.reason)


_SCANS: dict[Kind, Callable[[RecordFields, str, str], c.Command]] = {
    Kind.IDENTITY: lambda it, name, code: c.CheckIdentity(it.batch, it.step, name, code),
    Kind.LOT: lambda it, name, code: c.AddMaterial(it.batch, it.step, name, code, reason=it.reason),
    Kind.EQUIPMENT: lambda it, name, code: c.UseEquipment(it.batch, it.step, name, code, reason=it.reason),
    Kind.SAMPLE: lambda it, name, code: c.TakeSample(it.batch, it.step, name, code, reason=it.reason),
    Kind.LABELS: _labels,
}


def _is_signed(command: c.Command, batch: Batch) -> bool:
    if isinstance(command, c.ExplainDeviation):
        return is_stop(batch, command.number)
    if not isinstance(command, c.CompleteStep):
        return False
    step, _ = parse_key(command.step)
    return step in batch.recipe.steps and batch.recipe.steps[step].signed


def _write(doing: Doing, batch: Batch | None, entries: list[Entry], command: c.Command, folds: Folds) -> Batch:
    """Write entries into the batch's book, with what else changes by them, and return the batch after them."""
    lines = []
    reason = getattr(command, "reason", "")
    recipe = command.recipe if isinstance(command, c.StartBatch) else batch.recipe if batch else None
    if recipe is None:
        raise TypeError("a batch has a recipe")
    for entry in entries:
        line = doing.act.write(
            book_of(command.batch), e.kind(entry), e.to_body(entry), reason=reason, signed=doing.signed
        )
        signature = e.Signature(**{k: doing.signed[k] for k in ("meaning", "name", "seen")}) if doing.signed else None
        author = doing.act.author
        stamp = Stamp(
            *(line.page, doing.act.at, author.id, author.role, author.workstation, line.hash.hex(), reason),
            signature=signature,
            name=doing.by.person.name,
        )
        lines.append((stamp, entry))
        if follow_up := FOLLOW_UPS.get(type(entry)):
            follow_up(doing, command.batch, entry)
    after = fold(recipe, lines, batch)
    if lines:
        _show(doing, after, is_new=batch is None)
        if batch is None or after.deviations is not batch.deviations:
            for row in project_deviations(after):
                doing.session.merge(row)
        doing.folded[after.id] = after
        doing.after.append(lambda: folds.keep(after))
    return after


def _show(doing: Doing, batch: Batch, *, is_new: bool) -> None:
    columns = project(batch)
    if is_new:
        doing.act.connection.execute(_SHOW, columns)
    else:
        doing.act.connection.execute(_SHOW_AGAIN, columns | {"number": columns["batch"]})


# --- facts, looked up under the lock ------------------------------------------------------------------------------


def _reading(doing: Doing, batch: Batch, command: c.TakeReading) -> c.TakeReading:
    field = batch.recipe.fields.get(command.field)
    instrument = batch.equipment.get(field[1].instrument, "") if field else ""
    if not field or not instrument:
        return command
    sample = batch.seen_from(command.step).text(field[1].sample)
    found = newest(doing.act.connection, instrument, field[1].channel, sample)
    if found and command.seen and command.seen != found.sequence:
        if sample:
            raise Refused(f"{instrument} has measured {sample} again: look at the new value, then take it")
        # An instrument that says something each second has said more since: what was on the screen is what is taken.
        found = one(doing.act.connection, instrument, field[1].channel, command.seen)
    row = doing.session.get(Equipment, instrument)
    return replace(command, reading=found, equipment=row.facts if row else None)


def _lot(doing: Doing, _: Batch, command: c.AddMaterial) -> c.AddMaterial:
    row = doing.session.get(Lot, command.code)
    lot = c.Lot(row.number, row.material, row.status, row.expires, row.gives) if row else None
    return replace(command, lot=lot)


def _equipment(
    doing: Doing, _: Batch, command: c.UseEquipment | c.AssignInstrument
) -> c.UseEquipment | c.AssignInstrument:
    row = doing.session.get(Equipment, command.code)
    return replace(command, equipment=row.facts) if row else command


def _sample(doing: Doing, _: Batch, command: c.TakeSample) -> c.TakeSample:
    row = doing.session.get(Sample, command.code)
    return replace(command, known_in=row.batch if row else "")


_FACTS: dict[type[c.Command], Callable[[Doing, Batch, Any], c.Command]] = {
    **dict.fromkeys((c.RecordValues, c.CorrectValue), with_therapies),
    c.TakeReading: _reading,
    c.AddMaterial: _lot,
    c.UseEquipment: _equipment,
    c.AssignInstrument: _equipment,
    c.TakeSample: _sample,
}


# --- what else changes with an entry ------------------------------------------------------------------------------


def _use_lot(doing: Doing, batch: str, entry: e.MaterialAdded) -> None:
    doing.act.write(f"lot:{entry.value}", "lot used", {"batch": batch, "step": entry.step})


def _use_equipment(doing: Doing, batch: str, entry: e.EquipmentUsed | e.InstrumentAssigned) -> None:
    code = entry.code if isinstance(entry, e.InstrumentAssigned) else entry.value
    row = doing.session.get(Equipment, code)
    if row and row.exclusive:
        row.holds = batch
    doing.act.write(f"equipment:{code}", "equipment used", {"batch": batch, "step": entry.step})


def _keep_sample(doing: Doing, batch: str, entry: e.SampleTaken) -> None:
    doing.session.add(Sample(code=entry.value, batch=batch, step=entry.step, what=entry.field, taken=doing.act.at))


def archive(doing: Doing, batch: str, entry: Entry) -> None:
    """Have the record printed with all of it attached: the batch's archive."""
    del entry
    author = doing.by.person.id
    document = Document(id=str(uuid4()), batch=batch, asked=doing.act.at, asked_by=author, state="asked")
    doing.session.add(document)
    seal_new_readings(doing, timedelta(0))  # or the last ones would be in it without what vouches for them


FOLLOW_UPS: dict[type[Entry], Callable[[Doing, str, Any], None]] = {
    **dict.fromkeys((e.BatchConditionallyReleased, e.BatchReleased, e.BatchRejected, e.BatchStopped), archive),
    e.FactCorrected: follow_dose,
    e.MaterialAdded: _use_lot,
    e.EquipmentUsed: _use_equipment,
    e.InstrumentAssigned: _use_equipment,
    e.SampleTaken: _keep_sample,
}


# --- the commands -------------------------------------------------------------------------------------------------


def _books(prefix: str) -> Callable[[Any], Iterable[str]]:
    return lambda command: (book_of(command.batch), f"{prefix}:{command.code}")


_COMMANDS: tuple[tuple[type[c.Command], str, str, Callable[[Any], Iterable[str]]], ...] = (
    (c.StartStep, "started a step", "", batch_only),
    (c.RecordValues, "recorded values", "", batch_only),
    (c.TakeReading, "took a reading", "", batch_only),
    (c.CountAgain, "had a value counted again", "", batch_only),
    (c.Calculate, "had values calculated", "", batch_only),
    (c.CheckIdentity, "scanned an identity", "", batch_only),
    (c.AddMaterial, "scanned a lot", "", _books("lot")),
    (c.UseEquipment, "scanned equipment", "", _books("equipment")),
    (c.AssignInstrument, "assigned an instrument", "", _books("equipment")),
    (c.TakeSample, "took a sample", "", _books("sample")),
    (c.Decide, "decided", "decided", batch_only),
    (c.ReportResults, "reported results", "", batch_only),
    (c.CorrectValue, "corrected a value", "", batch_only),
    (c.CorrectFact, "corrected a fact of the order", "corrected", batch_only),
    (c.CompleteStep, "completed a step", "performed", batch_only),
    (c.VerifyStep, "verified a step", "verified", batch_only),
    (c.SendBack, "sent a step back", "not verified", batch_only),
    (c.AddComment, "remarked", "", batch_only),
    (c.RaiseDeviation, "raised a deviation", "", batch_only),
    (c.ExplainDeviation, "explained a deviation", "explained", batch_only),
    (c.CloseDeviation, "closed a deviation", "approved", batch_only),
    (c.HoldBatch, "put a batch on hold", "held", batch_only),
    (c.LiftHold, "lifted a hold", "approved", batch_only),
    (c.StopBatch, "ended a batch", "approved", batch_only),
    (c.ReviewBatch, "reviewed a record", "reviewed", batch_only),
    (c.ReleaseBatch, "released a batch", "released", batch_only),
    (c.RejectBatch, "rejected a batch", "rejected", batch_only),
)

_SEALED_AT_ONCE = (c.ReviewBatch, c.ReleaseBatch, c.RejectBatch)
_UNSIGNED_TOO = (c.CompleteStep, c.ExplainDeviation)  # signed where the recipe, or a wrong scan, asks for it

for _command, _sentence, _meaning, _which in _COMMANDS:
    handles(
        _command,
        _sentence,
        roles=WORKERS,
        books=_which,
        signature=_meaning,
        unsigned_too=_command in _UNSIGNED_TOO,
        refused=show_attempt,
        **({"then": seal_now(_which)} if _command in _SEALED_AT_ONCE else {}),
    )(carry_out)
_BY_MACHINES = (
    (c.DeclareOverdue, "declared hold times exceeded", CLOCK),
    (c.NoteOfInstrument, "noted what a gateway tells of an instrument", INSTRUMENT),
    (c.NoteAlarm, "noted an alarm", CLOCK),
)
for _command, _sentence, _role in _BY_MACHINES:
    handles(_command, _sentence, roles=(_role,), books=batch_only, refused=show_attempt)(carry_out)
