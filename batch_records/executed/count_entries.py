"""Entries about values that are measured several times: each single count, and what was made of them."""

from __future__ import annotations

from batch_records.executed.entries import Entry, Recorded, entry_kind


@entry_kind
class CountTaken(Entry):
    """One count of a value that is measured several times, as `ReadingTaken` quotes a reading, or typed.

    ``set`` numbers the sets of counts, ``number`` the count in its set; ``instead_of`` is the instrument that should
    have given a count that was typed.
    """

    step: str
    field: str
    set: int
    number: int
    value: str
    instrument: str = ""
    sequence: int = 0
    channel: str = ""
    quality: str = ""
    sample: str = ""
    source_time: str = ""
    received_time: str = ""
    raw_digest: str = ""
    instead_of: str = ""


@entry_kind
class ValueAveraged(Recorded):
    """The system averaged a full set of counts: which, how, and how far they lie apart, with the limit's verdict."""

    set: int = 0
    average: str = ""
    counts: tuple[str, ...] = ()
    rounding: str = ""
    cv: str = ""
    cv_verdict: str = ""
    cv_judged: str = ""
    outliers: str = ""


@entry_kind
class CountsRepeated(Entry):
    """A person has a value counted anew; the counts before stay on the record."""

    step: str
    field: str
    because: str
