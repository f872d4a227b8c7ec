"""Commands: what somebody wishes to do to a batch, in the imperative.

A command holds what the person said and the *facts* that the application looked up for it (the lot as it is now, the
reading as it was stored), so that deciding needs nothing but the batch and the command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from batch_records.executed.alarm_entries import (
    AlarmAcknowledged,
    AlarmRaised,
    AlarmReturned,
    AlarmShelved,
    AlarmUnshelved,
)
from batch_records.executed.notice_entries import GapFound, NoticeGiven
from batch_records.master.recipe import Recipe, Stage


@dataclass(frozen=True)
class Person:
    """Who acts: a stable id, the name to print, and the roles held at this moment."""

    id: str
    name: str
    roles: frozenset[str]


# --- facts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """A stored reading, as the step shows it. Times are aware UTC; ``raw_digest`` is SHA-256 of its bytes, in hex."""

    instrument: str
    sequence: int
    channel: str
    value: str
    unit: str
    quality: str
    sample: str
    source_time: datetime | None
    received_time: datetime
    raw_digest: str


@dataclass(frozen=True)
class Lot:
    """A lot of a material as it is now. ``gives`` are values of its certificate, as texts."""

    number: str
    material: str
    status: str
    expires: datetime
    gives: Mapping[str, str]


@dataclass(frozen=True)
class Equipment:
    """A piece of equipment or a room as it is now. ``batch`` is the batch it belongs to at this moment, or empty.

    ``qualified_until`` is None where equipment of its class is not qualified by date; ``exclusive`` equipment belongs
    to one batch at a time, from its scan until it is made ready again.
    """

    code: str
    equipment_class: str
    status: str
    calibrated_until: datetime
    batch: str
    qualified_until: datetime | None = None
    exclusive: bool = False


_NOTHING_KNOWN: Any = field(default_factory=dict)


# --- commands -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """A wish concerning one batch, by its id."""

    batch: str


@dataclass(frozen=True)
class StepCommand(Command):
    """A wish concerning one step; ``step`` is its key: ``4.2``, or ``8.3:2`` in the second round.

    Where a command has a ``reason``, it says why a value is typed instead of measured, or recorded again.
    """

    step: str


@dataclass(frozen=True)
class StartBatch(Command):
    """Issue a batch of an approved recipe for a chain of identity. ``facts`` are texts by name."""

    recipe: Recipe
    edition: int
    coi: str
    facts: Mapping[str, str]


@dataclass(frozen=True)
class CorrectFact(Command):
    """Correct a fact that the batch was issued with."""

    fact: str
    value: str
    reason: str


@dataclass(frozen=True)
class StartStep(StepCommand):
    """Take up a step."""


@dataclass(frozen=True)
class RecordValues(StepCommand):
    """Enter values by field. ``reason`` is needed where an instrument should have given one.

    ``therapies`` says of donation numbers that are known which chain of identity they belong to.
    """

    values: Mapping[str, str]
    reason: str = ""
    therapies: Mapping[str, str] = _NOTHING_KNOWN


@dataclass(frozen=True)
class TakeReading(StepCommand):
    """Take what the instrument shows for a field; ``seen`` is the sequence of the reading that was on the screen.

    ``equipment`` is the instrument as it is now, whatever it was when it was scanned.
    """

    field: str
    reading: Reading | None = None
    reason: str = ""
    seen: int | None = None
    equipment: Equipment | None = None


@dataclass(frozen=True)
class CountAgain(StepCommand):
    """Have a value that is measured several times counted anew; ``reason`` says why, and reopens a completed step."""

    field: str
    reason: str


@dataclass(frozen=True)
class Calculate(StepCommand):
    """Compute every calculated value of a step."""


@dataclass(frozen=True)
class CheckIdentity(StepCommand):
    """Compare a scanned code with what the batch knows."""

    field: str
    scanned: str


@dataclass(frozen=True)
class AddMaterial(StepCommand):
    """Use a lot; ``lot`` is None where the code scanned is no lot's."""

    field: str
    code: str
    lot: Lot | None = None
    reason: str = ""


