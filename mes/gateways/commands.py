"""What gateways tell of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select, update

from batch_records.executed import commands as c
from batch_records.executed.batch import Disposition
from batch_records.executed.entries import kind, to_body
from batch_records.executed.notice_entries import NOTICES, GapFound, NoticeGiven
from mes.batches.commands import carry_out
from mes.batches.folds import book_of as book_of_batch
from mes.batches.models import BatchView
from mes.context import installation
from mes.execute import Doing, Outcome, handles
from mes.gateways.models import GatewayTold
from mes.ledger.line import utc
from mes.ledger.sealed_readings import book_of
from mes.ledger.tables import line
from mes.people.models import INSTRUMENT
from mes.trends.uses import Use, uses


@dataclass(frozen=True)
class HearGateway:
    """Keep what a gateway tells of itself and its instruments, in the place of what it told before."""

    gateway: str
    told: Mapping[str, Any]


@handles(HearGateway, "told how its instruments are", roles=(INSTRUMENT,))
def hear_gateway(doing: Doing, command: HearGateway) -> None:
    """Keep it; what it told before is of no use to anybody."""
    connection = doing.act.connection
    values = {"heard": doing.act.at, "told": dict(command.told)}
    known = update(GatewayTold).where(GatewayTold.gateway == command.gateway).values(**values)
    if not connection.execute(known).rowcount:
        connection.execute(insert(GatewayTold).values(gateway=command.gateway, **values))


@dataclass(frozen=True)
class Notice:
    """What a gateway noted of an instrument: ``number`` and ``at`` are its own, it is about ``since`` to ``until``."""

    instrument: str
    number: int
    at: datetime
    is_gap: bool
    since: datetime
    until: datetime
    text: str

    @property
    def entry(self) -> GapFound | NoticeGiven:
        """It, as it stands in the records."""
        if self.is_gap:
            return GapFound(self.instrument, self.text, utc(self.since), utc(self.until))
        return NoticeGiven(self.instrument, self.text, utc(self.since))

    def concerns(self, use: Use) -> bool:
        """Say whether it is about a time in which its instrument was a batch's."""
        is_within = use.since <= self.until and (use.until is None or self.since < use.until)
        return use.instrument == self.instrument and is_within


@dataclass(frozen=True)
class GiveNotices:
    """Write gaps and notices of instruments into their books, and into the records of the batches concerned."""

    gateway: str
    notices: tuple[Notice, ...]


@handles(GiveNotices, "gave notice of its instruments", roles=(INSTRUMENT,))
def give_notices(doing: Doing, command: GiveNotices) -> Outcome:
    """Write each once, however often it is told."""
    concerned = [(notice, tuple(_batches(doing, notice))) for notice in command.notices]
    books = {book_of(notice.instrument) for notice in command.notices}
    doing.act.lock([*books, *(book_of_batch(batch) for _, batches in concerned for batch in batches)])
    known = set(_known(doing, command.gateway, books))
    written = 0
    for notice, batches in concerned:
        key = (book_of(notice.instrument), notice.number, utc(notice.at))
        if key not in known:
            known.add(key)
            _write(doing, command.gateway, notice, batches)
            written += 1
    return {"noted": written, "known": len(concerned) - written}


def _write(doing: Doing, gateway: str, notice: Notice, batches: Iterable[str]) -> None:
    told = {"gateway": gateway, "note": notice.number, "noted": utc(notice.at), "batches": " ".join(batches)}
    body = {**to_body(notice.entry), **{key: value for key, value in told.items() if value}}
    doing.act.write(book_of(notice.instrument), kind(notice.entry), body)
    for batch in batches:
        carry_out(doing, c.NoteOfInstrument(batch, notice.entry))


def _known(doing: Doing, gateway: str, books: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    """Give what stands in the instruments' books already."""
    kinds = [kind(each) for each in NOTICES]
    query = select(line.c.book, line.c.text).where(line.c.kind.in_(kinds), line.c.book.in_(list(books)))
    for book, text in doing.act.connection.execute(query):
        body = json.loads(text)["body"]
        if body["gateway"] == gateway:
            yield book, body["note"], body["noted"]


def _batches(doing: Doing, notice: Notice) -> Iterator[str]:
    """Give the batches that the instrument was used for at the time that a notice is about."""
    folds, connection = installation().folds, doing.act.connection
    is_open = BatchView.disposition == Disposition.IN_PROCESS.value
    query = select(BatchView.batch).where(or_(is_open, BatchView.changed >= notice.since)).order_by(BatchView.batch)
    for number in doing.session.scalars(query).all():
        batch = folds.get(connection, number)
        if batch and any(notice.concerns(use) for use in uses(doing.session, batch)):
            yield number
