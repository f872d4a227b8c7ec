"""A batch played in memory by the cast, with shortcuts for one thing at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.commands import Person
from batch_records.executed.entries import Entry
from batch_records.executed.progress import Standing
from batch_records.master.recipe import Role
from batch_records.release.rehearsal import START, B, Rehearsal
from tests.cast import ALICE, BOB, DORA, LARS, LENA, PETRA, QUINN

__all__ = ["BY_ROLE", "RUTH", "START", "B", "Play", "Standing", "kinds"]

RUTH = Person("ruth", "Ruth Reviewer", frozenset({Role.REVIEWER.value}))  # decides no gate, and so may review
BY_ROLE = {
    Role.OPERATOR: ALICE,
    Role.VERIFIER: BOB,
    Role.ANALYST: LENA,
    Role.PHYSICIAN: DORA,
    Role.REVIEWER: QUINN,
    Role.RELEASER: PETRA,
}
SECOND = BY_ROLE | {Role.ANALYST: LARS}


def kinds(entries: Iterable[Entry]) -> list[str]:
    """Return the kinds of entries, in words."""
    return [e.kind(entry) for entry in entries]


@dataclass
class Play(Rehearsal):
    """A batch of the tests."""

    performers: ClassVar[Mapping[Role, Person]] = BY_ROLE
    seconds: ClassVar[Mapping[Role, Person]] = SECOND
    reviewer: ClassVar[Person] = RUTH

    def enter(self, key: str, by: Person | None = None, reason: str = "", **values: str) -> list[Entry]:
        """Enter values."""
        return self.do(c.RecordValues(B, key, values, reason), by)

    def report(self, key: str, by: Person | None = None, **values: str) -> list[Entry]:
        """Report laboratory results."""
        return self.do(c.ReportResults(B, key, values), by)

    def scan(self, key: str, name: str, code: str, by: Person | None = None) -> list[Entry]:
        """Scan an identity."""
        return self.do(c.CheckIdentity(B, key, name, code), by)

    def add(self, key: str, name: str, number: str = "L-1", reason: str = "", **changes: Any) -> list[Entry]:  # noqa: ANN401 - any fact of a lot
        """Scan a lot; ``changes`` are what is not as it should be about it."""
        lot = replace(self.lot(self.field(key, name), number), **changes)
        return self.do(c.AddMaterial(B, key, name, number, lot, reason))

    def use(self, key: str, name: str, code: str = "E-1", reason: str = "", **changes: Any) -> list[Entry]:  # noqa: ANN401 - any fact of equipment
        """Scan equipment."""
        equipment = replace(self.equipment(self.field(key, name), code), **changes)
        return self.do(c.UseEquipment(B, key, name, code, equipment, reason))

    def take(self, key: str, name: str, value: str, /, reason: str = "", **changes: Any) -> list[Entry]:  # noqa: ANN401 - any fact of a reading
        """Take a reading."""
        reading = replace(self.reading(key, self.field(key, name), value), **changes)
        return self.do(c.TakeReading(B, key, name, reading, reason))

    def tube(self, key: str, name: str, code: str, reason: str = "", known_in: str = "") -> list[Entry]:
        """Take a sample."""
        return self.do(c.TakeSample(B, key, name, code, known_in, reason))

    def choose(self, key: str, name: str, choice: str, reason: str = "", by: Person | None = None) -> list[Entry]:
        """Decide."""
        return self.do(c.Decide(B, key, name, choice, reason), by)

    def correct(
        self, key: str, name: str, value: str, reason: str = "misread", by: Person | None = None
    ) -> list[Entry]:
        """Correct a value."""
        return self.do(c.CorrectValue(B, key, name, value, reason), by)

    def send_back(self, key: str, reason: str = "look again", by: Person = BOB) -> list[Entry]:
        """Refuse to verify a step."""
        return self.do(c.SendBack(B, key, reason), by)
