"""Entries about whom the laboratory must tell something after a release, by when, and that they were told.

The recipe names them. The time runs from the entry that made it due, and goes on running after the batch's end.
"""

from __future__ import annotations

from batch_records.executed.entries import Entry, entry_kind


@entry_kind
class LateResultFound(Entry):
    """After the release, something adverse was found that no step of the record asks for."""

    what: str
    found: str


@entry_kind
class NotificationDue(Entry):
    """Somebody is to be told. ``number`` counts within the batch: N1, N2; ``due`` is when it is too late.

    ``expects`` is “acknowledgement” where being told is not enough.
    """

    number: str
    to: str
    of: str
    because: str
    due: str
    step: str = ""
    expects: str = ""


@entry_kind
class NotificationMade(Entry):
    """They were told: who it was, and how, with its reference where there is one."""

    number: str
    told: str
    how: str


@entry_kind
class NotificationAcknowledged(Entry):
    """The physician knows it, and says how the patient is followed up."""

    number: str
    follow_up: str


@entry_kind
class NotificationOverdue(Entry):
    """Nobody was told in time."""

    number: str
    to: str


NOTIFICATIONS = (LateResultFound, NotificationDue, NotificationMade, NotificationAcknowledged, NotificationOverdue)
