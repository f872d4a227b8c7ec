"""Commands about ends without an infusion, supply out of specification, and whom to tell what was found late.

``seen`` is the hash of the batch's last line on the screen of who signs.
"""

from __future__ import annotations

from dataclasses import dataclass

from batch_records.executed.commands import Command
from batch_records.executed.endings import Ending


@dataclass(frozen=True)
class RequestSupply(Command):
    """Ask, as the treating physician, for a product that is out of specification."""

    hazard: str
    alternatives: str
    need: str
    seen: str


@dataclass(frozen=True)
class EvaluateRisk(Command):
    """Give the manufacturer's evaluation of the risk."""

    evaluation: str
    seen: str


@dataclass(frozen=True)
class AcceptSupply(Command):
    """Accept the product, having read the evaluation."""

    told: str
    seen: str


@dataclass(frozen=True)
class AuthoriseSupply(Command):
    """Authorise it under an IND, as the medical director."""

    reference: str
    answer: str
    consent: str
    seen: str


@dataclass(frozen=True)
class ReleaseOutOfSpecification(Command):
    """Release the batch at the physician's request."""

    seen: str


@dataclass(frozen=True)
class ConcludeSupply(Command):
    """Conclude the record of a batch that was released out of specification."""

    seen: str


@dataclass(frozen=True)
class ReportLateResult(Command):
    """Report something adverse that was found after the release."""

    what: str
    found: str


@dataclass(frozen=True)
class MakeNotification(Command):
    """Say that somebody was told."""

    number: str
    told: str
    how: str


@dataclass(frozen=True)
class AcknowledgeNotification(Command):
    """Acknowledge what one was told, and say how the patient is followed up."""

    number: str
    follow_up: str


@dataclass(frozen=True)
class EndBatch(Command):
    """End a batch that nobody gets, with a reason that is counted."""

    ending: Ending
    reason: str
    conclusion: str
    seen: str


@dataclass(frozen=True)
class NameSuccessor(Command):
    """Name the batch that is made in the place of one that came to nothing."""

    by: str


@dataclass(frozen=True)
class WaiveGate(Command):
    """Sign, in one of the roles that the recipe names, that a choice may be made although its needs are not met.

    ``step`` is the key of the step that decides.
    """

    step: str
    choice: str
    justification: str
    seen: str
