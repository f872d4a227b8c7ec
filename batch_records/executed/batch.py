"""What a batch is: the fold of its entries.

There is no batch to update. A batch is read by folding its entries from the first, and only the two tables below
say which entry may follow in which state::

    step    not started ─started─▶ in progress ─completed─▶ completed ─verified─▶ verified
                                        ▲                       │                    │
                                        └──────── reopened ─────┴────────────────────┘

    batch   in process ─conditionally released─▶ conditionally released ─released─▶ released
                │  │                                       │
                │  └─released (no result awaited)──────────┼──▶ released
                ├─rejected─▶ rejected ◀────────────────────┤
                ├─stopped──▶ stopped                       │
                └─released out of specification─▶ released out of specification ◀─┘
                                                  │                │
                              rejected ◀─rejected─┘                └─concluded─▶ concluded out of specification

    Without an infusion: failed, withdrawn and never used follow on in process and on stopped; the last two on whatever
    was released, too, and failed on rejected, for it says why. Re-manufactured follows on stopped, rejected and failed.

    values  are recorded in a step in progress; in one that is completed they are only corrected, and what rests on
            them computed and judged again. After the end come remarks, refused attempts and what becomes of the
            deviations and alarms, and nothing else.

A hold is not a state but a brake: work waits, what is observed is still recorded. A `Batch` never changes; folding
an entry gives the next one, so the fold of a prefix can be kept and shared between threads for ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from fractions import Fraction

from batch_records.executed import entries as e
from batch_records.executed.alarm_entries import ALARMS, AlarmRaised
from batch_records.executed.count_entries import CountsRepeated, CountTaken
from batch_records.executed.ending_entries import (
    ENDINGS,
    BatchFailed,
    BatchNeverUsed,
    BatchRemanufactured,
    BatchWithdrawn,
)
from batch_records.executed.entries import Entry, Recorded, Stamp
from batch_records.executed.notice_entries import NOTICES
from batch_records.executed.notification_entries import NOTIFICATIONS, LateResultFound
from batch_records.executed.supply import NO_SUPPLY, Notification, Supply
from batch_records.executed.supply_entries import BatchReleasedOutOfSpecification, SupplyConcluded
from batch_records.executed.waiver_entries import GateWaived
from batch_records.master.recipe import Operation, Recipe
from batch_records.values.expression import Result, Type
from batch_records.values.limit import Verdict
from batch_records.values.quantity import Quantity

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = re.compile(r"([^:]+)(?::([1-9][0-9]{0,3}))?")


class StepState(Enum):
    """Where one step stands."""

    NOT_STARTED = "not started"
    IN_PROGRESS = "in progress"
    COMPLETED = "completed"
    VERIFIED = "verified"


class Disposition(Enum):
    """Where the batch stands with quality."""

    IN_PROCESS = "in process"
    CONDITIONALLY_RELEASED = "conditionally released"
    RELEASED = "released"
    RELEASED_OUT_OF_SPECIFICATION = "released out of specification"
    CONCLUDED_OUT_OF_SPECIFICATION = "concluded out of specification"
    REJECTED = "rejected"
    STOPPED = "stopped"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    NEVER_USED = "never used"
    REMANUFACTURED = "re-manufactured"

    @property
    def is_open(self) -> bool:
        """Whether anything may still be recorded."""
        return self in (
            Disposition.IN_PROCESS,
            Disposition.CONDITIONALLY_RELEASED,
            Disposition.RELEASED_OUT_OF_SPECIFICATION,
        )

    @property
    def has_left(self) -> bool:
        """Whether the product may be with its patient: what is found from now on is told to somebody."""
        return self in _LEFT


_LEFT = (
    *(Disposition.CONDITIONALLY_RELEASED, Disposition.RELEASED),
    *(Disposition.RELEASED_OUT_OF_SPECIFICATION, Disposition.CONCLUDED_OUT_OF_SPECIFICATION),
)
_WITHOUT_PRODUCT = (Disposition.STOPPED, Disposition.REJECTED, Disposition.FAILED)

STEP_TRANSITIONS: Mapping[tuple[StepState, type[Entry]], StepState] = {
    (StepState.NOT_STARTED, e.StepStarted): StepState.IN_PROGRESS,
    (StepState.IN_PROGRESS, e.StepCompleted): StepState.COMPLETED,
    (StepState.COMPLETED, e.StepVerified): StepState.VERIFIED,
    (StepState.COMPLETED, e.StepReopened): StepState.IN_PROGRESS,
    (StepState.VERIFIED, e.StepReopened): StepState.IN_PROGRESS,
}

TRANSITIONS: Mapping[tuple[Disposition, type[Entry]], Disposition] = {
    (Disposition.IN_PROCESS, e.BatchConditionallyReleased): Disposition.CONDITIONALLY_RELEASED,
    (Disposition.IN_PROCESS, e.BatchReleased): Disposition.RELEASED,
    (Disposition.IN_PROCESS, e.BatchRejected): Disposition.REJECTED,
    (Disposition.IN_PROCESS, e.BatchStopped): Disposition.STOPPED,
    (Disposition.CONDITIONALLY_RELEASED, e.BatchReleased): Disposition.RELEASED,
    (Disposition.CONDITIONALLY_RELEASED, e.BatchRejected): Disposition.REJECTED,
    (Disposition.IN_PROCESS, BatchReleasedOutOfSpecification): Disposition.RELEASED_OUT_OF_SPECIFICATION,
    (Disposition.CONDITIONALLY_RELEASED, BatchReleasedOutOfSpecification): Disposition.RELEASED_OUT_OF_SPECIFICATION,
    (Disposition.RELEASED_OUT_OF_SPECIFICATION, e.BatchRejected): Disposition.REJECTED,
    (Disposition.RELEASED_OUT_OF_SPECIFICATION, SupplyConcluded): Disposition.CONCLUDED_OUT_OF_SPECIFICATION,
    **{
        (before, made): after
        for made, after, befores in (
            (BatchFailed, Disposition.FAILED, (Disposition.IN_PROCESS, Disposition.STOPPED, Disposition.REJECTED)),
            (BatchWithdrawn, Disposition.WITHDRAWN, (Disposition.IN_PROCESS, Disposition.STOPPED, *_LEFT)),
            (BatchNeverUsed, Disposition.NEVER_USED, (Disposition.IN_PROCESS, Disposition.STOPPED, *_LEFT)),
            (BatchRemanufactured, Disposition.REMANUFACTURED, _WITHOUT_PRODUCT),
        )
        for before in befores
    },
}

_AGAIN = (e.ValueCorrected, e.ValueCalculated, e.ValueJudged)
RECORDED_IN: Mapping[StepState, tuple[type[Recorded], ...]] = {
    StepState.NOT_STARTED: (),
    StepState.IN_PROGRESS: (Recorded,),
    StepState.COMPLETED: _AGAIN,
    StepState.VERIFIED: _AGAIN,
}

AFTER_THE_END: tuple[type[Entry], ...] = (
    *(e.CommentAdded, e.AttemptRefused, e.DeviationExplained, e.DeviationClosed),
    *(kind for kind in ALARMS if kind is not AlarmRaised),
    *NOTICES,
    *NOTIFICATIONS,
    *ENDINGS,
)


class Impossible(Exception):  # noqa: N818 - the record itself is broken, not the program
    """An entry that cannot follow: the ledger was altered, or written by something else."""


@dataclass(frozen=True, slots=True)
class Value:
    """A recorded value with all it replaced, oldest first. ``base`` is what formulas compute with."""

    field: str
    entry: Recorded
    stamp: Stamp
    base: Result
    history: tuple[Value, ...] = ()

    @property
    def text(self) -> str:
        """The value as recorded."""
        return self.entry.value

    @property
    def verdict(self) -> Verdict:
        """The verdict of the limits."""
        return self.entry.verdict


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Signatures of a step that count no more: whose they were, and the change that made it appear unsigned."""

    completed: Stamp | None
    verified: Stamp | None
    amended: Stamp
    because: str


