"""Batches as they are now: folded from their books, and kept, for the fold of a prefix never goes stale."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from batch_records.executed.batch import Batch, Disposition
from batch_records.executed.commands import Command
from batch_records.executed.entries import BatchStarted, Entry, Signature, Stamp, from_body
from batch_records.executed.fold import fold
from batch_records.master.load import load
from batch_records.master.recipe import Recipe
from mes.batches.models import BatchView
from mes.ledger import tables
from mes.masters.models import RecipeEdition

_KEPT = 300
_WARMED = 50
_LINES = (
    select(tables.line.c.page, tables.line.c.text, tables.line.c.hash)
    .where(tables.line.c.book == bindparam("book"), tables.line.c.page > bindparam("after"))
    .order_by(tables.line.c.page)
)
_EDITION = select(RecipeEdition.text, RecipeEdition.digest).where(
    RecipeEdition.code == bindparam("code"), RecipeEdition.edition == bindparam("edition")
)
_IN_FORCE = select(RecipeEdition.code, RecipeEdition.edition).where(RecipeEdition.status == "approved")
_TOUCHED_LAST = (
    select(BatchView.batch)
    .where(BatchView.disposition.in_([each.value for each in Disposition if each.is_open]))
    .order_by(BatchView.changed.desc())
    .limit(_WARMED)
)


def book_of(batch: str) -> str:
    """Return the name of a batch's book."""
    return f"batch:{batch}"


def batch_only(command: Command) -> Iterable[str]:
    """Return the books of a command that concerns its batch alone."""
    return (book_of(command.batch),)


class Folds:
    """The newest fold of each batch that was looked at lately."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._names = {} if names is None else names
        self._batches: OrderedDict[str, Batch] = OrderedDict()
        self._recipes: dict[str, Recipe] = {}
        self._guard = threading.Lock()

    def get(self, connection: Connection, batch: str, pages: int | None = None) -> Batch | None:
        """Return a batch as it is in this transaction, or None where there is none.

        Who has locked the book knows how many pages it has; a fold of so many is the newest, and nothing is asked.
        """
        known = self._batches.get(batch)
        if known and known.last.page == pages:
            return known
        lines = list(entries(connection, book_of(batch), known.last.page if known else 0, self._names))
        if not lines:
            return known
        recipe = known.recipe if known else self._recipe_of(connection, lines[0][1])
        folded = fold(recipe, lines, known)
        self.keep(folded)
        return folded

    def until(self, connection: Connection, batch: str, page: int) -> Batch | None:
        """Return a batch as it was at a page of its book, or None where there is none."""
        lines = [each for each in entries(connection, book_of(batch), 0, self._names) if each[0].page <= page]
        return fold(self._recipe_of(connection, lines[0][1]), lines) if lines else None

    def keep(self, batch: Batch) -> None:
        """Keep a batch that was folded from committed lines."""
        with self._guard:
            known = self._batches.get(batch.id)
            if known is None or known.last.page <= batch.last.page:
                self._batches[batch.id] = batch
                self._batches.move_to_end(batch.id)
            while len(self._batches) > _KEPT:
                self._batches.popitem(last=False)

    def warm(self, connection: Connection) -> None:
        """Read the recipes in force and fold the open batches touched last: nobody's first tap waits for that."""
        for code, edition in connection.execute(_IN_FORCE).all():
            self.recipe(connection, code, edition)
        for batch in connection.execute(_TOUCHED_LAST).scalars().all():
            self.get(connection, batch)

    def recipe(self, connection: Connection, code: str, edition: int) -> Recipe:
        """Return an edition of a recipe, read once for each digest."""
        row = connection.execute(_EDITION, {"code": code, "edition": edition}).first()
        if row is None:
            raise LookupError(f"recipe {code} has no edition {edition}")
        if row.digest not in self._recipes:
            self._recipes[row.digest] = load(row.text)
        return self._recipes[row.digest]

    def _recipe_of(self, connection: Connection, first: Entry) -> Recipe:
        if not isinstance(first, BatchStarted):
            raise TypeError("a batch's book does not begin with its start")
        recipe = self.recipe(connection, first.recipe, int(first.edition))
        if recipe.digest != first.digest:
            raise LookupError(
                f"the text of recipe {first.recipe} is not the one that batch {first.batch} was issued by"
            )
        return recipe


def entries(
    connection: Connection, book: str, after: int = 0, names: Mapping[str, str] | None = None
) -> Iterator[tuple[Stamp, Entry]]:
    """Read the lines of a batch's book from a page on, as stamped entries."""
    for row in connection.execute(_LINES, {"book": book, "after": after}):
        yield stamped(json.loads(row.text), bytes(row.hash).hex(), {} if names is None else names)


def stamped(content: Mapping[str, Any], hashed: str, names: Mapping[str, str]) -> tuple[Stamp, Entry]:
    """Return a line of a batch's book as a stamped entry. ``names`` are people's full names by their ids."""
    signed = content.get("signed")
    stamp = Stamp(
        page=content["page"],
        at=datetime.fromisoformat(content["at"]),
        author=content["author"],
        role=content.get("role", ""),
        workstation=content.get("workstation", ""),
        hash=hashed,
        reason=content.get("reason", ""),
        signature=Signature(signed["meaning"], signed["name"], signed["seen"]) if signed else None,
        name=names.get(content["author"], ""),
    )
    return stamp, from_body(content["kind"], content["body"])
