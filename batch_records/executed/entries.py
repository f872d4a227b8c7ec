"""Entries: what happened to a batch, in the past tense.

An executed batch record is a list of these and nothing else. The vocabulary only grows: a kind of entry is never
removed or renamed, an attribute is only ever added with a default, for lines written today must be read in thirty
years. ``tests/data/entries`` holds one sample of every kind ever written.

The names, and the attributes' names, are what stands in the ledger. Values are texts, as recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar, dataclass_transform

from batch_records.values.limit import Verdict


@dataclass(frozen=True, slots=True)
class Signature:
    """An electronic signature: what it means, by whom in full, and the hash of the last line the signer saw."""

    meaning: str
    name: str
    seen: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where and when an entry was written and by whom: the part of a ledger line that every entry has."""

    page: int
    at: datetime
    author: str
    role: str
    workstation: str
    hash: str
    reason: str = ""
    signature: Signature | None = None
    name: str = ""  # the author's in full, where whoever read the line knows it

    @property
    def who(self) -> str:
        """Who wrote it, as sentences name them."""
        return self.signature.name if self.signature else self.name or self.author


@dataclass(frozen=True)
class Entry:
    """Something that happened. Its kind in the ledger is its class's name in small words."""


KINDS: dict[str, type[Entry]] = {}
_NAMES: dict[type[Entry], tuple[str, ...]] = {}
_E = TypeVar("_E", bound=Entry)


@dataclass_transform(frozen_default=True)
def entry_kind(cls: type[_E]) -> type[_E]:
    """Make a class a kind of entry. The kinds of alarms, counts and notices stand in files of their own."""
    made = dataclass(frozen=True)(cls)
    KINDS[kind(made)] = made
    _NAMES[made] = tuple(attribute.name for attribute in fields(made))
    return made


def kind(entry: Entry | type[Entry]) -> str:
    """Return the name of an entry's kind as it stands in the ledger: ``value recorded``."""
    name = entry.__name__ if isinstance(entry, type) else type(entry).__name__
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def to_body(entry: Entry) -> dict[str, Any]:
    """Return an entry's attributes as they stand in the ledger; empty ones are left out."""
    body: dict[str, Any] = {}
    for name in _NAMES[type(entry)]:
        value = getattr(entry, name)
        if isinstance(value, Verdict):
            value = value.value
        elif isinstance(value, tuple | Mapping):
            value = list(value) if isinstance(value, tuple) else dict(value)
        if value not in ("", None, [], {}):
            body[name] = value
    return body


def from_body(kind: str, body: Mapping[str, Any]) -> Entry:
    """Read an entry back. Raise `KeyError` for a kind this version does not know."""
    made = KINDS[kind]
    values = {name: body[name] for name in _NAMES[made] if name in body}
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    if "verdict" in values:
        values["verdict"] = Verdict(values["verdict"])
    for attribute in fields(made):  # what was empty was left out
        if attribute.name not in values and attribute.default is attribute.default_factory is MISSING:
            values[attribute.name] = ""
    return made(**values)


# --- the batch ----------------------------------------------------------------------------------------------------
@entry_kind
class BatchStarted(Entry):
    """A batch was issued: an exact copy of one approved recipe for one chain of identity (21 CFR 211.188(a))."""

    batch: str
    coi: str
    product: str
    recipe: str
    edition: str
    digest: str
    facts: Mapping[str, str] = field(default_factory=dict)


@entry_kind
class FactCorrected(Entry):
    """A fact that the batch was issued with was wrong; the line's reason says why. ``was`` stays on record."""

    fact: str
    value: str
    was: str
    verdict: Verdict = Verdict.NONE
    judged: str = ""


@entry_kind
class BatchHeld(Entry):
    """Work on the batch stops until the hold is lifted; what is observed is still recorded."""

    cause: str
    deviation: str = ""


@entry_kind
class HoldLifted(Entry):
    """Quality let the batch go on."""

    conclusion: str


@entry_kind
class BatchReviewed(Entry):
    """A reviewer who did none of the work read the record, its exceptions and its audit trail, up to this line."""

    stage: str
    exceptions: tuple[str, ...] = ()
    read_to: str = ""


@entry_kind
class BatchConditionallyReleased(Entry):
    """Released while results are still awaited (EU GMP Part IV, 11.3); each of them is named."""

    pending: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()


@entry_kind
class BatchReleased(Entry):
    """Released, with every result in."""

    criteria: tuple[str, ...] = ()


@entry_kind
class BatchRejected(Entry):
    """Rejected by quality."""

    conclusion: str


