"""Whole batches played at random, by anybody, with right and wrong commands; after each, what must always hold is seen.

``MES_BATCHES=5000`` in the environment plays that many instead of a few dozen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from batch_records.executed import alarm_entries as a
from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed import label_commands as lc
from batch_records.executed import notice_entries as n
from batch_records.executed.batch import AFTER_THE_END, StepState, Value
from batch_records.executed.commands import Person
from batch_records.executed.count_entries import CountsRepeated, CountTaken
from batch_records.executed.decide import DECISIONS
from batch_records.executed.draft import Draft, Malformed, Refused
from batch_records.executed.fold import fold
from batch_records.executed.supply_entries import SupplyConcluded
from batch_records.master.recipe import Field, Kind, Stage
from batch_records.release.assess import assess
from batch_records.values.label_code import write_label
from tests.batch_records.executed import trying
from tests.batch_records.executed.any_recipe import HEAD, RECIPE
from tests.batch_records.executed.trying import NUMBERS, REASONS, TEXTS
from tests.batch_records.playing import BY_ROLE, RUTH, B, Play
from tests.batch_records.writing import larger
from tests.cast import ADAM, ALICE, BOB, DORA, LARS, LENA, MALLORY, PETRA, QUINN

PEOPLE = [ADAM, ALICE, BOB, DORA, LARS, LENA, MALLORY, PETRA, QUINN, RUTH]
EVERYBODY = st.sampled_from(PEOPLE)
_WORKING = (e.StepStarted, e.StepCompleted, e.InstrumentAssigned, CountTaken, CountsRepeated, e.Recorded)


class AnyBatch(RuleBasedStateMachine):
    """One batch; every rule is something that somebody may try."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(larger(RECIPE, HEAD), {"weight": "20"}, {"cells": "100 cells", "grown": "300"})
        self.seen = 0

    @initialize(steps=st.integers(0, 24))
    def start(self, steps: int) -> None:
        """Issue the batch, and bring it some way along."""
        self.play.start()
        self.go_on(steps)

    def attempt(self, command: c.Command, by: Person) -> None:
        """Carry out a command; what is refused writes nothing, and nothing but a refusal comes of it."""
        before, progress = self.play.folded, self.play.progress
        waiting = {key: progress.waits_for(key) for key in list(progress.keys())}
        try:
            entries = self.play.do(command, by)
        except (Refused, Malformed):
            entries = []
        if not entries:
            assert (self.play.folded, len(self.play.lines)) == (before, self.seen)
        started = [entry.step for entry in entries if isinstance(entry, e.StepStarted)]
        assert all(waiting[key] == [] for key in started)
        assert not (started and before and before.holds)

    def pick(self, data: st.DataObject) -> str:
        """Return some key of the batch, or one that is none."""
        return data.draw(st.sampled_from([*self.play.progress.keys(), "9.9", "2.1:9", ""]))

    def field(self, data: st.DataObject, key: str) -> Field | None:
        """Return some field of a step."""
        step = self.play.recipe.steps.get(key.partition(":")[0])
        return data.draw(st.sampled_from(step.fields)) if step and step.fields else None

    def record(self, key: str, field: Field | None, text: str | None, by: Person | None, reason: str) -> None:
        """Record something in a step; without a text, something good."""
        if field is None or (field.kind is Kind.LABELS and text is not None and not text.isdigit()):
            return
        try:
            command = self.play.command(key, field, self.play.good(key, field) if text is None else text)
        except (LookupError, ArithmeticError):  # what is good depends on what is not there yet
            return
        if reason and "reason" in command.__dataclass_fields__:
            command = type(command)(**{**vars(command), "reason": reason})
        self.attempt(command, by or self.play.performer(key))

    # --- what people do ---------------------------------------------------------------------------------------------

    @rule(steps=st.integers(1, 6))
    def go_on(self, steps: int) -> None:
        """Do the next steps as they should be done, as far as they let themselves be done."""
        for _ in range(steps):
            key = self.play.next()
            if not (key and self.play.batch.disposition.is_open):
                return
            self.seen = len(self.play.lines)
            try:
                self.play.step(key)
            except (Refused, Malformed):
                return

    @rule(data=st.data(), text=TEXTS | st.none())
    def work(self, data: st.DataObject, text: str | None) -> None:
        """Record something in the next step: what is good, or what comes to hand."""
        key = self.play.next() or "1.1"
        self.record(key, self.field(data, key), text, None, "")

    @rule(data=st.data(), text=TEXTS | st.none(), by=EVERYBODY, reason=REASONS)
    def meddle(self, data: st.DataObject, text: str | None, by: Person, reason: str) -> None:
        """Record anything anywhere, whoever one is."""
        key = self.pick(data)
        self.record(key, self.field(data, key), text, by, reason)

    @rule(data=st.data(), text=TEXTS | st.none())
    def do_again(self, data: st.DataObject, text: str | None) -> None:
        """Scan, measure or decide again, with the reason."""
        key = data.draw(st.sampled_from(list(self.play.batch.runs) or [""]))
        field = self.field(data, key)
        chosen = data.draw(st.sampled_from(field.options)) if field and field.options else text
        self.record(key, field, chosen, None, "again")

    @rule(data=st.data(), text=st.sampled_from([*NUMBERS, "closed", "open", "some", "growth"]))
    def correct(self, data: st.DataObject, text: str) -> None:
        """Correct something that is there, by who may."""
        if values := [(run.key, name) for run in self.play.batch.runs.values() for name in run.values]:
            key, name = data.draw(st.sampled_from(values))
            self.attempt(c.CorrectValue(B, key, name, text, "misread"), self.play.performer(key))

    @rule(fact=st.sampled_from(["weight", "height"]), text=TEXTS, by=st.just(DORA) | EVERYBODY, reason=REASONS)
    def correct_the_order(self, fact: str, text: str, by: Person, reason: str) -> None:
        """Correct what the batch was issued with."""
        self.attempt(c.CorrectFact(B, fact, text, reason), by)

    @rule(data=st.data(), text=TEXTS, by=EVERYBODY, reason=REASONS)
    def correct_anything(self, data: st.DataObject, text: str, by: Person, reason: str) -> None:
        """Correct something, whether or not it is there and one may."""
        key = self.pick(data)
        field = self.field(data, key)
        self.attempt(c.CorrectValue(B, key, field.name if field else "nothing", text, reason), by)

    @rule(
        data=st.data(), by=st.just(ALICE) | EVERYBODY, class_=st.sampled_from(["cell counter", "scale"]), reason=REASONS
    )
    def assign(self, data: st.DataObject, by: Person, class_: str, reason: str) -> None:
        """Measure with another instrument."""
        key = "1.3" if by is ALICE else self.pick(data)
        code = data.draw(st.sampled_from(["CC-1", "CC-2"]))
        known = c.Equipment(code, class_, "ready", self.play.at + timedelta(days=9), "")
        self.attempt(c.AssignInstrument(B, key, class_, code, known, reason), by)

    @rule(data=st.data(), by=st.just(ALICE) | EVERYBODY, reason=REASONS)
    def count_again(self, data: st.DataObject, by: Person, reason: str) -> None:
        """Have something counted anew."""
        key = "1.3" if by is ALICE else self.pick(data)
        self.attempt(c.CountAgain(B, key, data.draw(st.sampled_from(["viable", "cells"])), reason), by)

    @rule(by=st.just(ALICE) | EVERYBODY, what=st.integers(0, 2), number=st.integers(-1, 3), reason=REASONS)
    def label(self, by: Person, what: int, number: int, reason: str) -> None:
        """Print labels again, scan one back or another's, and account for them."""
        code = write_label("COI-1" if number else "COI-2", B, max(number, 1))
        commands = (
            lc.ReprintLabels(
                B, "3.1" if number > 1 else "3.2", "labels" if number > 1 else "accounted", number, reason
            ),
            lc.ScanLabel(B, "3.2", "accounted", code),
            lc.ReconcileLabels(B, "3.2", "accounted", number, 0, reason),
        )
        self.attempt(commands[what], by)

    @rule(by=EVERYBODY, alarm=st.sampled_from(["X/A1/1", "X/A1/2"]), what=st.integers(0, 3))
    def note(self, by: Person, alarm: str, what: int) -> None:
        """Have an instrument's alarm noted, or a gap in its readings."""
        raised = c.NoteAlarm(B, a.AlarmRaised(alarm, "X", "pH", "low", "high", "6", "T"))
        became = [c.NoteAlarm(B, each) for each in (a.AlarmReturned(alarm, "T"), a.AlarmAcknowledged(alarm, "x"))]
        self.attempt((raised, *became, c.NoteOfInstrument(B, n.GapFound("X", "no pH", "T", "T")))[what], by)

    @rule(data=st.data(), by=EVERYBODY, starts=st.booleans())
    def sign(self, data: st.DataObject, by: Person, *, starts: bool) -> None:
        """Start or complete a step, whoever one is."""
        key = self.pick(data)
        self.attempt(c.StartStep(B, key) if starts else c.CompleteStep(B, key), by)

    @rule(data=st.data(), by=EVERYBODY, back=st.booleans(), blind=st.booleans())
    def check(self, data: st.DataObject, by: Person, *, back: bool, blind: bool) -> None:
        """Verify a step or send it back, having seen it or not."""
        key = self.pick(data)
        last = self.play.batch.runs[key].last if key in self.play.batch.runs else None
        seen = last.hash if last and not blind else "not what is there"
        self.attempt(c.SendBack(B, key, "again") if back else c.VerifyStep(B, key, seen), by)

    @rule(
        by=EVERYBODY,
        what=st.integers(0, 6),
        number=st.sampled_from(["D1", "D2", "D9"]),
        text=st.sampled_from(["", "x"]),
    )
    def quality(self, by: Person, what: int, number: str, text: str) -> None:
        """Remark, hold, lift, raise, explain, close, declare."""
        commands = [
            c.AddComment(B, text),
            c.HoldBatch(B, text),
            c.LiftHold(B, text),
            c.RaiseDeviation(B, text),
            c.ExplainDeviation(B, number, text),
            c.CloseDeviation(B, number, text, text, text),
            c.DeclareOverdue(B),
        ]
        self.attempt(commands[what], by)

    @rule()
    def settle(self) -> None:
        """Let quality conclude whatever is open."""
        if self.play.batch.disposition.is_open:
            self.seen = len(self.play.lines)
            self.play.settle()

    @rule(by=EVERYBODY, what=st.integers(0, 9), stage=st.sampled_from(Stage))
    def end(self, by: Person, what: int, stage: Stage) -> None:
        """Review, release, reject, stop."""
        seen = self.play.batch.last.hash
        ends = {8: c.RejectBatch(B, "no", seen), 9: c.StopBatch(B, "no")}
        self.attempt(ends.get(what) or (c.ReviewBatch if what < 4 else c.ReleaseBatch)(B, stage, seen), by)

    @rule(stage=st.sampled_from(Stage))
    def release(self, stage: Stage) -> None:
        """Review and release, as they should be done."""
        self.attempt(c.ReviewBatch(B, stage, self.play.batch.last.hash), RUTH)
        self.seen = len(self.play.lines)
        self.attempt(c.ReleaseBatch(B, stage, self.play.batch.last.hash), PETRA)

    @rule(by=EVERYBODY, command=st.sampled_from(trying.COMMANDS), text=st.sampled_from(["", "x"]))
    def supply(self, by: Person, command: Callable[[str, str], c.Command], text: str) -> None:
        """Ask for what is out of specification, up to its release and its end; tell and acknowledge."""
        self.attempt(command(text, self.play.batch.last.hash), by)

    @rule(minutes=st.sampled_from([1, 29, 61, 2000]))
    def wait(self, minutes: int) -> None:
        """Let time pass."""
        self.play.at += timedelta(minutes=minutes)

    # --- what must always hold --------------------------------------------------------------------------------------

    @invariant()
    def the_record_only_grows_and_folds_from_any_prefix(self) -> None:
        """What was written stays, and a fold kept from before goes on to the same batch."""
        lines = self.play.lines
        assert len(lines) >= self.seen
        assert [stamp.page for stamp, _ in lines] == list(range(1, len(lines) + 1))
        cut = max(1, self.seen)
        if len(lines) > self.seen > 0:
            again = fold(self.play.recipe, lines[cut:], fold(self.play.recipe, lines[:cut]))
            assert again == self.play.batch
        self.seen = len(lines)

    @invariant()
    def every_entry_reads_as_it_was_written(self) -> None:
        """Into its body and back."""
        for _, entry in self.play.lines[-8:]:
            assert e.from_body(e.kind(entry), e.to_body(entry)) == entry

    @invariant()
    def nobody_verified_what_they_did(self) -> None:
        """Told from the lines alone, not from what the fold keeps."""
        workers: dict[str, set[str]] = {}
        for stamp, entry in self.play.lines:
            if isinstance(entry, e.StepVerified):
                assert stamp.author not in workers[entry.step]
            elif isinstance(entry, _WORKING):
                workers.setdefault(entry.step, set()).add(stamp.author)

    @invariant()
    def nothing_is_recorded_after_the_end(self) -> None:
        """Only remarks, attempts, and what becomes of deviations."""
        ended = False
        for _, entry in self.play.lines:
            assert not ended or isinstance(entry, AFTER_THE_END)
            ended = ended or isinstance(entry, e.BatchReleased | e.BatchRejected | e.BatchStopped | SupplyConcluded)

    @invariant()
    def what_is_out_of_limits_has_its_deviation(self) -> None:
        """Right after the value, on its step and field."""
        entries = [entry for _, entry in self.play.lines]
        for number, entry in enumerate(entries):
            if isinstance(entry, e.Recorded) and entry.verdict.is_out:
                raised = entries[number + 1]
                assert isinstance(raised, e.DeviationRaised)
                assert (raised.step, raised.field) == (entry.step, entry.field)

    @invariant()
    def a_completed_step_is_whole_and_true(self) -> None:
        """Every field is recorded, no scan mismatches, each calculation and each decision is what its inputs allow."""
        for key, field, value in self.recorded():
            if self.play.batch.run(key).state in (StepState.COMPLETED, StepState.VERIFIED):
                assert value, f"{key} {field.name}"
                assert field.kind is not Kind.IDENTITY or not value.verdict.is_out
                seen = self.play.batch.seen_from(key)
                assert all(choice.needs(seen) for choice in field.choices if choice.needs and choice.name == value.text)
                if field.kind is Kind.CALCULATED:
                    assert self.draft.computed(field, key).value == value.text

    @invariant()
    def every_verdict_is_of_the_limits_as_they_are_now(self) -> None:
        """Whatever was corrected since, in whatever step."""
        for _, field, value in self.recorded():
            if value and field.kind is not Kind.IDENTITY and not _is_not_judged(value.entry.judged):
                assert self.draft.judge(field, value.entry) == (value.verdict, value.entry.judged)

    @property
    def draft(self) -> Draft:
        """The batch as a decision would see it."""
        return Draft(self.play.recipe, self.play.batch, ALICE, self.play.at)

    def recorded(self) -> Iterator[tuple[str, Field, Value | None]]:
        """Give each field of each step that was begun, with its value."""
        for run in self.play.folded.runs.values() if self.play.folded else ():
            for field in self.play.recipe.steps[run.key.partition(":")[0]].fields:
                yield run.key, field, run.values.get(field.name)

    @invariant()
    def what_left_had_met_every_criterion(self) -> None:
        """Asked of the record as it was just before."""
        if self.play.lines and isinstance(self.play.lines[-1][1], e.BatchReleased | e.BatchConditionallyReleased):
            before = fold(self.play.recipe, self.play.lines[:-1])
            stage = Stage.FINAL if isinstance(self.play.lines[-1][1], e.BatchReleased) else Stage.CONDITIONAL
            assert all(assessed.is_met for assessed in assess(before, stage))


