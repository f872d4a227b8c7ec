"""What the API takes and gives. Times are UTC with a Z; numbers are texts with the digits as sent."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field

from devices.reading import Quality, Reading

_DIGEST = "^([0-9a-f]{64})?$"
_SECONDS = r"^[+-]?\d{1,12}\.\d{3}$"


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    return text


def _without_zeroes(text: object) -> object:
    """Mark the one character that PostgreSQL keeps in no text; the raw bytes keep it."""
    return text.replace("\0", "\ufffd") if isinstance(text, str) else text


def _of_our_time(at: datetime) -> datetime:
    if not 1970 <= at.year <= 2999:
        raise ValueError("not a time of ours")
    return at


Words = Annotated[str, BeforeValidator(_without_zeroes)]
Time = Annotated[AwareDatetime, AfterValidator(_of_our_time)]


class _Model(BaseModel, frozen=True, extra="forbid"):
    """What goes in or out: nothing that is not named, and nothing changed on the way."""


class ReadingIn(_Model, frozen=True):
    """One reading of an instrument, under its key (instrument, sequence)."""

    instrument: Words = Field(min_length=1, max_length=60)
    sequence: int = Field(ge=1, le=2**53, strict=True)
    channel: Words = Field(min_length=1, max_length=60)
    value: Words = Field(max_length=200, description="the digits or text as sent")
    unit: Words = Field(max_length=40)
    quality: Literal["good", "uncertain", "bad"]
    status: Words = Field(max_length=200, description="the protocol's own mark")
    sample: Words | None = Field(default=None, max_length=60)
    source_time: Time | None = None
    received_time: Time
    raw: Annotated[str, AfterValidator(_base64)] = Field(max_length=100_000, description="the bytes it was read from")

    def reading(self) -> Reading:
        """Return it as the gateway knew it."""
        return Reading(
            self.instrument,
            self.sequence,
            self.channel,
            self.value,
            self.unit,
            Quality(self.quality),
            self.status,
            self.sample,
            self.source_time,
            self.received_time,
            base64.b64decode(self.raw),
        )


class ReadingsIn(_Model, frozen=True):
    """What a gateway delivers in one request."""

    gateway: str = Field(min_length=1, max_length=60)
    readings: list[ReadingIn] = Field(max_length=500)


class Stored(_Model, frozen=True):
    """How many readings were stored now, and how many were known. Both are committed."""

    stored: int
    known: int


Line = Annotated[Words, Field(max_length=2_000)]


class NotesTold(_Model, frozen=True):
    """How many notes of one kind a gateway keeps of an instrument, and the last."""

    count: int = Field(ge=0)
    at: Time
    text: Line


class InstrumentTold(_Model, frozen=True):
    """One instrument, as its gateway finds it."""

    name: Words = Field(min_length=1, max_length=60)
    kind: Words = Field(max_length=60)
    well: bool
    state: Line | None = Field(default=None, description="what its line is doing")
    since: Time | None = None
    reason: Line | None = None
    heard: Time | None = None
    silent: bool = Field(description="longer without a word than is usual for it")
    readings: int = Field(ge=0)
    rate: float = Field(ge=0, description="readings a minute")
    lag: float | None = Field(default=None, description="seconds from its time of a reading to the gateway's")
    ahead: float | None = Field(default=None, description="seconds by which its clock is ahead of the gateway's")
    notes: dict[Words, NotesTold] = Field(max_length=10)
    last: Annotated[str, AfterValidator(_base64)] = Field(max_length=400, description="how its last frame begins")


class GatewayIn(_Model, frozen=True):
    """A gateway, as it finds itself."""

    gateway: Words = Field(min_length=1, max_length=60)
    at: Time
    share: float = Field(ge=0, le=1e6, description="how full its spool is; at 1 it takes no more")
    state: Line | None = Field(default=None, description="of its delivery")
    since: Time | None = None
    reason: Line | None = None
    waiting: int = Field(ge=0, description="readings that were not delivered yet")
    oldest: Time | None = None
    instruments: list[InstrumentTold] = Field(max_length=200)


class NoticeIn(_Model, frozen=True):
    """A gap in an instrument's readings, or what else a person should know of it, under the gateway's number for it."""

    instrument: Words = Field(min_length=1, max_length=60)
    number: int = Field(ge=1, le=2**53, strict=True)
    kind: Literal["gap", "notice"]
    at: Time = Field(description="when the gateway noted it")
    since: Time = Field(description="the time that it is about")
    until: Time
    text: Line = Field(min_length=1)


class NoticesIn(_Model, frozen=True):
    """What a gateway has noted since it told last."""

    gateway: Words = Field(min_length=1, max_length=60)
    notices: list[NoticeIn] = Field(max_length=100)


class Noted(_Model, frozen=True):
    """How many were written now, and how many were known. Both are committed."""

    noted: int
    known: int


class DocumentAsked(_Model, frozen=True):
    """A document to be made: the batch record, or, where a form is named, that one."""

    id: str
    batch: str
    form: str = ""


class Ticked(_Model, frozen=True):
    """What the clock's tick did, and which documents wait to be made."""

    overdue: list[str]
    sealed: int
    documents: list[DocumentAsked]


class SealIn(_Model, frozen=True):
    """Whether every line is to be sealed, however new: the clock asks so as it stops."""

    all: bool = False


class SealedOut(_Model, frozen=True):
    """How many lines were sealed now, and what was not sealed or witnessed, a sentence each."""

    sealed: int
    not_witnessed: list[str]


class JumpIn(_Model, frozen=True):
    """The time was set: from what it would have been, to what it was, by how many seconds."""

    was: datetime
    became: datetime
    seconds: str = Field(pattern=_SECONDS)


class MachineIn(_Model, frozen=True):
    """How the machine is that the laboratory runs on."""

    jump: JumpIn | None = None
    off: str | None = Field(default=None, pattern=_SECONDS, description="Seconds that its clock may be off, at most.")
    full: dict[str, Annotated[str, Field(pattern=r"^[01]\.\d{3}$")]] = Field(
        description="Which share of each disk is used."
    )


class DocumentMade(_Model, frozen=True):
    """A document that was made, or why it was not."""

    batch: str = Field(max_length=60)
    page: int = 0
    head: str = Field(default="", pattern=_DIGEST)
    digest: str = Field(default="", pattern=_DIGEST)
    pages: int = 0
    size: int = 0
    problem: str = Field(default="", max_length=2_000)


class BatchOut(_Model, frozen=True):
    """A batch in the list."""

    batch: str
    coi: str
    product: str
    recipe: str
    disposition: str
    held: bool
    open_deviations: int
    started: datetime
    changed: datetime


class BatchesOut(_Model, frozen=True):
    """All batches."""

    batches: list[BatchOut]


class LineOut(_Model, frozen=True):
    """A line of the ledger: the canonical text that was hashed, and its hash in hex."""

    book: str
    page: int
    text: str
    hash: str


class RecordOut(_Model, frozen=True):
    """A whole batch record: its book, line by line, and the recipe it was issued by."""

    batch: str
    recipe_text: str
    recipe_digest: str
    head: str
    lines: list[LineOut]


class ProblemOut(_Model, frozen=True):
    """Why something was not done."""

    problem: str = Field(description="its kind, in one or two words")
    detail: str = Field(description="what happened, as a sentence")


class FieldsOut(_Model, frozen=True):
    """Why what was sent could not be read: place → field → reasons."""

    message: str
    detail: dict[str, Any]