@entry_kind
class BatchStopped(Entry):
    """Ended before release, for a reason: insufficient cells, a withdrawn patient, a failed gate."""

    cause: str


@entry_kind
class CommentAdded(Entry):
    """A remark, on a step or on the whole batch."""

    text: str
    step: str = ""


@entry_kind
class AttemptRefused(Entry):
    """Somebody tried what may not be, and was told why."""

    command: str
    sentence: str
    step: str = ""


# --- steps --------------------------------------------------------------------------------------------------------


@entry_kind
class StepStarted(Entry):
    """Somebody took up a step."""

    step: str


@entry_kind
class StepCompleted(Entry):
    """The performer says that the step is done as written."""

    step: str


@entry_kind
class StepVerified(Entry):
    """A second person, who did none of the step, checked it."""

    step: str


@entry_kind
class StepReopened(Entry):
    """A completed step counts as unsigned again, because of what is said."""

    step: str
    because: str


@entry_kind
class InstrumentAssigned(Entry):
    """Another piece of equipment of a class was scanned to measure with, as it was then."""

    step: str
    equipment_class: str
    code: str
    status: str = ""
    calibrated_until: str = ""
    qualified_until: str = ""


@entry_kind
class HoldTimeExceeded(Entry):
    """A clock ran past its limit."""

    hold_time: str
    limit: str
    since: str


# --- what is recorded in steps ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recorded(Entry):
    """A value of a field, as recorded, with the verdict of the limits it was judged by."""

    step: str
    field: str
    value: str
    verdict: Verdict = Verdict.NONE
    judged: str = ""

    @property
    def found(self) -> str:
        """What the verdict says of the value, to follow it in a sentence: ``is outside the action limit (≤ 5 %)``."""
        return f"is {self.verdict.value} ({self.judged})"


@entry_kind
class ValueRecorded(Recorded):
    """A person entered what they saw. ``instead_of`` names the instrument that should have given it."""

    instead_of: str = ""


@entry_kind
class ReadingTaken(Recorded):
    """A person took what an instrument measured, as it stands in the readings under (instrument, sequence)."""

    instrument: str = ""
    sequence: int = 0
    channel: str = ""
    quality: str = ""
    sample: str = ""
    source_time: str = ""
    received_time: str = ""
    raw_digest: str = ""


@entry_kind
class ValueCalculated(Recorded):
    """The system computed a value; inputs, formula and rounding are kept with it."""

    formula: str = ""
    rounding: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)


@entry_kind
class IdentityChecked(Recorded):
    """An identity was scanned and compared with what the batch knows."""

    expected: str = ""

    @property
    def found(self) -> str:
        """What the comparison says of the code: it matches, or it does not and what it must be."""
        return f"does not match ({self.judged})" if self.verdict.is_out else "matches"


@entry_kind
class MaterialAdded(Recorded):
    """A lot was scanned for use, as it was then; ``gives`` are the values of its certificate."""

    material: str = ""
    expires: str = ""
    status: str = ""
    gives: Mapping[str, str] = field(default_factory=dict)


@entry_kind
class EquipmentUsed(Recorded):
    """Equipment was scanned for use, as it was then."""

    equipment_class: str = ""
    status: str = ""
    calibrated_until: str = ""
    qualified_until: str = ""


@entry_kind
class SampleTaken(Recorded):
    """A sample was taken into the tube with this code."""


@entry_kind
class LabelsPrinted(Recorded):
    """Labels were printed with these lines."""

    lines: tuple[str, ...] = ()


@entry_kind
class Decided(Recorded):
    """A person decided how the batch goes on."""


@entry_kind
class ResultReported(Recorded):
    """A laboratory reported a result."""

    method: str = ""
    sample: str = ""


@entry_kind
class ValueCorrected(Recorded):
    """A value was corrected: ``was`` stays readable, the reason is the line's."""

    was: str = ""
    corrects: int = 0


@entry_kind
class ValueJudged(Recorded):
    """The verdict on a recorded value changed, because what its limit depends on was corrected."""


# --- deviations ---------------------------------------------------------------------------------------------------


@entry_kind
class DeviationRaised(Entry):
    """Something departed from the recipe. ``number`` counts within the batch: D1, D2."""

    number: str
    description: str
    step: str = ""
    field: str = ""


@entry_kind
class DeviationExplained(Entry):
    """Somebody said what happened and what was done at once."""

    number: str
    explanation: str


@entry_kind
class DeviationClosed(Entry):
    """Quality concluded, and answered whether other batches are touched (21 CFR 211.192)."""

    number: str
    conclusion: str
    impact: str
    other_batches: str
