"""Whom the laboratory tells what was found after a release: each a task with a clock, never an edit of a status."""

from __future__ import annotations

from batch_records.executed import supply_commands as s
from batch_records.executed.decide import decides
from batch_records.executed.decisions.steps import must_hold
from batch_records.executed.draft import Draft, Malformed, Refused
from batch_records.executed.notification_entries import LateResultFound, NotificationAcknowledged, NotificationMade
from batch_records.executed.supply import Notification
from batch_records.master.recipe import Occasion, Role

_TELL = frozenset({Role.REVIEWER.value, Role.RELEASER.value})


@decides(s.ReportLateResult)
def report_late_result(draft: Draft, command: s.ReportLateResult) -> None:
    """Report what was found after the release, and let the clocks of whom to tell run."""
    if not draft.batch.disposition.has_left:
        raise Refused(f"batch {draft.batch.id} is {draft.batch.disposition.value}: report a deviation instead")
    if not (command.what.strip() and command.found.strip()):
        raise Malformed("found", "say what was looked at, and what was found")
    draft.write(LateResultFound(command.what.strip(), command.found.strip()))
    draft.notify(Occasion.LATE_RESULT, f"{command.what.strip()}: {command.found.strip()}")


@decides(s.MakeNotification)
def make(draft: Draft, command: s.MakeNotification) -> None:
    """Say that somebody was told, once, by quality."""
    if not draft.by.roles & _TELL:
        raise Refused(f"quality tells and signs for it; {draft.by.name} does not hold a role of quality")
    each = _find(draft, command.number)
    if each.made:
        raise Refused(f"{each.entry.to} was told by {each.made[0].who} already")
    if not (command.told.strip() and command.how.strip()):
        raise Malformed("told", "say whom you told, and how, with the reference where there is one")
    draft.write(NotificationMade(command.number, command.told.strip(), command.how.strip()))


@decides(s.AcknowledgeNotification)
def acknowledge(draft: Draft, command: s.AcknowledgeNotification) -> None:
    """Acknowledge what one was told, as a physician, with how the patient is followed up."""
    must_hold(draft, Role.PHYSICIAN)
    each = _find(draft, command.number)
    if not each.entry.expects:
        raise Refused(f"notification {command.number} asks for no acknowledgement")
    if not each.made:
        raise Refused(f"{each.entry.to} was not told yet: that is written down first")
    if each.acknowledged:
        raise Refused(f"notification {command.number} was acknowledged by {each.acknowledged[0].who} already")
    if not command.follow_up.strip():
        raise Malformed("follow_up", "say how the patient is followed up")
    draft.write(NotificationAcknowledged(command.number, command.follow_up.strip()))


def _find(draft: Draft, number: str) -> Notification:
    if number not in draft.batch.notifications:
        raise Refused(f"this batch has no notification {number}")
    return draft.batch.notifications[number]
