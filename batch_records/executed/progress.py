"""Where a batch stands: which steps are ready, which wait and for what, which clocks run.

All of it follows from the batch and its recipe; nothing here is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from batch_records.executed.batch import Batch, Run, StepState, key_of, parse_key
from batch_records.executed.entries import Stamp
from batch_records.master.recipe import Edge, HoldTime, Operation, Step
from batch_records.values.expression import Missing, Uncomputable
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
    step: str = ""  # the key of the step that stops it

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

    def __iter__(self) -> Iterator[str]:
        """Give every key, as `keys` does."""
        return self.keys()

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
            blocking.append(f"step {step.id} depends on a value that is not recorded yet, or gives no number")
        if number > 1 and not self._round_is_over(operation, number - 1):
            blocking.append(f"round {number - 1} is not finished")
        return blocking + self._unfinished_before(step, operation, number)

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
        clock, stop = self._clock(hold_time)
        if clock is None or stop or (not self.batch.run(clock.step).started and self.is_over(clock.step)):
            return None  # one whose end does not apply would never be stopped
        return clock

    def stopped(self, hold_time: HoldTime) -> tuple[Clock, datetime] | None:
        """Return a hold time's clock and when it stopped, where it has."""
        clock, stop = self._clock(hold_time)
        return (clock, stop.at) if clock and stop else None

    def _clock(self, hold_time: HoldTime) -> tuple[Clock | None, Stamp | None]:
        start = self.edge(hold_time.start)
        if start is None:
            return None, None
        key = self._stops_at(hold_time)
        run = self.batch.run(key)
        stop = run.started if hold_time.stop.is_start else run.ended
        least = duration(hold_time.least) if hold_time.least else timedelta(0)
        due = start.at + duration(hold_time.most) if hold_time.most else None
        clock = Clock(hold_time, start.at, start.at + least, due, key)
        return clock, stop if stop and stop.page >= start.page else None

    def edge(self, edge: Edge) -> Stamp | None:
        """Return when a step started or first ended in its newest round, or None; a time that it recorded, instead."""
        run = self.batch.run(key_of(edge.step, self.batch.rounds.get(edge.step, 1)))
        if edge.value:
            return _said(run, edge.value)
        return run.started if edge.is_start else run.ended

    def _stops_at(self, hold_time: HoldTime) -> str:
        """Return the key of the step that stops a clock: in an operation of its own, that of the same round."""
        start, stop = hold_time.start.step, hold_time.stop.step
        operations = self.batch.recipe.operation_of
        together = operations[start] is operations[stop]
        return key_of(stop, self.batch.rounds.get(start if together else stop, 1))

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
        if any(self._is_of_last_round(name, key) for name in condition.names):
            return None
        try:
            return bool(condition(self.batch.seen_from(key)))
        except (Missing, Uncomputable):
            return None

    def _is_of_last_round(self, name: str, key: str) -> bool:
        """Say whether a value that each round records anew has not been recorded in this one."""
        step, number = self._step(key)
        home = self.batch.recipe.home.get(name)
        if number == 1 or home is None or self.batch.recipe.operation_of[home] is not self._operation(step):
            return False
        return name not in self.batch.run(key_of(home, number)).values

    def _operation(self, step: Step) -> Operation:
        return self.batch.recipe.operation_of[step.id]

    def _unfinished_before(self, step: Step, operation: Operation, number: int) -> list[str]:
        """Say which steps and operations before a step are not finished.

        What was never begun because it does not apply is looked through, to what stands before it: leaving out step 2
        does not let step 3 come before step 1.
        """
        found = []
        todo = [*step.after, *(operation.after if number == 1 else ())]
        for before in todo:  # grows while it is walked
            what, is_over, is_begun, ahead = self._before(before, operation, number)
            if not is_over:
                found.append(f"{what} is not finished")
            elif not is_begun:
                todo += [other for other in ahead if other not in todo]
        return found

    def _before(self, before: str, operation: Operation, number: int) -> tuple[str, bool, bool, Sequence[str]]:
        """Return a predecessor in words, whether it is over, whether it was begun, and its own predecessors."""
        recipe = self.batch.recipe
        if before in recipe.operations_by_id:
            other = recipe.operations_by_id[before]
            begun = any(self.batch.run(step.id).started for step in other.steps)
            return f"operation {before} “{other.title}”", self.is_complete(other), begun, other.after
        step, home = recipe.steps[before], recipe.operation_of[before]
        what = f"step {before} “{step.title}”"
        if home is operation:
            key = key_of(before, number)
            return what, self.is_over(key), self.batch.run(key).started is not None, step.after
        over = self.is_complete(home) if home.repeat else self.is_over(before)
        return what, over, self.batch.run(before).started is not None, (*step.after, *home.after)

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
        if decided is None or operation.repeat is None or decided == operation.repeat.choice:
            return False
        _, field = self.batch.recipe.fields[operation.repeat.until]
        return not any(choice.ends for choice in field.choices if choice.name == decided)


def _said(run: Run, name: str) -> Stamp | None:
    """Return a recorded time, as it is known now, on the page where it was first written."""
    value = run.values.get(name)
    if value is None:
        return None
    first = value.history[0] if value.history else value
    return replace(first.stamp, at=datetime.fromisoformat(value.text))


def _of_run(step: Step, run: Run) -> Standing:
    if run.state is StepState.IN_PROGRESS:
        return Standing.IN_PROGRESS
    if run.state is StepState.COMPLETED and step.verifier:
        return Standing.TO_VERIFY
    return Standing.DONE


def duration(quantity: Quantity) -> timedelta:
    """Return a quantity of time as a duration."""
    return timedelta(seconds=float(quantity.base))
