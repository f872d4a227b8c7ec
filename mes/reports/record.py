"""A batch record as a document: everything that it holds, in the order in which a reader needs it.

Nothing is left out: every entry with its line's hash, every correction with what it replaced, every signature, every
reading that was used with the digest of its bytes. What is computed here is only how it is laid out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, Run, Value, key_of
from batch_records.executed.count_entries import CountTaken
from batch_records.executed.progress import Progress, Standing
from batch_records.executed.review import exceptions, review
from batch_records.executed.unsigned import unsigned_since
from batch_records.master.recipe import Field, Operation, Stage, Step
from batch_records.release.assess import assess
from batch_records.release.criterion import Blocks
from mes.archive.gather import KeptLine
from mes.audit.words import old_and_new, what
from mes.batches import shown
from mes.reports.order import Fact, facts_of
from mes.web.shapes import Stamp, Struck, Withdrawn


@dataclass(frozen=True)
class ValueRow:
    """One recorded value."""

    ask: str
    parameter_class: str
    value: str
    limits: str
    verdict: str
    verdict_words: str
    source: str
    stamp: Stamp
    history: tuple[Struck, ...]
    formula: str


@dataclass(frozen=True)
class StepRow:
    """One doing of a step."""

    key: str
    title: str
    instruction: str
    standing: str
    values: tuple[ValueRow, ...]
    started: Stamp | None
    completed: Stamp | None
    verified: Stamp | None
    signed: str
    comments: tuple[tuple[Stamp, str], ...]
    withdrawn: tuple[Withdrawn, ...]
    is_unsigned: bool


@dataclass(frozen=True)
class OperationPart:
    """One operation, or one round of it."""

    id: str
    title: str
    steps: tuple[StepRow, ...]


@dataclass(frozen=True)
class SignatureRow:
    """A signature: meaning, who in full, when, on which line, the line that the signer saw, until when it counted."""

    meaning: str
    stamp: Stamp
    what: str
    page: int
    seen: str
    until: datetime | None


@dataclass(frozen=True)
class ReadingRow:
    """A reading that was used."""

    step: str
    instrument: str
    sequence: int
    channel: str
    value: str
    quality: str
    sample: str
    source_time: str
    received_time: str
    raw_digest: str


@dataclass(frozen=True)
class DeviationPart:
    """A deviation with all that was written about it."""

    number: str
    description: str
    step: str
    raised: Stamp
    explained: tuple[tuple[Stamp, str], ...]
    closed: Stamp | None
    closing: e.DeviationClosed | None


@dataclass(frozen=True)
class LineRow:
    """One line of the batch's book."""

    page: int
    at: str
    author: str
    role: str
    what: str
    old: str
    new: str
    why: str
    hash: str


@dataclass(frozen=True)
class CriterionRow:
    """One criterion of release, as it is now."""

    words: str
    met: bool
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """The whole document's content."""

    batch: str
    coi: str
    product: str
    recipe: str
    recipe_code: str
    edition: str
    recipe_digest: str
    recipe_note: str
    disposition: str
    head: str
    pages: int
    started: Stamp
    facts: tuple[Fact, ...]
    parameters: tuple[tuple[str, str], ...]
    decided: tuple[tuple[str, Stamp], ...]
    pending: tuple[str, ...]
    checks: tuple[tuple[str, int, int], ...]  # check, looked at, exceptions
    exceptions: tuple[tuple[str, str, Stamp], ...]  # step, sentence, stamp
    deviations: tuple[DeviationPart, ...]
    criteria: tuple[CriterionRow, ...]
    signatures: tuple[SignatureRow, ...]
    operations: tuple[OperationPart, ...]
    materials: tuple[tuple[str, str, str, str], ...]  # step, material, lot, expiry
    equipment: tuple[tuple[str, str, str, str], ...]  # step, class, code, calibrated until
    samples: tuple[tuple[str, str, str, str], ...]  # step, what, tube, when
    readings: tuple[ReadingRow, ...]
    lines: tuple[LineRow, ...]
    altered: tuple[str, ...]


