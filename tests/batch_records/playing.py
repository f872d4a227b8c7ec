"""A batch played in memory: commands in, entries out, as the application would, without a database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import batch_records.executed.decisions
import batch_records.release.sign_off  # noqa: F401 - registers the decisions on release
from batch_records.executed import commands as c
from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from batch_records.executed.decide import decide
from batch_records.executed.entries import Entry, Signature, Stamp
from batch_records.executed.fold import fold
from batch_records.executed.progress import Progress, Standing
from batch_records.master.recipe import Field, Kind, Recipe, Role, Step
from tests.cast import ALICE, BOB, DORA, LARS, LENA, PETRA, QUINN

BY_ROLE = {
    Role.OPERATOR: ALICE,
    Role.VERIFIER: BOB,
    Role.ANALYST: LENA,
    Role.PHYSICIAN: DORA,
    Role.REVIEWER: QUINN,
    Role.RELEASER: PETRA,
}
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass
class Play:
    """A batch, its book and its clock."""

    recipe: Recipe
    facts: dict[str, str] = field(default_factory=dict)
    at: datetime = START
    lines: list[tuple[Stamp, Entry]] = field(default_factory=list)
    batch: Batch | None = None
    answers: dict[str, str] = field(default_factory=dict)

    def do(self, command: c.Command, by: Person) -> list[Entry]:
        """Carry out a command; the entries are written and folded."""
        entries = decide(self.recipe, self.batch, command, by, self.at)
        new = []
        for entry in entries:
            page = len(self.lines) + 1
            digest = hashlib.sha256(f"{page}{entry}".encode()).hexdigest()
            signature = Signature("", by.name, "")
            stamp = Stamp(page, self.at, by.id, "", "", digest, getattr(command, "reason", ""), signature)
            self.lines.append((stamp, entry))
            new.append((stamp, entry))
        self.batch = fold(self.recipe, new, self.batch)
        return entries

    def start(self) -> Play:
        """Issue the batch."""
        self.do(c.StartBatch("B1", self.recipe, 1, "COI-1", self.facts), DORA)
        return self

    @property
    def progress(self) -> Progress:
        """Where it stands."""
        assert self.batch
        return Progress(self.batch)

    def next(self) -> str | None:
        """Return the key of the first step that somebody can work on."""
        open_ = (Standing.READY, Standing.IN_PROGRESS, Standing.TO_VERIFY)
        return next((key for key in self.progress.keys() if self.progress.standing(key) in open_), None)

    def finish(self, until: str = "") -> Play:
        """Do every step with values within limits, up to one step."""
        while (key := self.next()) and key != until:
            self.step(key)
        return self

    def step(self, key: str) -> None:
        """Do one step: record, complete, verify."""
        step = self.recipe.steps[key.partition(":")[0]]
        by = BY_ROLE[step.performer]
        if self.progress.standing(key) is not Standing.TO_VERIFY:
            self.wait(key)
            for each in step.fields:
                self.record(step, key, each, by)
            if step.type != "decide":
                self.do(c.CompleteStep("B1", key), by)
        if step.verifier:
            other = {Role.ANALYST: LARS, Role.OPERATOR: ALICE}.get(step.verifier, BY_ROLE[step.verifier])
            assert self.batch
            self.do(c.VerifyStep("B1", key, self.batch.run(key).last.hash), other)

    def wait(self, key: str) -> None:
        """Let as much time pass as running clocks ask before this step may end."""
        self.at += timedelta(minutes=2)
        for clock in self.progress.clocks():
            if clock.hold_time.stop.step == key.partition(":")[0]:
                self.at = max(self.at, clock.earliest)

    def record(self, step: Step, key: str, each: Field, by: Person) -> None:
        """Record one field with a value within its limits, unless there is one already."""
        assert self.batch
        if each.name in self.batch.run(key).values:
            return
        value = self.answers.get(f"{key} {each.name}", self.answers.get(each.name, ""))
        self.do(self.command(key, each, value or self.good(key, each)), by)

    def command(self, key: str, each: Field, value: str) -> c.Command:
        """Return the command that records a value of a field."""
        assert self.batch
        match each.kind:
            case Kind.RESULT:
                return c.ReportResults("B1", key, {each.name: value})
            case Kind.CALCULATED:
                return c.Calculate("B1", key)
            case Kind.DECISION:
                return c.Decide("B1", key, each.name, value)
            case Kind.IDENTITY:
                return c.CheckIdentity("B1", key, each.name, value)
            case Kind.SAMPLE:
                return c.TakeSample("B1", key, each.name, value)
            case Kind.LABELS:
                return c.PrintLabels("B1", key, each.name, int(value))
            case Kind.LOT:
                gives = {
                    name: given.must_be or ("1.2e8 TU/mL" if given.type != "text" else "x")
                    for name, given in each.gives.items()
                }
                lot = c.Lot(value, each.material, "released", self.at + timedelta(days=90), gives)
                return c.AddMaterial("B1", key, each.name, value, lot)
            case Kind.EQUIPMENT:
                later = self.at + timedelta(days=90)
                equipment = c.Equipment(value, each.equipment_class, "ready", later, "")
                return c.UseEquipment("B1", key, each.name, value, equipment)
            case Kind.READING:
                return c.TakeReading("B1", key, each.name, self.reading(key, each, value))
        return c.RecordValues("B1", key, {each.name: value})

    def reading(self, key: str, each: Field, value: str) -> c.Reading:
        """Return what the assigned instrument would show."""
        assert self.batch
        digits, _, unit = value.partition(" ")
        sample = self.batch.seen_from(key).text(each.sample)
        instrument = self.batch.equipment.get(each.instrument, "")
        return c.Reading(instrument, 1, each.channel, digits, unit, "good", sample, self.at, self.at, "ab" * 32)

    def good(self, key: str, each: Field) -> str:
        """Return a value that the limits accept."""
        assert self.batch
        if each.kind is Kind.IDENTITY:
            return self.batch.seen_from(key).text(each.matches)
        if each.kind is Kind.DECISION:
            repeat = self.recipe.operation_of[key.partition(":")[0]].repeat
            return repeat.choice if repeat else next(choice.name for choice in each.choices if not choice.ends)
        if each.limits.action and each.limits.action.accepted:
            return each.limits.action.accepted[0]
        if each.options:
            return each.options[0]
        if each.unit:
            return self.good_number(key, each)
        return self.at.isoformat() if each.kind is Kind.TIME else f"{each.name}-{key}"

    def good_number(self, key: str, each: Field) -> str:
        """Return a number between the narrowest bounds."""
        assert self.batch
        assert each.unit
        values = self.batch.seen_from(key)
        lows, highs = [], []
        for limit in (each.limits.plausible, each.limits.action, each.limits.alert):
            if limit and limit.low:
                lows.append(limit.low(values))
            if limit and limit.high:
                highs.append(limit.high(values))
        low, high = max(lows, default=0), min(highs, default=None)
        number = low * 2 if high is None else (low + high) / 2
        digits = float(number / each.unit.factor)
        return f"{digits:.6g} {each.unit}" if each.unit.text != "labels" else str(int(digits))
