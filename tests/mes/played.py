"""A batch played through the door: the same hands as in the core's tests, with a real laboratory under them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from batch_records.executed import commands as c
from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from batch_records.executed.entries import Entry
from batch_records.master.recipe import Field, Recipe
from mes.batches.commands import IssueBatch
from mes.batches.folds import entries
from mes.execute import HANDLERS, Outcome
from tests.batch_records.playing import Play
from tests.cast import DORA
from tests.mes.furnishing import COUNTER, INCUBATOR, MEDIUM
from tests.mes.laboratory import Laboratory

ANSWERS = {"counter": COUNTER, "incubator": INCUBATOR, "tube": "TUBE-1", "medium": MEDIUM, "labels": "3"}


class Played(Play):
    """A batch in a laboratory. Its clock is the laboratory's."""

    def __init__(self, lab: Laboratory) -> None:
        self.lab, self.number, self.answers = lab, "", dict(ANSWERS)

    def __repr__(self) -> str:
        return f"Played({self.number})"

    @property
    def at(self) -> datetime:
        """The time in the laboratory."""
        return self.lab.time.at

    @at.setter
    def at(self, at: datetime) -> None:
        self.lab.time.at = at

    @property
    def batch(self) -> Batch:
        """The batch as it stands in the database."""
        return self.lab.batch(self.number)

    @property
    def recipe(self) -> Recipe:
        """The recipe it was issued by."""
        return self.batch.recipe

    @property
    def book(self) -> str:
        """The name of its book."""
        return f"batch:{self.number}"

    @property
    def page(self) -> str:
        """The address of its page."""
        return f"/batches/{self.number}"

    def kinds(self) -> list[str]:
        """Return the kinds of its lines."""
        return [line["kind"] for line in self.lab.lines(self.book)]

    def start(self, coi: str = "", **facts: str) -> Played:
        """Issue the batch."""
        outcome = self.lab.do(IssueBatch(coi, {"weight": "20", **facts}), DORA)
        self.number = outcome["batch"]
        if self.batch.issue.edition != "1" or self.batch.issue.recipe != "short":
            self.lab.train(self.batch.issue.recipe, int(self.batch.issue.edition))
        return self

    def do(self, command: c.Command, by: Person | None = None) -> list[Entry]:
        """Carry out a command through the door, signed where it must be, and return what was written."""
        step = getattr(command, "step", "")
        by, before = by or self.performer(step), self.batch.last.page
        self.send(command, by)
        return [entry for stamp, entry in self.entries() if stamp.page > before]

    def send(self, command: c.Command, by: Person, tap: str = "") -> Outcome:
        """Send a command as somebody at their own tablet."""
        seen = self.seen(command) if self._is_signed(command) else None
        return self.lab.do(replace(command, batch=self.number), by, seen=seen, tap=tap)

    def seen(self, command: c.Command) -> str:
        """Return the hash of the last line that a signer would see."""
        run = self.batch.run(getattr(command, "step", ""))
        if isinstance(command, c.StepCommand):
            return (run.last or self.batch.started).hash
        return self.batch.last.hash

    def entries(self) -> list[tuple[Any, Entry]]:
        """Return every stamped entry."""
        with self.lab.reading() as connection:
            return list(entries(connection, self.book))

    def reading(self, key: str, each: Field, value: str) -> c.Reading:
        """Have the instrument send what it would show, then return it as stored."""
        made = super().reading(key, each, value)
        self.lab.measured(made.value, channel=made.channel, unit=made.unit, sample=made.sample or None)
        return made

    def take(self, key: str, name: str, value: str, /, reason: str = "", **changes: Any) -> list[Entry]:  # noqa: ANN401 - any part of a reading
        """Have the instrument send a reading, and take it."""
        self.show(key, name, value, **changes)
        return self.do(c.TakeReading(self.number, key, name, reason=reason))

    def show(self, key: str, name: str, value: str, /, **changes: Any) -> None:  # noqa: ANN401 - any part of a reading
        """Have the instrument send a reading for a field."""
        each = self.field(key, name)
        digits, _, unit = value.partition(" ")
        parts = {"channel": each.channel, "unit": unit, "sample": self.batch.seen_from(key).text(each.sample) or None}
        self.lab.measured(digits, **parts | changes)

    def _is_signed(self, command: c.Command) -> bool:
        if isinstance(command, c.ExplainDeviation):
            return True
        if isinstance(command, c.CompleteStep):
            step = self.recipe.steps.get(command.step.partition(":")[0])
            return bool(step and step.signed)
        return HANDLERS[type(command)].needs_signature