@dataclass(frozen=True, slots=True)
class Run:
    """One doing of a step. ``key`` is the step's id, with the round after a colon where it repeats."""

    key: str
    state: StepState = StepState.NOT_STARTED
    values: Mapping[str, Value] = field(default_factory=dict)
    started: Stamp | None = None
    completed: Stamp | None = None
    ended: Stamp | None = None  # when it was first completed: a correction on paper does not turn back the clock
    verified: Stamp | None = None
    last: Stamp | None = None
    people: frozenset[str] = frozenset()  # who did any of it, and so may not verify it
    verifiers: frozenset[str] = frozenset()  # who ever verified it
    reopened: tuple[tuple[Stamp, str], ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()  # what stood on it before each reopening, oldest first
    comments: tuple[tuple[Stamp, str], ...] = ()
    assigned: tuple[tuple[Stamp, e.InstrumentAssigned], ...] = ()  # instruments that took over from another
    counts: Mapping[str, tuple[tuple[Stamp, CountTaken], ...]] = field(default_factory=dict)  # by field, all sets
    sets: Mapping[str, int] = field(default_factory=dict)  # by field, the set that a person began last
    repeated: tuple[tuple[Stamp, CountsRepeated], ...] = ()


@dataclass(frozen=True, slots=True)
class Deviation:
    """A departure from the recipe, and what became of it."""

    number: str
    description: str
    step: str
    field: str
    raised: Stamp
    explained: tuple[tuple[Stamp, str], ...] = ()
    closed: Stamp | None = None
    closing: e.DeviationClosed | None = None


@dataclass(frozen=True)
class Batch:
    """A batch after some of its entries."""

    recipe: Recipe
    started: Stamp
    issue: e.BatchStarted
    last: Stamp
    facts: Mapping[str, str] = field(default_factory=dict)  # as corrected since the batch was issued
    corrected: tuple[tuple[Stamp, e.FactCorrected], ...] = ()
    disposition: Disposition = Disposition.IN_PROCESS
    disposed: tuple[tuple[Stamp, Entry], ...] = ()
    runs: Mapping[str, Run] = field(default_factory=dict)
    rounds: Mapping[str, int] = field(default_factory=dict)  # step id → the highest round that has begun
    deviations: Mapping[str, Deviation] = field(default_factory=dict)
    holds: tuple[tuple[Stamp, e.BatchHeld], ...] = ()  # those not lifted
    lifted: tuple[tuple[Stamp, e.HoldLifted, tuple[tuple[Stamp, e.BatchHeld], ...]], ...] = ()
    equipment: Mapping[str, str] = field(default_factory=dict)  # class → code, as last scanned
    calibrated: Mapping[str, datetime] = field(default_factory=dict)  # code → until when, as last scanned
    overdue: Mapping[str, Stamp] = field(default_factory=dict)  # hold times declared exceeded
    review: tuple[Stamp, e.BatchReviewed] | None = None  # None again when anything changed after it
    reviews: tuple[tuple[Stamp, e.BatchReviewed], ...] = ()  # every one ever signed
    amended: Mapping[int, Stamp] = field(default_factory=dict)  # page of a review → the first change after it
    comments: tuple[tuple[Stamp, str], ...] = ()
    labels: tuple[tuple[Stamp, Entry], ...] = ()  # printed, printed again, scanned back
    attempts: tuple[tuple[Stamp, e.AttemptRefused], ...] = ()
    alarms: tuple[tuple[Stamp, Entry], ...] = ()  # of its instruments: raised, and what became of them
    notices: tuple[tuple[Stamp, Entry], ...] = ()  # of its instruments: gaps, and what is known of them
    supply: Supply = NO_SUPPLY  # out of specification, at the physician's request
    notifications: Mapping[str, Notification] = field(default_factory=dict)
    waivers: tuple[tuple[Stamp, GateWaived], ...] = ()  # signatures to pass a gate that was not met
    late: tuple[tuple[Stamp, LateResultFound], ...] = ()  # found after the release, and asked for by no step

    @property
    def id(self) -> str:
        """The batch's number."""
        return self.issue.batch

    @property
    def coi(self) -> str:
        """The chain-of-identity code."""
        return self.issue.coi

    def reopened_since(self, written: Stamp) -> Stamp | None:
        """Return the first change after an entry that took back signatures of steps."""
        later = [at for run in self.runs.values() for at, _ in run.reopened if at.page > written.page]
        return min(later, key=lambda at: at.page, default=None)

    def run(self, key: str) -> Run:
        """Return the doing of a step, not started where nothing happened yet."""
        return self.runs.get(key) or Run(key)

    def head(self, key: str) -> str:
        """Return the hash of a step's last line, or of the batch's first where nothing happened in the step yet."""
        return (self.run(key).last or self.started).hash

    def seen_from(self, key: str) -> SeenFrom:
        """Return the values that formulas see in a step: those of its own round and before."""
        step, number = parse_key(key)
        return SeenFrom(self, self.recipe.operation_of[step], number)

    def all_values(self) -> SeenFrom:
        """Return the values that formulas see from outside any step: of all rounds."""
        return SeenFrom(self, None, 0)


@dataclass(frozen=True)
class SeenFrom:
    """The recorded values as a formula in one round of an operation sees them.

    A calculation of the second day, repeated because a value of that day was corrected, must not see the fifth.
    """

    batch: Batch
    operation: Operation | None
    number: int

    def recorded(self, name: str) -> list[Value]:
        """Return the values of a name, oldest round first."""
        recipe, runs = self.batch.recipe, self.batch.runs
        step = recipe.home.get(name)
        if step is None:
            return []
        last = self.batch.rounds.get(step, 0)
        if recipe.operation_of[step] is self.operation:
            last = min(last, self.number)
        keys = (key_of(step, number) for number in range(1, last + 1))
        return [runs[key].values[name] for key in keys if key in runs and name in runs[key].values]

    def series(self, name: str) -> Sequence[Result]:
        """Return the values of a name in base units, oldest round first."""
        batch = self.batch
        if name in batch.recipe.parameters:
            return (batch.recipe.parameters[name].base,)
        if name in batch.facts:
            return (base_of(batch.facts[name], batch.recipe.types[name]),)
        if name in ("coi", "batch"):
            return (batch.coi if name == "coi" else batch.id,)
        return tuple(value.base for value in self.recorded(name))

    def times(self, name: str) -> Sequence[Fraction]:
        """Return when each was recorded, in seconds since the epoch."""
        return tuple(seconds(value.stamp.at) for value in self.recorded(name))

    def said(self, function: str, name: str) -> str:
        """Return what a formula used of a name, in words: the newest value, or what a function picks of its rounds."""
        values = self.recorded(name)
        if not function or not values:
            return self.text(name)
        if function == "count":
            return str(len(values))
        one = {"first": values[:1], "previous": values[-2:-1], "time": values[-1:], "previous_time": values[-2:-1]}
        texts = [str(value.stamp.at) if "time" in function else value.text for value in one.get(function, values)]
        return "; ".join(texts)

    def text(self, name: str) -> str:
        """Return the newest value of a name as it was recorded, or empty."""
        batch = self.batch
        if name in batch.recipe.parameters:
            return str(batch.recipe.parameters[name])
        if name in ("coi", "batch"):
            return batch.coi if name == "coi" else batch.id
        if name in batch.facts:
            return batch.facts[name]
        values = self.recorded(name)
        return values[-1].text if values else ""


def key_of(step: str, number: int) -> str:
    """Return the key of a step's doing in a round: ``8.3`` in the first, ``8.3:2`` in the second."""
    return step if number == 1 else f"{step}:{number}"


def parse_key(key: str) -> tuple[str, int]:
    """Return the step and the round of a key. Raise `KeyError` for what is no key."""
    match = _KEY.fullmatch(key)
    if not match or match[2] == "1":
        raise KeyError(key)
    return match[1], int(match[2] or "1")


def seconds(at: datetime) -> Fraction:
    """Return a time in seconds since the epoch, exactly: a float would be off by parts of a microsecond."""
    return Fraction((at - _EPOCH) // timedelta(microseconds=1), 1_000_000)


def base_of(text: str, type_: Type) -> Result:
    """Return what formulas compute with: a number in base units, or the text."""
    if isinstance(type_, str):
        return text
    if type_ == (("time", 1),) and "T" in text:
        return seconds(datetime.fromisoformat(text))
    return Quantity.parse(text).base
