"""What a witness is: somebody else who remembers how many lines there were, and their root.

A witness is told a checkpoint and confirms it, or says why not. It never forgets a larger log for a smaller one; so a
ledger that was cut, rewritten or set back to yesterday, with every key of the server, still contradicts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mes.db import Database
from mes.ledger import checkpoint as notes
from mes.ledger.log import Log, Sealed


class Silent(Exception):  # noqa: N818 - an answer, not an error
    """A witness did not confirm. The sentence says why, and stands on a page."""


class Contradicted(Silent):
    """A witness knows something else than the ledger says: one of them was changed."""


@dataclass(frozen=True)
class Told:
    """What a witness is told: the newest checkpoint, what it confirmed before, and proofs if it asks for them."""

    sealed: Sealed
    confirmed: int  # lines that this witness confirmed last, as far as we know
    at: datetime
    database: Database

    @property
    def origin(self) -> str:
        """Which log it is."""
        return notes.read(self.sealed.note).checkpoint.origin

    def root(self, size: int) -> bytes:
        """Return the root over the first leaves, as the database has it now."""
        with self.database.snapshot() as connection:
            return Log(connection).root(size)

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """Return the proof that the checkpoint begins with the first ``old`` leaves."""
        with self.database.snapshot() as connection:
            return Log(connection).consistency(old, self.sealed.size)


class Witness(Protocol):
    """Who can be asked to confirm a checkpoint."""

    @property
    def name(self) -> str:
        """What it is called on pages."""

    @property
    def words(self) -> str:
        """What and where it is."""

    def confirm(self, told: Told) -> str:
        """Return what proves that it confirmed. Raise `Silent`."""


def must_agree(told: Told, known: notes.Checkpoint) -> None:
    """Raise `Contradicted` where the log does not begin with what a witness knows."""
    sealed = told.sealed
    if known.origin != told.origin:
        raise Contradicted(f"it keeps another log, {known.origin}")
    if known.size > sealed.size:
        raise Contradicted(f"it has confirmed {known.size:,} lines, and there are only {sealed.size:,}")
    if told.root(known.size) != known.root:
        raise Contradicted(f"the first {known.size:,} lines are not those that it confirmed")
