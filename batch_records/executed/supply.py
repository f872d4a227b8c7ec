"""What a batch knows of its supply out of specification, and of whom it concerns that something was found.

Each record of a supply stands on the one before: a new request asks for a new evaluation, a new evaluation for a new
acceptance. What stood on the older one counts no more; it stays in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from batch_records.executed import notification_entries as n
from batch_records.executed import supply_entries as s
from batch_records.executed.entries import Entry, Stamp

if TYPE_CHECKING:
    from batch_records.executed.batch import Batch


@dataclass(frozen=True, slots=True)
class Supply:
    """The records of a supply out of specification that count."""

    request: tuple[Stamp, s.SupplyRequested] | None = None
    evaluation: tuple[Stamp, s.RiskEvaluated] | None = None
    acceptance: tuple[Stamp, s.SupplyAccepted] | None = None
    authorisation: tuple[Stamp, s.SupplyAuthorised] | None = None

    @property
    def records(self) -> tuple[tuple[Stamp, Entry], ...]:
        """Those that there are, in their order."""
        return tuple(each for each in (self.request, self.evaluation, self.acceptance, self.authorisation) if each)


NO_SUPPLY = Supply()


@dataclass(frozen=True, slots=True)
class Notification:
    """Somebody to be told, and what became of it."""

    since: Stamp
    entry: n.NotificationDue
    made: tuple[Stamp, n.NotificationMade] | None = None
    acknowledged: tuple[Stamp, n.NotificationAcknowledged] | None = None
    overdue: Stamp | None = None

    @property
    def due(self) -> datetime:
        """When it is too late."""
        return datetime.fromisoformat(self.entry.due)

    @property
    def is_done(self) -> bool:
        """Whether they were told, and said that they know it where that is asked for."""
        return self.made is not None and (self.acknowledged is not None or not self.entry.expects)

    @property
    def is_running(self) -> bool:
        """Whether its clock runs: nobody was told yet, and nobody has said that it is too late."""
        return self.made is None and self.overdue is None


def _request(batch: Batch, stamp: Stamp, entry: s.SupplyRequested) -> dict[str, Any]:
    del batch
    return {"supply": Supply(request=(stamp, entry))}


def _evaluate(batch: Batch, stamp: Stamp, entry: s.RiskEvaluated) -> dict[str, Any]:
    return {"supply": Supply(batch.supply.request, evaluation=(stamp, entry))}


def _accept(batch: Batch, stamp: Stamp, entry: s.SupplyAccepted) -> dict[str, Any]:
    return {"supply": Supply(batch.supply.request, batch.supply.evaluation, acceptance=(stamp, entry))}


def _authorise(batch: Batch, stamp: Stamp, entry: s.SupplyAuthorised) -> dict[str, Any]:
    return {"supply": replace(batch.supply, authorisation=(stamp, entry))}


def _find(batch: Batch, stamp: Stamp, entry: n.LateResultFound) -> dict[str, Any]:
    return {"late": (*batch.late, (stamp, entry))}


def _fall_due(batch: Batch, stamp: Stamp, entry: n.NotificationDue) -> dict[str, Any]:
    datetime.fromisoformat(entry.due)
    return {"notifications": {**batch.notifications, entry.number: Notification(stamp, entry)}}


def _make(batch: Batch, stamp: Stamp, entry: n.NotificationMade) -> dict[str, Any]:
    return _changed(batch, entry.number, made=(stamp, entry))


def _acknowledge(batch: Batch, stamp: Stamp, entry: n.NotificationAcknowledged) -> dict[str, Any]:
    return _changed(batch, entry.number, acknowledged=(stamp, entry))


def _too_late(batch: Batch, stamp: Stamp, entry: n.NotificationOverdue) -> dict[str, Any]:
    return _changed(batch, entry.number, overdue=stamp)


def _changed(batch: Batch, number: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any attribute of a notification
    return {"notifications": {**batch.notifications, number: replace(batch.notifications[number], **changes)}}


FOLDED: Mapping[type[Entry], Callable[[Batch, Stamp, Any], dict[str, Any]]] = {
    s.SupplyRequested: _request,
    s.RiskEvaluated: _evaluate,
    s.SupplyAccepted: _accept,
    s.SupplyAuthorised: _authorise,
    n.LateResultFound: _find,
    n.NotificationDue: _fall_due,
    n.NotificationMade: _make,
    n.NotificationAcknowledged: _acknowledge,
    n.NotificationOverdue: _too_late,
}