@dataclass(frozen=True)
class UseEquipment(StepCommand):
    """Use a piece of equipment or a room; ``equipment`` is None where the code scanned is none's."""

    field: str
    code: str
    equipment: Equipment | None = None
    reason: str = ""


@dataclass(frozen=True)
class AssignInstrument(StepCommand):
    """Measure with another piece of equipment of a class from here on; ``reason`` reopens a completed step."""

    equipment_class: str
    code: str
    equipment: Equipment | None = None
    reason: str = ""


@dataclass(frozen=True)
class TakeSample(StepCommand):
    """Take a sample into the tube with this code; ``known_in`` is the batch that already has that tube, or empty."""

    field: str
    code: str
    known_in: str = ""
    reason: str = ""


@dataclass(frozen=True)
class PrintLabels(StepCommand):
    """Print so many labels."""

    field: str
    copies: int
    reason: str = ""


@dataclass(frozen=True)
class Decide(StepCommand):
    """Choose how the batch goes on."""

    field: str
    choice: str
    reason: str = ""


@dataclass(frozen=True)
class ReportResults(StepCommand):
    """Report laboratory results by field."""

    values: Mapping[str, str]


@dataclass(frozen=True)
class CorrectValue(StepCommand):
    """Correct a recorded value, with the reason. ``therapies`` are as in `RecordValues`."""

    field: str
    value: str
    reason: str
    therapies: Mapping[str, str] = _NOTHING_KNOWN


@dataclass(frozen=True)
class CompleteStep(StepCommand):
    """Say that a step is done as written."""


@dataclass(frozen=True)
class VerifyStep(StepCommand):
    """Check a step that another person did. ``seen`` is the hash of the step's last line on the screen."""

    seen: str


@dataclass(frozen=True)
class SendBack(StepCommand):
    """Refuse to verify a step, and say why."""

    reason: str


@dataclass(frozen=True)
class AddComment(Command):
    """Remark something, on a step or on the batch."""

    text: str
    step: str = ""


@dataclass(frozen=True)
class RaiseDeviation(Command):
    """Report a departure from the recipe."""

    description: str
    step: str = ""


@dataclass(frozen=True)
class ExplainDeviation(Command):
    """Say what happened and what was done at once."""

    number: str
    explanation: str


@dataclass(frozen=True)
class CloseDeviation(Command):
    """Conclude a deviation."""

    number: str
    conclusion: str
    impact: str
    other_batches: str


@dataclass(frozen=True)
class HoldBatch(Command):
    """Stop work on a batch."""

    cause: str


@dataclass(frozen=True)
class LiftHold(Command):
    """Let a held batch go on."""

    conclusion: str


@dataclass(frozen=True)
class StopBatch(Command):
    """End a batch that will not be released."""

    cause: str


@dataclass(frozen=True)
class DeclareOverdue(Command):
    """Let the clock say that hold times have run out."""


@dataclass(frozen=True)
class NoteAlarm(Command):
    """Note in a batch's record what happened to an alarm of an instrument that belongs to it."""

    noted: AlarmRaised | AlarmReturned | AlarmAcknowledged | AlarmShelved | AlarmUnshelved


@dataclass(frozen=True)
class NoteOfInstrument(Command):
    """Note in a batch's record what a gateway tells of an instrument that belonged to it."""

    noted: GapFound | NoticeGiven


@dataclass(frozen=True)
class ReviewBatch(Command):
    """Sign the review of the whole record for a stage of release. ``seen`` is the hash of the batch's last line."""

    stage: Stage
    seen: str
    exceptions: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class ReleaseBatch(Command):
    """Release for a stage."""

    stage: Stage
    seen: str


@dataclass(frozen=True)
class RejectBatch(Command):
    """Reject a batch."""

    conclusion: str
    seen: str