TestAnyBatch = AnyBatch.TestCase
TestAnyBatch.settings = settings(max_examples=int(os.environ.get("MES_BATCHES", "30")), stateful_step_count=30)


def _is_not_judged(judged: str) -> bool:
    """Say whether a value stands without a verdict: it could not be computed, or is counted again."""
    return "cannot be computed" in judged or "measured again" in judged


def test_the_plays_try_every_command() -> None:
    """A command that nobody ever tries at random would be proved by nothing."""
    tried = {c.StartBatch, c.RecordValues, c.TakeReading, c.Calculate, c.CheckIdentity, c.AddMaterial, c.UseEquipment}
    tried |= {c.TakeSample, c.PrintLabels, c.Decide, c.ReportResults, c.CorrectValue, c.StartStep, c.CompleteStep}
    tried |= {lc.ReprintLabels, lc.ScanLabel, lc.ReconcileLabels}
    tried |= {c.AssignInstrument, c.CorrectFact, c.CountAgain, c.NoteAlarm, c.NoteOfInstrument}
    tried |= {c.VerifyStep, c.SendBack, c.AddComment, c.RaiseDeviation, c.ExplainDeviation, c.CloseDeviation}
    tried |= {c.HoldBatch, c.LiftHold, c.StopBatch, c.DeclareOverdue, c.ReviewBatch, c.ReleaseBatch, c.RejectBatch}
    assert tried | trying.TRIED == set(DECISIONS)
    assert {field.kind for field in larger(RECIPE, HEAD).all_fields()} == set(Kind) - {Kind.TEXT, Kind.TIME, Kind.DOSE}
    assert set(BY_ROLE.values()) <= set(PEOPLE)
