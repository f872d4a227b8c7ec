"""Entries about alarms of the instruments that a batch used: what ISA-18.2 calls the history of an alarm.

An alarm stands first in the book of its instrument; these are written beside it, at the same moment, into the book of
each batch that the instrument belonged to. ``alarm`` names one occurrence: instrument, rule, and the how-manieth.
"""

from __future__ import annotations

from batch_records.executed.entries import Entry, entry_kind


@entry_kind
class AlarmRaised(Entry):
    """A value went past an alarm limit for longer than its delay, or a signal was lost."""

    alarm: str
    instrument: str
    channel: str
    condition: str
    priority: str
    value: str
    since: str


@entry_kind
class AlarmReturned(Entry):
    """What raised an alarm is over: since when, and what was measured then."""

    alarm: str
    since: str
    value: str = ""


@entry_kind
class AlarmAcknowledged(Entry):
    """A person has seen an alarm and says what is done about it."""

    alarm: str
    text: str


@entry_kind
class AlarmShelved(Entry):
    """A person took an alarm off the list until a time, for a reason; it is recorded all the same."""

    alarm: str
    until: str
    because: str


@entry_kind
class AlarmUnshelved(Entry):
    """An alarm is on the list again, because its time ran out or a person put it back."""

    alarm: str
    because: str


ALARMS = (AlarmRaised, AlarmReturned, AlarmAcknowledged, AlarmShelved, AlarmUnshelved)
