"""What gateways tell of a batch's instruments, noted in its record."""

from __future__ import annotations

from batch_records.executed import commands as c
from batch_records.executed.decide import decides
from batch_records.executed.draft import Draft


@decides(c.NoteOfInstrument)
def note_of_instrument(draft: Draft, command: c.NoteOfInstrument) -> None:
    """Note it, also after the end: a gateway that was cut off tells late, and it happened all the same."""
    draft.write(command.noted)
