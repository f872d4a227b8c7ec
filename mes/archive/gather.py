"""What belongs into a batch's archive: its own lines, and of every other book what it rests on.

Of an order, a lot and a sample that is the whole book. Of the recipe it is the edition, from its draft to its approval.
Of equipment it is what was written while the batch was made, and before that each change of its row; among these lines
are the digests of all that its instruments measured meanwhile. Of a person it is the account. To a line that is signed
belongs the line that its signer saw.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select

from batch_records.executed.batch import Batch
from mes.archive.verify import RESTS_ON
from mes.batches.folds import book_of
from mes.ledger import sealed_readings, tables
from mes.ledger.line import canonical

_LINE = tables.line.c
_COLUMNS = (_LINE.book, _LINE.page, _LINE.text, _LINE.previous, _LINE.hash)
_ACCOUNT = ("user account added", "user account changed")
_LEVEL = re.compile(r"\(level \S+ of ([a-z][a-z0-9_]+), edition ([0-9]{1,6})\)$")
_EQUIPMENT = ("equipment added", "equipment changed")


@dataclass(frozen=True)
class KeptLine:
    """A line as it stands in the ledger."""

    book: str
    page: int
    text: str
    previous: str
    hash: str

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """What its text says."""
        found: Mapping[str, Any] = json.loads(self.text)
        return found


@dataclass(frozen=True)
class Gathered:
    """What is archived of a batch: lines, its own first; readings as they were sealed; the recipe's text."""

    batch: str
    lines: tuple[KeptLine, ...]
    readings: tuple[str, ...]
    recipe: str

    @property
    def own(self) -> tuple[KeptLine, ...]:
        """The lines of the batch's own book."""
        return tuple(line for line in self.lines if line.book == book_of(self.batch))

    @property
    def ends(self) -> tuple[KeptLine, ...]:
        """The lines that no other line here follows: each of them needs a proof of its own."""
        followed = {line.previous for line in self.lines}
        return tuple(line for line in self.lines if line.hash not in followed)


def gather(connection: Connection, batch: Batch) -> Gathered:
    """Gather what there is of a batch, up to its last line here. The connection is one of `Database.snapshot`."""
    own = _lines(connection, _LINE.book == book_of(batch.id), _LINE.page <= batch.last.page)
    quoted = sorted({(each["instrument"], each["sequence"]) for each in _bodies(own) if each.get("raw_digest")})
    seals = _seals(connection, quoted)
    found = {line.hash: line for line in (*own, *seals, *_rested_on(connection, own))}
    found |= {line.hash: line for line in _seen(connection, found)}
    found |= {line.hash: line for line in _accounts(connection, found.values())}
    others = sorted(found.keys() - {line.hash for line in own}, key=lambda each: (found[each].book, found[each].page))
    lines = (*own, *(found[each] for each in others))
    return Gathered(batch.id, lines, tuple(_readings(connection, seals)), batch.recipe.text)


def _lines(connection: Connection, *conditions: ColumnElement[bool]) -> list[KeptLine]:
    query = select(*_COLUMNS).where(*conditions).order_by(_LINE.book, _LINE.page)
    return [
        KeptLine(row.book, row.page, row.text, bytes(row.previous).hex(), bytes(row.hash).hex())
        for row in connection.execute(query)
    ]


def _bodies(lines: Iterable[KeptLine]) -> Iterator[Mapping[str, Any]]:
    return (line.content["body"] for line in lines)


def _rested_on(connection: Connection, own: list[KeptLine]) -> Iterator[KeptLine]:
    first, last = own[0].content, own[-1].content
    whole, equipment, by_then = set[str](), set[str](), _LINE.at <= last["at"]
    for line in own:
        about, name = RESTS_ON.get(line.content["kind"], " ").split(" ")
        if about:
            (equipment if about == "equipment" else whole).add(f"{about}:{line.content['body'][name]}")
    yield from _lines(connection, _LINE.book.in_(whole), by_then)
    yield from _lines(
        connection, _LINE.book.in_(equipment), by_then, or_(_LINE.at >= first["at"], _LINE.kind.in_(_EQUIPMENT))
    )
    yield from _edition(connection, f"recipe:{first['body']['recipe']}", first["body"]["digest"])
    for plan, edition in sorted(set(_levels(own))):
        if digest := _digest(connection, plan, edition):  # a line that a person typed may name no plan at all
            yield from _edition(connection, f"dose-plan:{plan}", digest)


def _edition(connection: Connection, book: str, digest: str) -> Iterator[KeptLine]:
    """Give the lines of an approved text from the draft of an edition to its approval."""
    lines = _lines(connection, _LINE.book == book)
    about = [number for number, line in enumerate(lines) if digest in line.text]
    yield from lines[about[0] : about[-1] + 1]


def _levels(own: list[KeptLine]) -> Iterator[tuple[str, int]]:
    """Give the dose plans, with their editions, whose levels a batch was assigned."""
    for body in _bodies(own):
        for text in (*body.get("facts", {}).values(), body.get("value", "")):
            if found := _LEVEL.search(text):
                yield found[1], int(found[2])


def _digest(connection: Connection, plan: str, edition: int) -> str:
    """Return the digest of an edition of a dose plan; empty where there is none."""
    added = _lines(connection, _LINE.book == f"dose-plan:{plan}", _LINE.kind == "dose plan edition added")
    values = (body["values"] for body in _bodies(added))
    return next((str(each["digest"]) for each in values if int(each["edition"]) == edition), "")


def _seals(connection: Connection, quoted: Iterable[tuple[str, int]]) -> list[KeptLine]:
    """Return the lines that sealed these readings; one that is not sealed yet has none."""
    wanted: dict[str, list[int]] = {}
    for instrument, sequence in quoted:
        wanted.setdefault(instrument, []).append(sequence)
    found = []
    for instrument, sequences in wanted.items():
        book = sealed_readings.book_of(instrument)
        for line in _lines(connection, _LINE.book == book, _LINE.kind == sealed_readings.KIND):
            first, last = line.content["body"]["from"], line.content["body"]["to"]
            if any(first <= each <= last for each in sequences):
                found.append(line)
    return found


def _readings(connection: Connection, seals: Iterable[KeptLine]) -> Iterator[str]:
    """Give every reading of these ranges in the text that its seal is the digest of."""
    for line in seals:
        body = line.content["body"]
        instrument = line.book.partition(":")[2]
        yield from map(canonical, sealed_readings.of_range(connection, instrument, body["from"], body["to"]))


def _seen(connection: Connection, found: Mapping[str, KeptLine]) -> Iterator[KeptLine]:
    """Give the lines that signers saw, as far as they are not there."""
    for line in list(found.values()):
        seen = line.content.get("signed", {}).get("seen", "")
        if seen and seen not in found:
            yield from _lines(connection, _LINE.book == line.book, _LINE.hash == bytes.fromhex(seen))


def _accounts(connection: Connection, lines: Iterable[KeptLine]) -> list[KeptLine]:
    """Return the accounts of everybody who wrote one of these lines, or one of theirs."""
    known, found = set[str](), list[KeptLine]()
    wanted = {line.content["author"] for line in lines}
    while new := wanted - known:
        books = [f"user:{each}" for each in new]
        accounts = _lines(connection, _LINE.book.in_(books), _LINE.kind.in_(_ACCOUNT))
        found, known = found + accounts, known | new
        wanted |= {line.content["author"] for line in accounts}
    return found
