"""What the page about a supply out of specification shows: what is written, and what comes next, by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask import url_for

from batch_records.executed.batch import Batch, Disposition
from batch_records.executed.commands import Person
from batch_records.master.recipe import Role, SupplyPath
from batch_records.release.out_of_specification import blocks, findings, missing, untold
from mes.batches import shown
from mes.batches.queries import find
from mes.context import installation
from mes.people.queries import names
from mes.reports.models import SUPPLY
from mes.reports.queries import state_of
from mes.reports.supply import RECORDS, SupplyRecord, records
from mes.web import shapes
from mes.web.errors import not_signed
from mes.web.forms import Form


@dataclass(frozen=True)
class Move:
    """What comes next in a supply: who does it, what is signed, and what it asks for."""

    endpoint: str
    role: Role
    title: str
    statement: str
    meaning: str
    button: str
    asks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SupplyPage:
    """Everything that ``supply.html`` asks for."""

    batch: shapes.BatchHead
    path: str
    findings: tuple[str, ...]
    records: tuple[SupplyRecord, ...]
    act: Move | None
    waits: str  # what comes next, where it is somebody else's
    blocked: tuple[str, ...]
    signature: shapes.Signature | None
    notifications_url: str
    document: str  # empty, being made, ready, failed
    draft: Mapping[str, str] = field(default_factory=dict)

    def again(self, _: str, entered: Form, error: Exception) -> SupplyPage | None:
        """Return the page after a refusal, with its sentence and what was typed; None where nothing can be signed."""
        if self.signature is None:
            return None
        return replace(self, signature=not_signed(self.signature, entered, error), draft=entered.fields)


_ASKS = {kind.__name__: asks for kind, (_, asks) in RECORDS.items()}
_REQUEST = Move(
    "supply.request_supply",
    Role.PHYSICIAN,
    "The treating physician's request",
    "I treat this patient, and ask for this product although it is out of specification.",
    "requested",
    "Ask for the product",
    _ASKS["SupplyRequested"],
)
_EVALUATE = Move(
    "supply.evaluate_risk",
    Role.REVIEWER,
    "The manufacturer's evaluation of the risk",
    "This is what we know of the risk, for the physician who asked.",
    "evaluated",
    "Give the evaluation",
    _ASKS["RiskEvaluated"],
)
_ACCEPT = Move(
    "supply.accept_supply",
    Role.PHYSICIAN,
    "The physician's acceptance",
    "I have read the evaluation of the risk, and accept the product for my patient.",
    "accepted",
    "Accept the product",
    _ASKS["SupplyAccepted"],
)
_AUTHORISE = Move(
    "supply.authorise_supply",
    Role.PHYSICIAN,
    "The medical director's authorisation",
    "I am the medical director, and authorise this use under the IND.",
    "authorised",
    "Authorise the use",
    _ASKS["SupplyAuthorised"],
)
_RELEASE = Move(
    "supply.release_out_of_specification",
    Role.RELEASER,
    "Release out of specification",
    "Every record is there. This is no certificate: the batch does not meet its specification.",
    "released out of specification",
    "Release out of specification",
)
_CONCLUDE = Move(
    "supply.conclude_supply",
    Role.RELEASER,
    "Conclude the record",
    "Every result is in, and everybody was told who had to be.",
    "concluded",
    "Conclude the record",
)


def supply_page(batch: str, person: Person) -> SupplyPage:
    """Return the page of a batch's supply out of specification."""
    with installation().reading() as session:
        found, altered = find(session, batch), shown.altered(session, batch)
        document = state_of(session, batch, SUPPLY)
    people, act = names(), _next(found)
    blocked = (*altered, *(_blocked(found) if act in (_RELEASE, _CONCLUDE) else ()))
    mine = act is not None and act.role.value in person.roles
    return SupplyPage(
        batch=shown.head(found, people),
        path=found.recipe.supply.value if found.recipe.supply else "",
        findings=tuple(f"{sentence[:1].upper()}{sentence[1:]}." for sentence in findings(found)),
        records=tuple(records(found, people)),
        act=act,
        waits=f"{act.title}: by a person with the role “{act.role.value}”." if act and not mine else "",
        blocked=tuple(f"{sentence[:1].upper()}{sentence[1:]}." for sentence in blocked),
        signature=_signature(found, act) if act and mine and not blocked else None,
        notifications_url=url_for("supply.notifications", batch=batch) if found.notifications else "",
        document=document,
    )


def _next(batch: Batch) -> Move | None:
    """Return what comes next; nothing where the recipe knows no such supply, or it is over."""
    if batch.disposition is Disposition.RELEASED_OUT_OF_SPECIFICATION:
        return _CONCLUDE
    left = (Disposition.IN_PROCESS, Disposition.CONDITIONALLY_RELEASED)
    if batch.recipe.supply is None or batch.disposition not in left or not findings(batch):
        return None
    supply = batch.supply
    if not supply.request:
        return _REQUEST
    if not supply.evaluation or supply.evaluation[1].findings != findings(batch):
        return _EVALUATE
    if not supply.acceptance:
        return _ACCEPT
    return _AUTHORISE if batch.recipe.supply is SupplyPath.IND and not supply.authorisation else _RELEASE


def _blocked(batch: Batch) -> list[str]:
    over = batch.disposition is Disposition.RELEASED_OUT_OF_SPECIFICATION
    return [*(untold(batch) if over else missing(batch)), *blocks(batch)]


def _signature(batch: Batch, act: Move) -> shapes.Signature:
    return shapes.Signature(act.title, act.statement, act.meaning, batch.last.hash, shown.record(batch))
