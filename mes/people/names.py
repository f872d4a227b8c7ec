"""The full names of people, by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import select

from mes.db import Database
from mes.people.models import User

_NAMES = select(User.id, User.name)


class Names(Mapping[str, str]):
    """Every user's full name by id. A name never changes: what was read once is kept, who is new is looked up."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, str] = {}

    def __getitem__(self, user: str) -> str:
        """Return a name. Raise `KeyError` for an id that nobody has."""
        if user not in self._known:
            self._read()
        return self._known[user]

    def __iter__(self) -> Iterator[str]:
        """Give the id of everybody there is by now."""
        self._read()
        return iter(self._known)

    def __len__(self) -> int:
        """Count them."""
        self._read()
        return len(self._known)

    def _read(self) -> None:
        with self._database.reader.connect() as connection:
            self._known = {row.id: row.name for row in connection.execute(_NAMES)}
