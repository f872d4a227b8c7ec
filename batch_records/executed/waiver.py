"""Who has waived what a choice needs, and who has still to: people in the roles that the recipe names, each another.

A signature counts for the values that it was given on: when one of them changes, everybody signs again.
"""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.executed.batch import Batch
from batch_records.executed.entries import Stamp
from batch_records.executed.waiver_entries import GateWaived
from batch_records.master.recipe import Choice, Role
from batch_records.values.expression import Missing, Uncomputable


def signed(batch: Batch, key: str, choice: Choice) -> list[tuple[Stamp, GateWaived]]:
    """Return the signatures that count for a choice in one doing of its step."""
    names = choice.needs.names if choice.needs else ()
    pages = [value.stamp.page for name in names for value in batch.seen_from(key).recorded(name)[-1:]]
    return [
        (stamp, entry)
        for stamp, entry in batch.waivers
        if (entry.step, entry.choice) == (key, choice.name) and stamp.page > max(pages, default=0)
    ]


def still_to_sign(batch: Batch, key: str, choice: Choice) -> list[Role]:
    """Return the roles in which nobody has signed yet."""
    given = [entry.role for _, entry in signed(batch, key, choice)]
    return [role for role in choice.waived_by if role.value not in given]


def waived(batch: Batch) -> Iterator[tuple[str, Choice]]:
    """Give each choice that was decided although what it needs does not hold, with the key of its step."""
    for run in batch.runs.values():
        for name, value in run.values.items():
            home = batch.recipe.fields.get(name)
            for choice in home[1].choices if home else ():
                if choice.name == value.text and choice.waived_by and not is_met(batch, run.key, choice):
                    yield run.key, choice


def is_met(batch: Batch, key: str, choice: Choice) -> bool:
    """Say whether what a choice needs holds, by the values seen from its step. Raise `Missing`."""
    try:
        return choice.needs is None or bool(choice.needs(batch.seen_from(key)))
    except Uncomputable:
        return False


def known_to_be_met(batch: Batch, key: str, choice: Choice) -> bool | None:
    """Say whether what a choice needs holds; None as long as it is not recorded."""
    try:
        return is_met(batch, key, choice)
    except Missing:
        return None


def may_be_waived(batch: Batch, key: str) -> bool:
    """Say whether a choice of a step is not open, and can be opened by a waiver."""
    choices = (choice for each in batch.recipe.steps[key.partition(":")[0]].fields for choice in each.choices)
    return any(choice.waived_by and known_to_be_met(batch, key, choice) is False for choice in choices)
