"""Entries about a product that is out of specification and goes to its patient all the same.

EU GMP Part IV for ATMPs, 11.5: only where nothing else averts an immediate significant hazard to the patient, at the
treating physician's request, with the manufacturer's evaluation of the risk before the physician's acceptance. Under a
US IND somebody named authorises it as well. Each is an entry of its own, signed; together they are no certificate.
"""

from __future__ import annotations

from batch_records.executed.entries import Entry, entry_kind


@entry_kind
class SupplyRequested(Entry):
    """The treating physician asks for the product as it is: the hazard without it, the alternatives, the need."""

    hazard: str
    alternatives: str
    need: str


@entry_kind
class RiskEvaluated(Entry):
    """The manufacturer's evaluation of the risk, with each finding that it speaks of."""

    evaluation: str
    findings: tuple[str, ...] = ()


@entry_kind
class SupplyAccepted(Entry):
    """The physician accepts the product, having read the evaluation, and says what the patient was told."""

    told: str


@entry_kind
class SupplyAuthorised(Entry):
    """The medical director authorises it under an IND: its number, the authority's answer, the consent's version."""

    reference: str
    answer: str
    consent: str


@entry_kind
class BatchReleasedOutOfSpecification(Entry):
    """Released at the physician's request, out of specification in what is found here, with the results awaited."""

    path: str
    findings: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()


@entry_kind
class SupplyConcluded(Entry):
    """Every result of a batch that was released out of specification is in, and everybody was told who had to be."""

    criteria: tuple[str, ...] = ()


SUPPLY = (SupplyRequested, RiskEvaluated, SupplyAccepted, SupplyAuthorised)
