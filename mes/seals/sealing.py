"""The seals of one installation: lines are sealed, checkpoints go to witnesses, and it is said what could not be.

A line is sealed before it is a minute old or a hundred others wait with it, and before a review or a release is
acknowledged. A witness that does not answer stops nothing: what happened is on record; it is told later, and until
then pages say so. Where nothing new happens, witnesses are told the same again: so their silence shows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from mes.db import Database
from mes.ledger import log, seal
from mes.ledger.seal_keys import KIND, Keyring, is_written
from mes.ledger.vouched import BEGUN
from mes.seals import records
from mes.seals.configured import witnesses_of
from mes.seals.witness import Contradicted, Silent, Told, Witness

# The clock asks each second. With these, a line waits no minute, and no hundred lines wait, at fifty lines a second.
AGE, LINES = timedelta(seconds=45), 50
HEARTBEAT = timedelta(minutes=10)
_COMPARE = timedelta(minutes=10)


@dataclass(frozen=True)
class OpenLog:
    """A command of the system: make the first key, and announce it."""


@dataclass(frozen=True)
class VouchFromNow:
    """A command of the system: say that signatures are vouched for from now on."""


@dataclass(frozen=True)
class Report:
    """What sealing came to: lines sealed now, and what is not as it should be, as sentences."""

    sealed: int
    problems: tuple[str, ...]


class Sealing:
    """Seals what is written, and has it witnessed."""

    def __init__(self, database: Database, folder: Path, clock: Callable[[], datetime]) -> None:
        self.database, self.folder, self.clock = database, folder, clock
        self.keyring = Keyring(folder)
        self._telling = threading.Lock()
        self._compared: datetime | None = None
        self._vouches = False  # known to

    @cached_property
    def witnesses(self) -> tuple[Witness, ...]:
        """Who confirms the checkpoints; at least one."""
        return witnesses_of(self.folder)

    def is_open(self) -> bool:
        """Whether a key was announced."""
        with self.database.reader.connect() as connection:
            return is_written(connection, KIND)

    def can_vouch(self) -> bool:
        """Whether it is yet to be said from where on signatures are vouched for, and all before is sealed."""
        if not self._vouches:
            with self.database.snapshot() as connection:
                self._vouches = is_written(connection, BEGUN)
                return not self._vouches and log.newest(connection) is not None and not seal.waiting(connection, None)
        return False

    def seal_now(self, books: Iterable[str]) -> Report:
        """Seal all that is committed, these books' newest lines above all, and have it confirmed."""
        return self._sealed_and_told(books, is_urgent=True)

    def seal_what_is_due(self) -> Report:
        """Seal where enough lines wait, or one waits long enough; tell witnesses that are behind."""
        at = self.clock()
        try:
            every = self._must_compare(at)
            with self.database.snapshot() as connection:
                found = seal.waiting(connection, None if every else seal.since(connection, at))
        except SQLAlchemyError as error:
            return Report(0, (_not_sealed(error),))
        is_due = len(found) >= LINES or any(each.at <= at - AGE for each in found)
        return self._sealed_and_told({each.book for each in found}) if is_due else Report(0, self._tell())

    def _must_compare(self, at: datetime) -> bool:
        """Say whether each book is to be compared: once in a while, and when the clock ran back."""
        if self._compared is not None and self._compared <= at < self._compared + _COMPARE:
            return False
        self._compared = at
        return True

    def _sealed_and_told(self, books: Iterable[str], *, is_urgent: bool = False) -> Report:
        try:
            count = seal.seal(self.database, self.keyring, self.clock(), books)
        except (seal.NotSealed, SQLAlchemyError, OSError) as error:
            return Report(0, (_not_sealed(error),))
        return Report(count, self._tell(is_urgent=is_urgent))

    def _tell(self, *, is_urgent: bool = False) -> tuple[str, ...]:
        """Tell every witness that is behind, one thread at a time; return what is wrong, a sentence each."""
        try:
            with self._telling:
                return tuple(filter(None, [self._ask(witness, is_urgent=is_urgent) for witness in self.witnesses]))
        except (SQLAlchemyError, ValueError, OSError) as error:
            return (f"the witnesses were not told: {error}",)

    def _ask(self, witness: Witness, *, is_urgent: bool) -> str:
        """Have one witness confirm the newest checkpoint, if it has not lately; return what is wrong."""
        at, every = self.clock(), timedelta(0) if is_urgent else witness.every
        with self.database.snapshot() as connection:
            sealed, before = log.newest(connection), records.standing(connection, witness.name)
        if sealed is None or _is_fresh(before, sealed, at, every):
            return ""
        try:
            answer = witness.confirm(Told(sealed, before.size, at, self.database))
        except Contradicted as contradicted:
            if not self._is_newest(sealed):
                return self._ask(witness, is_urgent=is_urgent)
            return self._silent(witness, sealed, before, str(contradicted))
        except Silent as silent:
            return self._silent(witness, sealed, before, str(silent))
        self._keep(witness, sealed, at, answer=answer)
        return ""

    def _silent(self, witness: Witness, sealed: log.Sealed, before: records.Standing, problem: str) -> str:
        """Keep why a witness does not confirm, once, and return it as a sentence."""
        if problem != before.problem:
            self._keep(witness, sealed, self.clock(), problem=problem)
        return f"the witness {witness.name} has not confirmed: {problem}"

    def _is_newest(self, sealed: log.Sealed) -> bool:
        """Whether nobody sealed meanwhile: a witness that another process told more is not wrong."""
        with self.database.snapshot() as connection:
            return log.newest(connection) == sealed

    def _keep(self, witness: Witness, sealed: log.Sealed, at: datetime, *, answer: str = "", problem: str = "") -> None:
        with self.database.turn(), self.database.writer.begin() as connection:
            records.keep(connection, witness.name, sealed.size, at, answer=answer, problem=problem)


def _is_fresh(standing: records.Standing, sealed: log.Sealed, at: datetime, every: timedelta) -> bool:
    """Whether a witness has confirmed all there is, and lately; or so lately that it need not be told yet."""
    if standing.problem or standing.at is None or standing.size > sealed.size:
        return False
    until = max(every, HEARTBEAT if standing.size >= sealed.size else timedelta(0))
    return standing.at <= at < standing.at + until


def _not_sealed(error: Exception) -> str:
    return f"the newest lines are not sealed: {error}"
