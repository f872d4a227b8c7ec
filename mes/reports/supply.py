"""The supply of a product out of specification as a document: who asked, what the risk is, who accepted and released.

EU GMP Part IV lets no qualified person certify such a batch. So this is a document of its own, with its own title, and
the word certificate stands in it once: to say that it is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batch_records.executed.batch import Batch
from batch_records.executed.entries import Entry, Stamp
from batch_records.executed.supply_entries import (
    BatchReleasedOutOfSpecification,
    RiskEvaluated,
    SupplyAccepted,
    SupplyAuthorised,
    SupplyRequested,
)
from batch_records.master.recipe import Occasion
from mes.batches import shown
from mes.web import shapes

RECORDS: Mapping[type[Entry], tuple[str, tuple[tuple[str, str], ...]]] = {
    SupplyRequested: (
        "The treating physician's request",
        (
            ("hazard", "Immediate significant hazard to the patient without it"),
            ("alternatives", "Alternatives that were considered"),
            ("need", "Why this product is needed"),
        ),
    ),
    RiskEvaluated: ("The manufacturer's evaluation of the risk", (("evaluation", "Evaluation"),)),
    SupplyAccepted: ("The physician's acceptance", (("told", "What the patient, or the parents, were told"),)),
    SupplyAuthorised: (
        "The medical director's authorisation",
        (
            ("reference", "IND, or expanded access"),
            ("answer", "What the authority answered"),
            ("consent", "Version of the consent"),
        ),
    ),
}


@dataclass(frozen=True)
class SupplyRecord:
    """One record of a supply: its title, what was answered, and the signature."""

    title: str
    answers: tuple[tuple[str, str], ...]
    stamp: shapes.Stamp


@dataclass(frozen=True)
class SupplyDocument:
    """Everything that the document says."""

    batch: str
    coi: str
    product: str
    recipe: str
    edition: str
    path: str
    findings: tuple[str, ...]
    pending: tuple[str, ...]
    records: tuple[SupplyRecord, ...]
    reviewed: shapes.Stamp | None
    released: shapes.Stamp
    told: tuple[tuple[str, str, str], ...]  # whom, by when, what became of it


def lay_out_supply(batch: Batch, names: Mapping[str, str]) -> SupplyDocument:
    """Return what the document of a batch says. Raise `LookupError` where it was not released so."""
    released = [each for each in batch.disposed if isinstance(each[1], BatchReleasedOutOfSpecification)]
    if not released:
        raise LookupError(f"batch {batch.id} was not released out of specification")
    stamp, entry = released[0]
    if not isinstance(entry, BatchReleasedOutOfSpecification):
        raise TypeError(entry)
    before = [at for at, _ in batch.reviews if at.page < stamp.page]
    return SupplyDocument(
        batch=batch.id,
        coi=batch.coi,
        product=batch.issue.product,
        recipe=batch.recipe.title,
        edition=batch.issue.edition,
        path=entry.path,
        findings=entry.findings,
        pending=entry.pending,
        records=tuple(records(batch, names)),
        reviewed=shown.stamp(before[-1], names) if before else None,
        released=shown.stamp(stamp, names),
        told=tuple(_told(batch)),
    )


def records(batch: Batch, names: Mapping[str, str]) -> Iterator[SupplyRecord]:
    """Give the records of a batch's supply that count, in their order."""
    for stamp, entry in batch.supply.records:
        yield record(stamp, entry, names)


def record(stamp: Stamp, entry: Entry, names: Mapping[str, str]) -> SupplyRecord:
    """Return one record with its questions in words."""
    title, asks = RECORDS[type(entry)]
    return SupplyRecord(title, tuple((ask, str(getattr(entry, name))) for name, ask in asks), shown.stamp(stamp, names))


def _told(batch: Batch) -> Iterator[tuple[str, str, str]]:
    for each in (each for each in batch.notifications.values() if each.entry.of == Occasion.SUPPLY.value):
        made = each.made and f"{each.made[1].told}, {each.made[1].how}, {shown.minute(each.made[0].at)}"
        yield each.entry.to, shown.minute(each.due), made or "not yet"
