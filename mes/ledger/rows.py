"""Rows as the ledger's lines say them: what is added, what changes to what; and rows held against their lines.

A line of a change names its row by its key, for several rows may stand in one book: the editions of a recipe do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, select
from sqlalchemy.orm import Session, class_mapper
from sqlalchemy.orm.attributes import get_history

from batch_records.executed.draft import Malformed
from mes.db import Row
from mes.ledger.line import utc
from mes.ledger.tables import line
from mes.ledger.verify import Flaw

_HIDDEN = "(not shown)"


def added(row: Row) -> tuple[str, dict[str, Any]]:
    """Return the kind and the body of the line of a new row, its defaults set."""
    for attribute in class_mapper(type(row)).column_attrs:
        default = attribute.columns[0].default
        if default is not None and default.is_scalar and getattr(row, attribute.key) is None:
            setattr(row, attribute.key, default.arg)
    _must_fit(row)
    return f"{_words(type(row))} added", {"values": _values(row)}


def changed(row: Row) -> tuple[str, dict[str, Any]] | None:
    """Return the kind and the body of the line of a changed row, or None where nothing is otherwise than it was."""
    changes = {}
    for name in _names(type(row)):
        history = get_history(row, name)
        old, new = (history.deleted or [None])[0], (history.added or [None])[0]
        if history.has_changes() and old != new:
            changes[name] = [_text(row, name, old), _text(row, name, new)]
    if not changes:
        return None
    _must_fit(row)
    key = {name: getattr(row, name) for name in _key_names(type(row)) if name not in row.unlogged}
    return f"{_words(type(row))} changed", {**key, "changes": changes}


def _must_fit(row: Row) -> None:
    """Refuse a text that is too long: one database would say so in its own words, the other would keep it."""
    for attribute in class_mapper(type(row)).column_attrs:
        value, type_ = getattr(row, attribute.key), attribute.columns[0].type
        if isinstance(value, str) and isinstance(type_, String) and len(value) > (type_.length or len(value)):
            what = attribute.key.replace("_", " ")
            raise Malformed(attribute.key, f"the {what} of a {_words(type(row))} has at most {type_.length} characters")


def _words(cls: type[Row]) -> str:
    return str(cls.__tablename__).replace("_", " ")


def _names(cls: type[Row]) -> list[str]:
    return [attribute.key for attribute in class_mapper(cls).column_attrs]


def _key_names(cls: type[Row]) -> list[str]:
    return [str(column.key) for column in class_mapper(cls).primary_key]


def _values(row: Row) -> dict[str, Any]:
    names = _names(type(row))
    return {name: _text(row, name, getattr(row, name)) for name in names if getattr(row, name) is not None}


def _text(row: Row, name: str, value: Any) -> Any:  # noqa: ANN401 - any column's value
    if name in row.unlogged:
        return _HIDDEN
    if isinstance(value, datetime):
        return utc(value)
    return value if isinstance(value, str | int | bool | list | dict | None) else str(value)


# --- compared with the lines --------------------------------------------------------------------------------------


@dataclass
class _Replayed:
    """A row as its lines make it."""

    book: str
    page: int
    values: dict[str, Any] = field(default_factory=dict)


def wrong_rows(connection: Connection, classes: Iterable[type[Row]]) -> Iterator[Flaw]:
    """Give every difference between rows and what their lines say: a row that somebody changed past the door."""
    session = Session(bind=connection, autoflush=False)
    for cls in classes:
        if cls.unlogged.isdisjoint(_key_names(cls)):
            made = _replay(connection, cls)
            for row in session.scalars(select(cls)):
                yield from _compared(row, made.pop(_key(cls, _values(row)), None))
            for key, lost in made.items():
                yield Flaw(lost.book, lost.page, f"{_words(cls)} {', '.join(key)} is missing")


def _replay(connection: Connection, cls: type[Row]) -> dict[tuple[str, ...], _Replayed]:
    kinds = [f"{_words(cls)} added", f"{_words(cls)} changed"]
    columns = line.c.book, line.c.page, line.c.text
    query = select(*columns).where(line.c.kind.in_(kinds)).order_by(line.c.book, line.c.page)
    made: dict[tuple[str, ...], _Replayed] = {}
    for book, page, text in connection.execute(query):
        try:
            body = json.loads(text)["body"]
            values = body.get("values") or {name: new for name, (_, new) in body["changes"].items()}
            row = made.setdefault(_key(cls, body.get("values") or body), _Replayed(book, page))
        except (AttributeError, KeyError, TypeError, ValueError):
            continue  # it is no line, which `verify` says
        row.page = page
        row.values.update(values)
    return made


def _key(cls: type[Row], values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(values[name]) for name in _key_names(cls))


def _compared(row: Row, made: _Replayed | None) -> Iterator[Flaw]:
    what = f"{_words(type(row))} {', '.join(_key(type(row), _values(row)))}"
    if made is None:
        yield Flaw(row.book, 0, f"{what} was added by no line")
        return
    now = _values(row)
    for name in _names(type(row)):
        if now.get(name) != made.values.get(name):
            found, wanted = now.get(name, "nothing"), made.values.get(name, "nothing")
            yield Flaw(made.book, made.page, f"{what} has {name} {found}, and its lines say {wanted}")
