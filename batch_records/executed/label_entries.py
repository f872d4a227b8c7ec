"""Entries about labels after their printing: printed again, scanned back, accounted for (21 CFR 211.125)."""

from __future__ import annotations

from batch_records.executed.entries import Entry, Recorded, entry_kind
from batch_records.values.limit import Verdict


@entry_kind
class LabelsReprinted(Entry):
    """More of the labels named ``field`` were printed, instead of some that are no good; the reason is the line's."""

    step: str
    field: str
    copies: str
    lines: tuple[str, ...] = ()


@entry_kind
class LabelScanned(Entry):
    """A label was scanned where it was put. ``number`` is its own within the batch; empty where it is none of these."""

    step: str
    field: str
    scanned: str
    number: str = ""
    verdict: Verdict = Verdict.NONE
    judged: str = ""


@entry_kind
class LabelsReconciled(Recorded):
    """Printed labels were accounted for; the value is how many are missing, less than none where there are too many."""

    printed: str = ""
    applied: str = ""
    destroyed: str = ""
    kept: str = ""  # on the record, as specimens