def lay_out(batch: Batch, lines: Iterable[KeptLine], names: Mapping[str, str], altered: Iterable[str] = ()) -> Record:
    """Return a batch's record, as it is with these lines, which are all of its book.

    ``altered`` says which of them are not what was written.
    """
    lines = tuple(lines)
    stage = Stage.FINAL if any(isinstance(entry, e.BatchReleased) for _, entry in batch.disposed) else Stage.CONDITIONAL
    issue, recipe = batch.issue, batch.recipe
    return Record(
        batch=batch.id,
        coi=batch.coi,
        product=issue.product,
        recipe=recipe.title,
        recipe_code=issue.recipe,
        edition=issue.edition,
        recipe_digest=issue.digest,
        recipe_note=recipe.note,
        disposition=batch.disposition.value,
        head=batch.last.hash,
        pages=batch.last.page,
        started=shown.stamp(batch.started, names),
        facts=tuple(facts_of(batch, names)),
        parameters=tuple((name.replace("_", " "), _quantity(str(value))) for name, value in recipe.parameters.items()),
        decided=tuple((e.kind(entry).removeprefix("batch "), shown.stamp(at, names)) for at, entry in batch.disposed),
        pending=next(
            (entry.pending for _, entry in batch.disposed if isinstance(entry, e.BatchConditionallyReleased)), ()
        ),
        checks=tuple((each.check, each.looked_at, len(each.findings)) for each in review(batch)),
        exceptions=tuple((each.step, each.sentence, shown.stamp(each.stamp, names)) for each in exceptions(batch)),
        deviations=tuple(_deviations(batch, names)),
        criteria=tuple(
            CriterionRow(each.criterion, each.is_met, tuple(_finding(finding) for finding in each.findings))
            for each in assess(batch, stage)
        ),
        signatures=tuple(_signatures(batch, lines)),
        operations=tuple(_operations(batch, names)),
        materials=tuple(_materials(batch)),
        equipment=tuple(_equipment(batch)),
        samples=tuple(_samples(batch)),
        readings=tuple(_readings(batch)),
        lines=tuple(_lines(lines, names)),
        altered=tuple(altered),
    )


def _finding(finding: object) -> str:
    sentence = getattr(finding, "sentence", "")
    return sentence if isinstance(finding, Blocks) else f"{sentence} (pending)"


def _quantity(text: str) -> str:
    digits, _, unit = text.partition(" ")
    return f"{digits} {shown.unit_words(unit)}".strip()


def _operations(batch: Batch, names: Mapping[str, str]) -> Iterator[OperationPart]:
    progress = Progress(batch)
    for operation in batch.recipe.operations:
        for number in range(1, progress.rounds(operation) + 1):
            steps = tuple(_step(batch, progress, step, number, names) for step in operation.steps)
            yield OperationPart(_id(operation, number), operation.title, steps)


def _id(operation: Operation, number: int) -> str:
    return f"{operation.id}, round {number}" if operation.repeat else operation.id


def _step(batch: Batch, progress: Progress, step: Step, number: int, names: Mapping[str, str]) -> StepRow:
    key = key_of(step.id, number)
    run = batch.run(key)
    signature = run.completed.signature if run.completed else None
    standing = progress.standing(key)
    return StepRow(
        key=key,
        title=step.title,
        instruction=step.instruction,
        standing="" if standing is Standing.DONE else standing.value,
        values=tuple(_value(batch, key, run, field, names) for field in step.fields if field.name in run.values),
        started=shown.stamp(run.started, names) if run.started else None,
        completed=shown.stamp(run.completed, names) if run.completed else None,
        verified=shown.stamp(run.verified, names) if run.verified else None,
        signed=signature.meaning if signature else "",
        comments=shown.remarks(run, names),
        withdrawn=shown.withdrawn(run, names),
        is_unsigned=bool(run.withdrawn) and run.completed is None,
    )


def _value(batch: Batch, key: str, run: Run, field: Field, names: Mapping[str, str]) -> ValueRow:
    value = run.values[field.name]
    field_shown = shown.recorded(field, value, batch.seen_from(key), names)
    return ValueRow(
        ask=field.ask,
        parameter_class=field.parameter_class.name if field.parameter_class else "",
        value=f"{field_shown.value} {field_shown.unit}".strip(),
        limits="; ".join(field_shown.limits),
        verdict=field_shown.verdict,
        verdict_words=value.verdict.value if value.verdict.value != "no limit" else "",
        source=_source(value),
        stamp=shown.stamp(value.stamp, names),
        history=field_shown.history,
        formula=field_shown.formula,
    )


