"""How a batch ends that nobody gets, and the reasons that are counted.

The reasons of failure are those that registries report (poor growth, low viability, low purity of T cells), with those
that a CD7 product adds: fratricide, and blasts in it. The lists only grow: what was written stays countable.
"""

from __future__ import annotations

from enum import Enum

from batch_records.executed.ending_entries import BatchFailed, BatchNeverUsed, BatchWithdrawn

_Kind = type[BatchFailed] | type[BatchWithdrawn] | type[BatchNeverUsed]


class Ending(Enum):
    """An end without an infusion."""

    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    NEVER_USED = "never used"

    @property
    def entry(self) -> _Kind:
        """What is written for it."""
        kinds: dict[str, _Kind] = {"failed": BatchFailed, "withdrawn": BatchWithdrawn, "never used": BatchNeverUsed}
        return kinds[self.value]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons it may have."""
        return _REASONS[self]


_REASONS = {
    Ending.FAILED: (
        "poor growth",
        "low viability",
        "low T-cell purity",
        "low transduction",
        "fratricide",
        "failed CD7 blocking or editing",
        "blast contamination",
        "microbial contamination",
        "insufficient starting material",
        "tumour burden above the gate",
        "equipment or material failure",
        "mix-up or lost identity",
        "bag failure",
        "other",
    ),
    Ending.WITHDRAWN: (
        "patient died",
        "disease progressed",
        "patient not fit for infusion",
        "infection",
        "consent withdrawn",
        "another treatment chosen",
        "trial stopped",
        "other",
    ),
    Ending.NEVER_USED: (
        "therapy not needed",
        "patient died",
        "another product used",
        "expired in storage",
        "lost in storage",
        "other",
    ),
}
