"""Where a batch stands: which steps are ready, which wait and for what, which clocks run.

All of it follows from the batch and its recipe; nothing here is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from batch_records.executed.batch import Batch, Run, StepState, key_of, parse_key
from batch_records.executed.entries import Stamp
from batch_records.master.recipe import Edge, HoldTime, Operation, Step
from batch_records.values.expression import Missing
from batch_records.values.formula import Formula
from batch_records.values.quantity import Quantity


class Standing(Enum):
    """Where one doing of a step stands, seen from outside."""

    NOT_APPLICABLE = "not applicable"
    WAITING = "waiting"
    READY = "ready"
    IN_PROGRESS = "in progress"
    TO_VERIFY = "to be verified"
    DONE = "done"

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be done."""
        return self in (Standing.NOT_APPLICABLE, Standing.DONE)


@dataclass(frozen=True)
class Clock:
    """A running hold time: since when, from when on it may end, and until when at the latest."""

    hold_time: HoldTime
    since: datetime
    earliest: datetime
    due: datetime | None

    @property
    def name(self) -> str:
        """What `Batch.overdue` knows this running by."""
        return f"{self.hold_time.name}, since {self.since.isoformat()}"


class Progress:
    """The standing of every step of one batch, each computed once."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self._standings: dict[str, Standing] = {}
        self._over: dict[tuple[str, int], bool] = {}

    def keys(self) -> Iterator[str]:
        """Give the key of every doing of every step, in the order of the recipe, round by round."""
        for operation in self.batch.recipe.operations:
            for number in range(1, self.rounds(operation) + 1):
                yield from (key_of(step.id, number) for step in operation.steps)

    def has(self, key: str) -> bool:
        """Say whether a key names a step of this batch in a round that exists by now."""
        try:
            step, number = parse_key(key)
            return number <= self.rounds(self.batch.recipe.operation_of[step])
        except KeyError:
            return False

    def rounds(self, operation: Operation) -> int:
        """Return how many rounds of an operation there are by now: one more than were closed without ending it."""
        if not operation.repeat:
            return 1
        begun = max(self.batch.rounds.get(step.id, 1) for step in operation.steps)
        number = 1
        while number < operation.repeat.at_most and self._goes_on(operation, number):
            number += 1
        return max(begun, number)

    def is_over(self, key: str) -> bool:
        """Say whether nothing more is to be done in a step. It asks no other step: no recipe is too long for it."""
        step, _ = self._step(key)
        run = self.batch.run(key)
        return _of_run(step, run).is_over if run.started else not self._applies(step, key)

    def standing(self, key: str) -> Standing:
        """Return where a step stands."""
        if key not in self._standings:
            self._standings[key] = self._standing(key)
        return self._standings[key]

    def waits_for(self, key: str) -> list[str]:
        """Say what a step waits for, one sentence each; empty where it is ready or begun."""
        step, number = self._step(key)
        operation = self.batch.recipe.operation_of[step.id]
        blocking = []
        if None in (self._holds(step.when, key), self._holds(operation.when, key)):
            blocking.append(f"step {step.id} depends on a value that is not recorded yet")
        blocking += [
            f"step {before} “{self.batch.recipe.steps[before].title}” is not finished"
            for before in step.after
            if not self._is_before_over(before, operation, number)
        ]
        if not any(self.batch.recipe.operation_of.get(before) is operation for before in step.after):
            blocking += self._operation_waits_for(operation, number)
        return blocking

    def is_complete(self, operation: Operation) -> bool:
        """Say whether every step of an operation is over, and its repetition has ended."""
        if self._holds(operation.when, operation.steps[0].id) is False:
            return True
        last = self.rounds(operation)
        if operation.repeat and not self._ended(operation, last):
            return False
        return all(self._round_is_over(operation, number) for number in range(1, last + 1))

    def clocks(self) -> list[Clock]:
        """Return the hold times that run now, the one due first at the head."""
        running = [clock for hold_time in self.batch.recipe.hold_times if (clock := self.clock(hold_time))]
        return sorted(running, key=lambda clock: clock.due or clock.earliest)

    def clock(self, hold_time: HoldTime) -> Clock | None:
        """Return a hold time's clock where it has started and not stopped since."""
        start, stop = self.edge(hold_time.start), self.edge(hold_time.stop)
        if not start or (stop and stop.page >= start.page):
            return None
        least = duration(hold_time.least) if hold_time.least else timedelta(0)
        due = start.at + duration(hold_time.most) if hold_time.most else None
        return Clock(hold_time, start.at, start.at + least, due)

    def edge(self, edge: Edge) -> Stamp | None:
        """Return when a step last started or ended, or None."""
        run = self.batch.run(key_of(edge.step, self.batch.rounds.get(edge.step, 1)))
        return run.started if edge.is_start else run.completed

    def _step(self, key: str) -> tuple[Step, int]:
        step, number = parse_key(key)
        return self.batch.recipe.steps[step], number

    def _standing(self, key: str) -> Standing:
        step, _ = self._step(key)
        run = self.batch.run(key)
        if run.started:
            return _of_run(step, run)
        if not self._applies(step, key):
            return Standing.NOT_APPLICABLE
        return Standing.WAITING if self.waits_for(key) else Standing.READY

    def _applies(self, step: Step, key: str) -> bool:
        """Say whether a step is to be done, as far as is known: what cannot be known yet is still to come."""
        conditions = (step.when, self.batch.recipe.operation_of[step.id].when)
        return not any(self._holds(condition, key) is False for condition in conditions)

    def _holds(self, condition: Formula | None, key: str) -> bool | None:
        """Evaluate a condition: True where there is none, None where it cannot be known yet."""
        if condition is None:
            return True
        try:
            return bool(condition(self.batch.seen_from(key)))
        except Missing:
            return None

    def _is_before_over(self, before: str, operation: Operation, number: int) -> bool:
        other = self.batch.recipe.operation_of[before]
        if other is operation:
            return self.is_over(key_of(before, number))
        return self.is_complete(other) if other.repeat else self.is_over(before)

    def _operation_waits_for(self, operation: Operation, number: int) -> list[str]:
        if number > 1:
            return [] if self._round_is_over(operation, number - 1) else [f"round {number - 1} is not finished"]
        by_id = {other.id: other for other in self.batch.recipe.operations}
        return [
            f"operation {before} “{by_id[before].title}” is not finished"
            for before in operation.after
            if not self.is_complete(by_id[before])
        ]

    def _round_is_over(self, operation: Operation, number: int) -> bool:
        known = self._over.get((operation.id, number))
        if known is None:
            known = all(self.is_over(key_of(step.id, number)) for step in operation.steps)
            self._over[operation.id, number] = known
        return known

    def _decided(self, operation: Operation, number: int) -> str | None:
        if not operation.repeat:
            return None
        key = key_of(self.batch.recipe.home[operation.repeat.until], number)
        value = self.batch.run(key).values.get(operation.repeat.until)
        return value.text if value and self.is_over(key) else None

    def _ended(self, operation: Operation, number: int) -> bool:
        return operation.repeat is not None and self._decided(operation, number) == operation.repeat.choice

    def _goes_on(self, operation: Operation, number: int) -> bool:
        decided = self._decided(operation, number)
        return decided is not None and not self._ended(operation, number)


def _of_run(step: Step, run: Run) -> Standing:
    if run.state is StepState.IN_PROGRESS:
        return Standing.IN_PROGRESS
    if run.state is StepState.COMPLETED and step.verifier:
        return Standing.TO_VERIFY
    return Standing.DONE


def duration(quantity: Quantity) -> timedelta:
    """Return a quantity of time as a duration."""
    return timedelta(seconds=float(quantity.base))
