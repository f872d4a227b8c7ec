"""What follows from a command: entries, or a refusal that says why and what would unblock it.

An observation is recorded, whatever it says; a wish may be refused. The functions that decide live in
``decisions/``, one file for each kind of concern; each is registered for the command it decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from batch_records.executed.batch import Batch
from batch_records.executed.commands import Command, Person
from batch_records.executed.draft import Draft
from batch_records.executed.entries import Entry
from batch_records.master.recipe import Recipe

Decision = Callable[[Draft, Any], None]
_D = TypeVar("_D", bound=Decision)
DECISIONS: dict[type[Command], Decision] = {}


def decides(command: type[Command]) -> Callable[[_D], _D]:
    """Register the function below as the one that decides a command."""

    def register(decision: _D) -> _D:
        DECISIONS[command] = decision
        return decision

    return register


def decide(recipe: Recipe, batch: Batch | None, command: Command, by: Person, at: datetime) -> list[Entry]:
    """Return the entries that a command leads to. Raise `Refused` or `Malformed`."""
    draft = Draft(recipe, batch, by, at)
    DECISIONS[type(command)](draft, command)
    return draft.entries
