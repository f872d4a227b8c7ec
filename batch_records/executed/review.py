"""Review by exception: what a reviewer must look at, found in the whole record, and what was checked without finding.

The list follows what inspectors and reviewers name: values outside limits, values typed where an instrument should
have measured, corrections, steps reopened, instruments changed, hold times exceeded, deviations, holds, alarms,
gaps in readings, refused attempts, remarks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from batch_records.executed import alarm_entries as a
from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, Run, Value
from batch_records.executed.count_entries import CountTaken, ValueAveraged
from batch_records.executed.entries import Stamp, kind
from batch_records.executed.label_entries import LabelScanned, LabelsReprinted
from batch_records.executed.notice_entries import GapFound, NoticeGiven
from batch_records.values.limit import Verdict


@dataclass(frozen=True)
class Finding:
    """One exception: which check found it, a sentence, where it stands, and when it was written."""

    check: str
    sentence: str
    step: str
    stamp: Stamp


@dataclass(frozen=True)
class Checked:
    """One check over the whole record: what is in order, what is not, how many things it looked at, what it found."""

    check: str
    otherwise: str
    looked_at: int
    findings: tuple[Finding, ...]


Check = Callable[[Batch], Iterable[tuple[str, str, Stamp] | None]]
CHECKS: dict[str, tuple[str, Check]] = {}


def _check(name: str, otherwise: str = "") -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        CHECKS[name] = otherwise or name, check
        return check

    return register


def review(batch: Batch) -> list[Checked]:
    """Run every check. A check gives None for each thing that it looked at and found in order."""
    results = []
    for name, (otherwise, check) in CHECKS.items():
        looked_at = list(check(batch))
        found = tuple(Finding(name, *exception) for exception in looked_at if exception)
        results.append(Checked(name, otherwise, len(looked_at), found))
    return results


def exceptions(batch: Batch) -> list[Finding]:
    """Return every exception, in the order in which they were written."""
    found = [finding for checked in review(batch) for finding in checked.findings]
    return sorted(found, key=lambda finding: finding.stamp.page)


def _values(batch: Batch) -> Iterator[tuple[Run, Value, str]]:
    for run in batch.runs.values():
        for name, value in run.values.items():
            if name in batch.recipe.fields:
                yield run, value, batch.recipe.fields[name][1].ask


@_check("values within limits", "values outside limits")
def _outside(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for run, value, ask in _values(batch):
        for version in (*value.history, value):
            out = version.verdict in (Verdict.ALERT, Verdict.ACTION, Verdict.IMPLAUSIBLE)
            sentence = f"{ask}: {version.text} {version.entry.found}"
            yield (sentence, run.key, version.stamp) if out else None


@_check("instruments' values measured, not typed", "values typed instead of measured")
def _typed(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for run, value, ask in _values(batch):
        for version in (*value.history, value):
            if isinstance(version.entry, e.ReadingTaken):
                yield None
            elif isinstance(version.entry, e.ValueRecorded) and version.entry.instead_of:
                sentence = f"{ask}: {version.text} was typed, not taken from the {version.entry.instead_of}"
                yield f"{sentence}: {version.stamp.reason}", run.key, version.stamp
    for run, ask, stamp, count in _counts(batch):
        sentence = f"{ask}, count {count.number}: {count.value} was typed, not taken from the {count.instead_of}"
        yield (f"{sentence}: {stamp.reason}", run.key, stamp) if count.instead_of else None


def _counts(batch: Batch) -> Iterator[tuple[Run, str, Stamp, CountTaken]]:
    for run in batch.runs.values():
        for name, taken in run.counts.items():
            yield from ((run, batch.recipe.fields[name][1].ask, stamp, count) for stamp, count in taken)


@_check("repeated counts that agree", "repeated counts far apart, or counted again")
def _spread(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for run, value, ask in _values(batch):
        for version in (*value.history, value):
            entry = version.entry
            if isinstance(entry, ValueAveraged):
                counted = f"{ask}: CV {entry.cv or 'not computable'} of {', '.join(entry.counts)}"
                far = entry.cv_verdict not in (Verdict.WITHIN.value, Verdict.NONE.value)
                sentence = f"{counted} is {entry.cv_verdict} ({entry.cv_judged})"
                yield (sentence, run.key, version.stamp) if far else None
    for run in batch.runs.values():
        for stamp, again in run.repeated:
            ask = batch.recipe.fields[again.field][1].ask
            yield f"{ask} was counted again: {again.because}", run.key, stamp


@_check("values as first recorded", "values corrected or recorded again")
def _changed(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for run, value, ask in _values(batch):
        versions = (*value.history, value)
        yield from (
            (
                f"{ask}: {before.text} became {after.text}: {after.stamp.reason or _again(after)}",
                run.key,
                after.stamp,
            )
            for before, after in pairwise(versions)
        )
        if not value.history:
            yield None


def _again(value: Value) -> str:
    return "counted again" if isinstance(value.entry, ValueAveraged) else "computed again"


@_check("facts of the order as issued", "facts of the order corrected")
def _facts(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for field in batch.recipe.facts:
        corrected = [(stamp, entry) for stamp, entry in batch.corrected if entry.fact == field.name]
        yield from (
            (f"{field.ask}: {entry.was} became {entry.value}: {stamp.reason}", "", stamp) for stamp, entry in corrected
        )
        if not corrected:
            yield None


@_check("steps completed once", "steps reopened")
def _reopened(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for run in batch.runs.values():
        yield from ((f"step {run.key} was reopened: {why}", run.key, stamp) for stamp, why in run.reopened)
        if not run.reopened:
            yield None


@_check("instruments as first scanned", "instruments changed")
def _assigned(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for run in batch.runs.values():
        for stamp, entry in run.assigned:
            yield f"measured with {entry.equipment_class} {entry.code} from here on", run.key, stamp
        yield from (None for value in run.values.values() if isinstance(value.entry, e.EquipmentUsed))


@_check("hold times kept", "hold times exceeded")
def _hold_times(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for hold_time in batch.recipe.hold_times:
        stamps = [at for name, at in batch.overdue.items() if name.rpartition(", since ")[0] == hold_time.name]
        yield from ((f"“{hold_time.name}” ran past {hold_time.most}", hold_time.stop.step, at) for at in stamps)
        if not stamps:
            yield None


@_check("deviations")
def _deviations(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for deviation in batch.deviations.values():
        state = f"closed: {deviation.closing.conclusion}" if deviation.closing else "still open"
        yield f"deviation {deviation.number}: {deviation.description} ({state})", deviation.step, deviation.raised


@_check("holds")
def _holds(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for stamp, hold in batch.holds:
        yield f"on hold: {hold.cause}", "", stamp
    for lifted, conclusion, holds in batch.lifted:
        for _, hold in holds:
            yield f"was on hold: {hold.cause}; lifted: {conclusion.conclusion}", "", lifted


@_check("labels printed once and scanned back", "labels printed again, or not of this batch")
def _labels(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for stamp, entry in batch.labels:
        if isinstance(entry, LabelsReprinted):
            ask = batch.recipe.fields[entry.field][1].ask
            yield f"{ask}: {entry.copies} printed again: {stamp.reason}", entry.step, stamp
        elif isinstance(entry, LabelScanned) and entry.verdict.is_out:
            yield f"{entry.scanned} was scanned as a label, and it {entry.judged}", entry.step, stamp
        else:
            yield None


@_check("gates passed as met", "gates waived")
def _waived(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for stamp, entry in batch.waivers:
        waiver = f"“{entry.choice}” was waived by {stamp.who}, {entry.role}: {entry.justification}"
        yield waiver, entry.step, stamp
    waived = {(entry.step, entry.field) for _, entry in batch.waivers}
    for run, value, _ in _values(batch):
        if isinstance(value.entry, e.Decided) and (run.key, value.field) not in waived:
            yield None


@_check("specification kept", "supply out of specification")
def _supply(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for stamp, entry in batch.supply.records:
        yield f"out of specification: {kind(entry)} by {stamp.who}", "", stamp


@_check("told in time", "told late, not yet, or of what came late")
def _told(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for stamp, found in batch.late:
        yield f"found after the release: {found.what}: {found.found}", "", stamp
    for number, each in batch.notifications.items():
        to = f"{number} to {each.entry.to} ({each.entry.because})"
        if each.overdue:
            yield f"{to} was not made by {each.entry.due}", each.entry.step, each.overdue
        else:
            yield None if each.is_done else (f"{to} is not done", each.entry.step, each.since)


ALARMS = "alarms of its instruments"


@_check(ALARMS)
def _alarms(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for stamp, entry in batch.alarms:
        if isinstance(entry, a.AlarmRaised):
            became = [later for _, later in batch.alarms if getattr(later, "alarm", "") == entry.alarm]
            what = f"{entry.priority} alarm: {entry.instrument} {entry.channel.replace('_', ' ')} {entry.condition}"
            yield f"{what}, {entry.value}; {', '.join(_became(became))}", "", stamp


def _became(entries: list[e.Entry]) -> Iterator[str]:
    acknowledged = [entry.text for entry in entries if isinstance(entry, a.AlarmAcknowledged)]
    yield from (f"shelved: {entry.because}" for entry in entries if isinstance(entry, a.AlarmShelved))
    yield from (f"acknowledged: {text}" for text in acknowledged)
    if not acknowledged:
        yield "acknowledged by nobody"
    if not any(isinstance(entry, a.AlarmReturned) for entry in entries):
        yield "not over"


NOTICES = "instruments without gaps or notices"


@_check(NOTICES, "gaps in readings, and notices of instruments")
def _notices(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for stamp, entry in batch.notices:
        if isinstance(entry, GapFound):
            yield f"gap in the readings of {entry.instrument}: {entry.text}", "", stamp
        elif isinstance(entry, NoticeGiven):
            yield f"{entry.instrument}: {entry.text}", "", stamp
    noted = {getattr(entry, "instrument", "") for _, entry in batch.notices}
    yield from (None for code in set(batch.equipment.values()) - noted)


@_check("refused attempts")
def _attempts(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for stamp, attempt in batch.attempts:
        yield f"refused to {stamp.who}: {attempt.sentence}", attempt.step, stamp


@_check("remarks")
def _remarks(batch: Batch) -> Iterator[tuple[str, str, Stamp] | None]:
    for stamp, text in batch.comments:
        yield f"remark: {text}", "", stamp
    for run in batch.runs.values():
        yield from ((f"remark on step {run.key}: {text}", run.key, stamp) for stamp, text in run.comments)
