"""Waiving what a gate asks for: one signature in each role that the recipe names, by different people."""

from __future__ import annotations

from batch_records.executed import supply_commands as s
from batch_records.executed import waiver
from batch_records.executed.decide import decides
from batch_records.executed.decisions.steps import find, must_be_open
from batch_records.executed.draft import Draft, Malformed, Refused
from batch_records.executed.waiver_entries import GateWaived
from batch_records.master.recipe import Choice, Field
from batch_records.values.expression import Missing


@decides(s.WaiveGate)
def waive(draft: Draft, command: s.WaiveGate) -> None:
    """Sign that a way may be gone although what it needs does not hold, and why."""
    must_be_open(draft)
    field, choice = _choice(draft, command)
    if command.seen != draft.batch.last.hash:
        raise Refused("the record has changed since it was shown: read it again, then sign")
    if _is_met(draft, command.step, choice):
        raise Refused(f"what “{choice.name}” needs holds: there is nothing to waive")
    left = waiver.still_to_sign(draft.batch, command.step, choice)
    mine = [role for role in left if role.value in draft.by.roles]
    if draft.by.id in {stamp.author for stamp, _ in waiver.signed(draft.batch, command.step, choice)}:
        raise Refused(f"{draft.by.name} has signed this waiver: another person signs it as well")
    if not mine:
        roles = " and ".join(f"“{role.value}”" for role in left or choice.waived_by)
        raise Refused(f"this is for a person with the role {roles}; {draft.by.name} does not hold it")
    if not command.justification.strip():
        raise Malformed("justification", "say why the gate may be passed")
    why = command.justification.strip()
    draft.write(GateWaived(command.step, field.name, choice.name, mine[0].value, why))


def _choice(draft: Draft, command: s.WaiveGate) -> tuple[Field, Choice]:
    for field in find(draft, command.step).fields:
        for choice in field.choices:
            if choice.name == command.choice and choice.waived_by:
                return field, choice
    raise Refused(f"step {command.step} has no choice “{command.choice}” that could be waived")


def _is_met(draft: Draft, key: str, choice: Choice) -> bool:
    try:
        return waiver.is_met(draft.batch, key, choice)
    except Missing as missing:
        raise Refused(f"“{choice.name}” needs {draft.ask(missing.name)} first") from None
