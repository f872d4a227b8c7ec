"""What a decision writes, entry by entry, each judged against the batch as it is after the ones before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, base_of
from batch_records.executed.commands import Person
from batch_records.executed.entries import Entry, Recorded, Stamp
from batch_records.executed.fold import follow
from batch_records.executed.notification_entries import NotificationDue
from batch_records.executed.progress import Progress
from batch_records.master.recipe import Consequence, Field, Occasion, ParameterClass, Recipe
from batch_records.values.expression import Missing, Uncomputable
from batch_records.values.limit import Verdict


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """A wish that may not be, with the sentence that says why and what would unblock it."""


class Malformed(Exception):  # noqa: N818 - an answer, not an error
    """A value that cannot be read as what the field asks for. ``field`` is where to say so."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class Draft:
    """The entries that one command leads to; ``batch`` is the batch with them folded in, ``before`` without."""

    def __init__(self, recipe: Recipe, batch: Batch | None, by: Person, at: datetime) -> None:
        self.recipe, self.by, self.at = recipe, by, at
        self.entries: list[Entry] = []
        self.before = batch
        self._batch, self._folded = batch, 0

    @property
    def batch(self) -> Batch:
        """The batch so far. The entries since it was last asked for are folded with pages they will not really have."""
        for entry in self.entries[self._folded :]:
            page = self._batch.last.page + 1 if self._batch else 1
            stamp = Stamp(page, self.at, self.by.id, "", "", "", name=self.by.name)
            self._batch = follow(self.recipe, self._batch, stamp, entry)
        self._folded = len(self.entries)
        if self._batch is None:
            raise Refused("this batch has not been started")
        return self._batch

    def write(self, entry: Entry) -> None:
        """Write an entry."""
        self.entries.append(entry)

    def record(self, field: Field, entry: Recorded) -> Recorded:
        """Write a recorded value with its verdict, and what follows from a verdict that is out."""
        if entry.verdict is Verdict.NONE:
            verdict, judged = self.judge(field, entry)
            entry = replace(entry, verdict=verdict, judged=judged)
        self.write(entry)
        if entry.verdict.is_out:
            what = f"{field.ask}: {entry.value} {entry.found}"
            self.raise_deviation(what, field.on_action, entry.step, field.name)
        return entry

    def judge(self, field: Field, entry: Recorded) -> tuple[Verdict, str]:
        """Judge a value by its field's limits. Refuse where a limit needs what is not recorded yet.

        What is judged by a limit that gives no number is out: it was not shown to be within.
        """
        values = self.batch.seen_from(entry.step)
        try:
            verdict = field.limits.judge(base_of(entry.value, field.type), values)
            return verdict, field.limits.in_words(values, field.unit)
        except Missing as missing:
            raise Refused(f"the limit of “{field.ask}” needs {self.ask(missing.name)} first") from None
        except Uncomputable as error:
            return Verdict.ACTION, f"the limit cannot be computed: {error}"

    def compute(self, field: Field, key: str) -> e.ValueCalculated:
        """Compute a calculated value. Refuse where it cannot be."""
        try:
            return self.computed(field, key)
        except Missing as missing:
            raise Refused(f"“{field.ask}” needs {self.ask(missing.name)} first") from None
        except Uncomputable as error:
            raise Refused(f"“{field.ask}” cannot be computed: {error}") from None

    def computed(self, field: Field, key: str) -> e.ValueCalculated:
        """Return a calculated value as its step's round sees what is recorded. Raise `Missing` or `Uncomputable`."""
        if not (field.formula and field.rounding and field.unit):
            raise TypeError(f"{field.name} is not calculated")
        values = self.batch.seen_from(key)
        result = field.formula(values)
        if isinstance(result, str):
            raise TypeError(f"{field.name} is a text")
        value = str(field.rounding(Fraction(result), field.unit))
        inputs = {f"{use}({name})" if use else name: values.said(use, name) for use, name in field.formula.inputs}
        formula, rounding = field.formula.text, field.rounding.text
        return e.ValueCalculated(key, field.name, value, formula=formula, rounding=rounding, inputs=inputs)

    def raise_deviation(self, description: str, consequence: Consequence, step: str = "", field: str = "") -> None:
        """Open a deviation, hold the batch where the recipe says so, and have told who must know."""
        number = f"D{len(self.batch.deviations) + 1}"
        self.write(e.DeviationRaised(number, description, step, field))
        if consequence is Consequence.HOLD:
            self.write(e.BatchHeld(description, number))
        home = self.recipe.fields.get(field)
        if home and home[1].parameter_class is ParameterClass.CQA and self.batch.disposition.has_left:
            self.notify(Occasion.LATE_RESULT, description, step)

    def notify(self, occasion: Occasion, because: str, step: str = "") -> None:
        """Let the clock of each notification run that the recipe asks for on this occasion."""
        for each in self.recipe.notifications:
            if each.of is occasion:
                number = f"N{len(self.batch.notifications) + 1}"
                due = (self.at + timedelta(seconds=float(each.within.base))).isoformat()
                expects = "acknowledgement" if each.acknowledged else ""
                self.write(NotificationDue(number, each.to, occasion.value, because, due, step, expects))

    def ask(self, name: str) -> str:
        """Say in words what a name stands for, and where it is recorded."""
        for field in self.recipe.all_fields():
            if name == field.name:
                home = self.recipe.home.get(name)
                return f"“{field.ask}”" + (f" (step {home})" if home else "")
        return f"“{name.replace('_', ' ')}”"

    @property
    def progress(self) -> Progress:
        """Where the batch stands now."""
        return Progress(self.batch)
