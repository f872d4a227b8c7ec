"""A batch rehearsed in memory: commands in, entries out, as the application would, with nothing stored.

A recipe is tried by it before anybody signs the recipe, and the tests play their batches by it. Whoever acts, every
tube and every lot in it is made up.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import ClassVar, Self

import batch_records.executed.decisions
import batch_records.release.out_of_specification
import batch_records.release.sign_off  # noqa: F401 - registers the decisions on release
from batch_records.executed import commands as c
from batch_records.executed import label_commands as lc
from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from batch_records.executed.counting import left_to_count
from batch_records.executed.decide import decide
from batch_records.executed.entries import Entry, Signature, Stamp
from batch_records.executed.fold import fold
from batch_records.executed.labelling import applied, label_of, numbers_of
from batch_records.executed.progress import Progress, Standing
from batch_records.master.recipe import Field, Kind, Recipe, Role, Stage, Step
from batch_records.values.expression import Values
from batch_records.values.limit import Limits

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
B = "B1"
# What is typed that only one form of words can be: nobody's codes, synthetic, and a dose.
CODES = {
    Kind.DONATION: "=A99992600012300",
    Kind.PRODUCT: "S1234500",
    Kind.DOSE: "1e6 cells/kg within 30 %",
}


def _people(which: str) -> dict[Role, Person]:
    held = {role: frozenset({role.value}) for role in Role}
    return {role: Person(f"{role.name.lower()}_{which}", f"{role.value} {which}", held[role]) for role in Role}


@dataclass
class Rehearsal:
    """A batch, its book and its clock. ``answers`` are what is recorded by name, or by key and name.

    ``performers`` do the steps, ``seconds`` check them where their own role is asked for, ``reviewer`` decides no gate.
    """

    performers: ClassVar[Mapping[Role, Person]] = _people("1")
    seconds: ClassVar[Mapping[Role, Person]] = _people("2")
    reviewer: ClassVar[Person] = Person("reviewer_3", "quality reviewer 3", frozenset({Role.REVIEWER.value}))

    recipe: Recipe
    facts: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    at: datetime = START
    lines: list[tuple[Stamp, Entry]] = field(default_factory=list)
    folded: Batch | None = None

    @property
    def batch(self) -> Batch:
        """The batch so far."""
        if self.folded is None:
            raise LookupError("the batch is not started")
        return self.folded

    @property
    def progress(self) -> Progress:
        """Where it stands."""
        return Progress(self.batch)

    def do(self, command: c.Command, by: Person | None = None) -> list[Entry]:
        """Carry out a command, by who performs its step where nobody is named; the entries are written and folded."""
        by = by or self.performer(getattr(command, "step", ""))
        entries = decide(self.recipe, self.folded, command, by, self.at)
        self.write(entries, by, getattr(command, "reason", ""))
        return entries

    def write(self, entries: Iterable[Entry], by: Person, reason: str = "") -> None:
        """Write entries and fold them."""
        for entry in entries:
            page = len(self.lines) + 1
            digest = hashlib.sha256(f"{page}{entry}".encode()).hexdigest()
            stamp = Stamp(page, self.at, by.id, "", "", digest, reason, Signature("", by.name, ""))
            self.folded = fold(self.recipe, [(stamp, entry)], self.folded)
            self.lines.append((stamp, entry))

    def performer(self, key: str) -> Person:
        """Return who performs a step."""
        step = self.recipe.steps.get(key.partition(":")[0])
        return self.performers[step.performer if step else Role.OPERATOR]

    def value(self, key: str, name: str) -> str:
        """Return what is recorded for a field of a step."""
        return self.batch.run(key).values[name].text

    def start(self, coi: str = "COI-1", **facts: str) -> Self:
        """Issue the batch."""
        self.do(c.StartBatch(B, self.recipe, 1, coi, self.facts | facts), self.performers[Role.PHYSICIAN])
        return self

    def later(self, **span: float) -> Self:
        """Let time pass."""
        self.at += timedelta(**span)
        return self

    def complete(self, key: str, by: Person | None = None) -> list[Entry]:
        """Complete a step."""
        return self.do(c.CompleteStep(B, key), by)

    def verify(self, key: str, by: Person | None = None) -> list[Entry]:
        """Verify a step as it is now."""
        last = self.batch.run(key).last
        return self.do(c.VerifyStep(B, key, last.hash if last else ""), by or self.performers[Role.VERIFIER])

    def settle(self, number: str = "") -> Self:
        """Explain and close a deviation, or each that is open, and lift the hold where there is one."""
        for each in [number] if number else [d.number for d in self.batch.deviations.values() if not d.closed]:
            scanned, other = self.performers[Role.OPERATOR], self.performers[Role.VERIFIER]
            if self.batch.deviations[each].raised.author == other.id:
                other = scanned
            self.do(c.ExplainDeviation(B, each, "a slip"), other)
            self.do(c.CloseDeviation(B, each, "no effect", "none", "no other batch"), self.performers[Role.REVIEWER])
        if self.batch.holds and not number:
            self.do(c.LiftHold(B, "the cause is gone"), self.performers[Role.REVIEWER])
        return self

    def review(self, stage: Stage = Stage.FINAL, by: Person | None = None) -> list[Entry]:
        """Review the record as it is now."""
        return self.do(c.ReviewBatch(B, stage, self.batch.last.hash), by or self.reviewer)

    def release(self, stage: Stage = Stage.FINAL, by: Person | None = None) -> list[Entry]:
        """Release the batch as it is now."""
        return self.do(c.ReleaseBatch(B, stage, self.batch.last.hash), by or self.performers[Role.RELEASER])

    # --- whole steps ----------------------------------------------------------------------------------------------

    def next(self) -> str | None:
        """Return the key of the first step that somebody can work on."""
        progress = self.progress
        open_ = (Standing.READY, Standing.IN_PROGRESS, Standing.TO_VERIFY)
        return next((key for key in list(progress.keys()) if progress.standing(key) in open_), None)

    def finish(self, until: str = "") -> Self:
        """Do every step with values within limits, up to one step or to the end of the batch."""
        while self.batch.disposition.is_open and (key := self.next()) and key != until:
            self.step(key)
        return self

    def step(self, key: str) -> Self:
        """Do one step: record what is not recorded, complete, verify."""
        step = self.recipe.steps[key.partition(":")[0]]
        if self.progress.standing(key) is not Standing.TO_VERIFY:
            self.work(key)
            if step.type != "decide":
                self.complete(key)
        if step.verifier and self.batch.disposition.is_open:
            other = self.seconds[step.verifier]
            self.verify(key, self.performers[step.verifier] if other.id in self.batch.run(key).people else other)
        return self

    def work(self, key: str) -> Self:
        """Do one step up to its completion."""
        self.wait(key)
        step = self.recipe.steps[key.partition(":")[0]]
        for each in step.fields:
            while each.name not in self.batch.run(key).values or left_to_count(each, self.batch.run(key)):
                answer = self.answers.get(f"{key} {each.name}") or self.answers.get(each.name)
                self.do(self.command(key, each, answer or self.good(key, each)))
        return self

    def wait(self, key: str) -> None:
        """Let as much time pass as running clocks ask before this step may end."""
        self.at += timedelta(minutes=2)
        for clock in self.progress.clocks():
            if clock.step == key:
                self.at = max(self.at, clock.earliest)

    # --- what the application would look up -----------------------------------------------------------------------

    def field(self, key: str, name: str) -> Field:
        """Return a field of a step."""
        step: Step = self.recipe.steps[key.partition(":")[0]]
        return next(each for each in step.fields if each.name == name)

    def command(self, key: str, each: Field, value: str) -> c.Command:
        """Return the command that records a value of a field."""
        name = each.name
        make: dict[Kind, Callable[[], c.Command]] = {
            Kind.RESULT: lambda: c.ReportResults(B, key, {name: value}),
            Kind.CALCULATED: lambda: c.Calculate(B, key),
            Kind.DECISION: lambda: c.Decide(B, key, name, value),
            Kind.IDENTITY: lambda: c.CheckIdentity(B, key, name, value),
            Kind.SAMPLE: lambda: c.TakeSample(B, key, name, value),
            Kind.LABELS: lambda: c.PrintLabels(B, key, name, int(value)),
            Kind.RECONCILIATION: lambda: self.account(key, each),
            Kind.LOT: lambda: c.AddMaterial(B, key, name, value, self.lot(each, value)),
            Kind.EQUIPMENT: lambda: c.UseEquipment(B, key, name, value, self.equipment(each, value)),
            Kind.READING: lambda: c.TakeReading(B, key, name, self.reading(key, each, value)),
        }
        return make.get(each.kind, lambda: c.RecordValues(B, key, {name: value}))()

    def account(self, key: str, each: Field) -> c.Command:
        """Return the scan of the next label, or what accounts for all of them when none is left."""
        left = sorted({*numbers_of(self.batch, each.labels)} - {*applied(self.batch, each.labels)})
        if not left:
            return lc.ReconcileLabels(B, key, each.name, 0, 0)
        home, labels = self.recipe.fields[each.labels]
        return lc.ScanLabel(B, key, each.name, label_of(self.batch, labels, home.id, left[0]))

    def lot(self, each: Field, number: str) -> c.Lot:
        """Return a lot as it should be."""
        gives = {name: given.must_be or self.answers.get(name, "1.2e8 TU/mL") for name, given in each.gives.items()}
        return c.Lot(number, each.material, "released", self.at + timedelta(days=90), gives)

    def equipment(self, each: Field, code: str) -> c.Equipment:
        """Return equipment as it should be."""
        return c.Equipment(code, each.equipment_class, "ready", self.at + timedelta(days=90), "")

    def reading(self, key: str, each: Field, value: str) -> c.Reading:
        """Return what the assigned instrument would show."""
        digits, _, unit = value.partition(" ")
        sample = self.batch.seen_from(key).text(each.sample)
        instrument = self.batch.equipment.get(each.instrument, "")
        number = self.batch.last.page + 1
        return c.Reading(instrument, number, each.channel, digits, unit, "good", sample, self.at, self.at, "ab" * 32)

    def good(self, key: str, each: Field) -> str:
        """Return a value that the limits accept."""
        if each.kind is Kind.DECISION:
            repeat = self.recipe.operation_of[key.partition(":")[0]].repeat
            return repeat.choice if repeat else next(choice.name for choice in each.choices if not choice.ends)
        if each.kind is Kind.IDENTITY:
            return self.batch.seen_from(key).text(each.matches)
        if each.kind is Kind.TIME:
            return self.at.isoformat()
        if each.kind in CODES:
            return CODES[each.kind]
        accepted = each.limits.action.accepted if each.limits.action else ()
        words = accepted or each.options
        return words[0] if words else self.good_number(key, each) if each.unit else f"{each.name}-{key}"

    def good_number(self, key: str, each: Field) -> str:
        """Return a number between the narrowest bounds."""
        if each.unit is None:
            raise TypeError(f"{each.name} is no number")
        low, high = bounds(each.limits, self.batch.seen_from(key))
        digits = float(middle(low, high) / each.unit.factor)
        return str(max(1, int(digits))) if each.kind is Kind.LABELS else f"{digits:.6g} {each.unit}"


def middle(low: Fraction, high: Fraction | None) -> Fraction:
    """Return a number between bounds: halfway, or where they lie orders of magnitude apart, halfway between those."""
    if high is None:
        return low * 2 + 1
    if low > 0 and high > 100 * low:
        return Fraction(math.sqrt(low * high))
    return (low + high) / 2


def bounds(limits: Limits, values: Values) -> tuple[Fraction, Fraction | None]:
    """Return the narrowest bounds of a number, in base units: from 0, and without an upper one where none is given."""
    given = [limit for limit in (limits.plausible, limits.action, limits.alert) if limit]
    lows = [Fraction(limit.low(values)) for limit in given if limit.low]
    highs = [Fraction(limit.high(values)) for limit in given if limit.high]
    return max(lows, default=Fraction(0)), min(highs, default=None)
