"""Signatures held against what they must be, whatever the hashes say: whoever can compute a chain anew can copy one.

A signature names its signer in full, and so must be their line; it names the hash of a line that the signer saw, and so
cannot stand in another record nor before what was seen; on a line of a batch it means what that kind of line means. And
the server vouches for it with a key that is not in the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from mes.ledger.checkpoint import Key
from mes.ledger.seal_tables import leaf
from mes.ledger.tables import line
from mes.ledger.verify import Flaw, wrong_lines
from mes.ledger.vouched import IS_SEALED, IS_VOUCHED, MARK, Vouching, vouched

_SIGNED = (
    select(line.c.book, line.c.page, line.c.text, line.c.hash, leaf.c.position, vouched.c.key, vouched.c.signature)
    .select_from(line.outerjoin(leaf, IS_SEALED).outerjoin(vouched, IS_VOUCHED))
    .where(line.c.text.contains(MARK))
    .order_by(line.c.book)
)
_OF_BOOK = _SIGNED.where(line.c.book == bindparam("of"))
_HASHES = select(line.c.hash, line.c.page).where(line.c.book == bindparam("book"))
_UNVOUCHED = (
    "the server does not vouch for its signature: it was written past the server, or while the server's key was missing"
)
_MEANINGS = {
    "step completed": ("performed", "decided"),
    "step verified": ("verified",),
    "decided": ("decided",),
    "batch reviewed": ("reviewed",),
    "batch conditionally released": ("released",),
    "batch released": ("released",),
    "batch rejected": ("rejected",),
    "deviation closed": ("approved",),
    "hold lifted": ("approved",),
}


def flaws_of(connection: Connection, book: str, names: Mapping[str, str]) -> tuple[Flaw, ...]:
    """Check one book: its chain, and its signatures. ``names`` are full names by user."""
    signatures = _wrong(connection, connection.execute(_OF_BOOK, {"of": book}).all(), names, Vouching(connection))
    return (*wrong_lines(connection, book), *signatures)


def wrong_signatures(connection: Connection, names: Mapping[str, str], keys: Sequence[Key] = ()) -> Iterator[Flaw]:
    """Give every signature that cannot have been given as it stands. ``names`` are full names by user.

    ``keys`` are those that may vouch, if the ledger is not to say which.
    """
    lines = connection.execute(_SIGNED, execution_options={"stream_results": True, "yield_per": 5_000})
    return _wrong(connection, lines, names, Vouching(connection, keys))


def _wrong(
    connection: Connection, lines: Iterable[Any], names: Mapping[str, str], vouching: Vouching
) -> Iterator[Flaw]:
    of, pages = "", dict[str, int]()
    for book, page, text, hashed_, position, key, signature in lines:
        if book != of:
            of = book
            pages = {bytes(hashed).hex(): seen for hashed, seen in connection.execute(_HASHES, {"book": book})}
        if (content := _content(text)) and (problem := _problem(content, page, pages, names)):
            yield Flaw(book, page, problem)
        if vouching.is_needed(position) and not vouching.holds(bytes(hashed_), key, signature):
            yield Flaw(book, page, _UNVOUCHED)


def _problem(content: Mapping[str, Any], page: int, pages: Mapping[str, int], names: Mapping[str, str]) -> str:
    signed, kind = content["signed"], str(content.get("kind"))
    if signed.get("name") != names.get(str(content.get("author"))):
        return "its signature is in another name than its author's"
    if signed.get("meaning") not in _MEANINGS.get(kind, (signed.get("meaning"),)):
        return f"its signature means “{signed.get('meaning')}”, which no “{kind}” does"
    if kind.startswith("alarm"):  # it is signed in the book of its instrument, and told to the batch
        return ""
    return (
        "" if pages.get(str(signed.get("seen")), page) < page else "its signature names no earlier line of this record"
    )


def _content(text: str) -> Mapping[str, Any]:
    """Return a line's content where it is signed; what is no line is for `verify` to say."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) and isinstance(content.get("signed"), dict) else {}