def _source(value: Value) -> str:
    entry = value.entry
    if isinstance(entry, e.ReadingTaken):
        return f"{shown.source_words(value)}, raw {entry.raw_digest[:16]}…"
    return shown.source_words(value)


def _deviations(batch: Batch, names: Mapping[str, str]) -> Iterator[DeviationPart]:
    for each in batch.deviations.values():
        yield DeviationPart(
            each.number,
            each.description,
            each.step,
            shown.stamp(each.raised, names),
            tuple((shown.stamp(at, names), text) for at, text in each.explained),
            shown.stamp(each.closed, names) if each.closed else None,
            each.closing,
        )


def _values(batch: Batch) -> Iterator[tuple[str, str, Value]]:
    for run in batch.runs.values():
        for name, value in run.values.items():
            if name in batch.recipe.fields:
                for version in (*value.history, value):
                    yield run.key, batch.recipe.fields[name][1].ask, version


def _materials(batch: Batch) -> Iterator[tuple[str, str, str, str]]:
    for key, _, value in _values(batch):
        if isinstance(value.entry, e.MaterialAdded):
            yield key, value.entry.material, value.text, value.entry.expires[:10]


def _equipment(batch: Batch) -> Iterator[tuple[str, str, str, str]]:
    for key, _, value in _values(batch):
        if isinstance(value.entry, e.EquipmentUsed):
            yield key, value.entry.equipment_class, value.text, value.entry.calibrated_until[:10]
    for run in batch.runs.values():
        for _, entry in run.assigned:
            yield run.key, entry.equipment_class, entry.code, entry.calibrated_until[:10]


def _samples(batch: Batch) -> Iterator[tuple[str, str, str, str]]:
    for key, ask, value in _values(batch):
        if isinstance(value.entry, e.SampleTaken):
            yield key, ask, value.text, f"{shown.local(value.stamp.at):%Y-%m-%d %H:%M}"


def _readings(batch: Batch) -> Iterator[ReadingRow]:
    for key, _, value in _values(batch):
        if isinstance(value.entry, e.ReadingTaken):
            yield _used(key, value.entry)
    for run in batch.runs.values():
        for taken in run.counts.values():
            yield from (_used(run.key, count) for _, count in taken if count.instrument)


def _used(key: str, entry: e.ReadingTaken | CountTaken) -> ReadingRow:
    return ReadingRow(
        key,
        entry.instrument,
        entry.sequence,
        entry.channel,
        _quantity(entry.value),
        entry.quality,
        entry.sample,
        _second(entry.source_time),
        _second(entry.received_time),
        entry.raw_digest,
    )


def _second(text: str) -> str:
    return f"{shown.local(datetime.fromisoformat(text)):%Y-%m-%d %H:%M:%S}" if text else "not said"


def _lines(lines: Iterable[KeptLine], names: Mapping[str, str]) -> Iterator[LineRow]:
    for line in lines:
        content, body = line.content, line.content["body"]
        old, new = old_and_new(body)
        yield LineRow(
            line.page,
            f"{shown.local(datetime.fromisoformat(content['at'])):%Y-%m-%d %H:%M:%S}",
            names.get(content["author"], content["author"]),
            content.get("role", ""),
            what(content["kind"], body),
            old or "",
            new or "",
            content.get("reason", ""),
            line.hash,
        )


def _signatures(batch: Batch, lines: Iterable[KeptLine]) -> Iterator[SignatureRow]:
    taken_back = unsigned_since(batch)
    for line in lines:
        content, signed = line.content, line.content.get("signed")
        if signed:
            at = shown.local(datetime.fromisoformat(content["at"]))
            stamp = Stamp(signed["name"], content.get("role", ""), at, content["author"], signed["meaning"])
            until = shown.local(taken_back[line.page].at) if line.page in taken_back else None
            words = what(content["kind"], content["body"])
            yield SignatureRow(signed["meaning"], stamp, words, line.page, signed["seen"], until)
