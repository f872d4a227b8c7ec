"""Alarms of a batch's instruments, noted in its record as they come, are seen, and go."""

from __future__ import annotations

from batch_records.executed import commands as c
from batch_records.executed.alarm_entries import AlarmRaised
from batch_records.executed.decide import decides
from batch_records.executed.decisions.steps import must_be_open
from batch_records.executed.draft import Draft, Refused


@decides(c.NoteAlarm)
def note_alarm(draft: Draft, command: c.NoteAlarm) -> None:
    """Note what happened to an alarm. One is raised while the batch is open; what becomes of it is noted ever after."""
    raised = {entry.alarm for _, entry in draft.batch.alarms if isinstance(entry, AlarmRaised)}
    if isinstance(command.noted, AlarmRaised):
        must_be_open(draft)
    elif command.noted.alarm not in raised:
        raise Refused(f"alarm {command.noted.alarm} is none of this batch")
    draft.write(command.noted)
