"""An entry about a gate that was not met and is passed all the same, because people who answer for it sign."""

from __future__ import annotations

from batch_records.executed.entries import Entry, entry_kind


@entry_kind
class GateWaived(Entry):
    """One of those who together may waive what a choice needs has signed, in this role, for this reason."""

    step: str
    field: str
    choice: str
    role: str
    justification: str
