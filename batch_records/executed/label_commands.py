"""Commands about labels: what somebody wishes to print again, scans back, and accounts for."""

from __future__ import annotations

from dataclasses import dataclass

from batch_records.executed.commands import StepCommand


@dataclass(frozen=True)
class ReprintLabels(StepCommand):
    """Print so many more labels, for a reason. ``field`` names the labels, the step where somebody needs them."""

    field: str
    copies: int
    reason: str


@dataclass(frozen=True)
class ScanLabel(StepCommand):
    """Scan a label where it was put. ``field`` names what accounts for them."""

    field: str
    scanned: str


@dataclass(frozen=True)
class ReconcileLabels(StepCommand):
    """Account for the labels that were not put anywhere: destroyed, or kept with the record as specimens."""

    field: str
    destroyed: int
    kept: int
    reason: str = ""
