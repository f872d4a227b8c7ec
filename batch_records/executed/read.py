"""What a person typed, read as what a field asks for. Whether it is a good value is for the limits to say."""

from __future__ import annotations

from datetime import datetime

from batch_records.executed.draft import Malformed
from batch_records.master.recipe import Field, Kind
from batch_records.values.quantity import Quantity, QuantityError
from batch_records.values.unit import UnitError

_LONGEST = 2_000


def read_value(field: Field, text: str) -> str:
    """Return the text to record: digits with the field's unit, one of its options, a time with its zone."""
    text = text.strip()
    if not text:
        raise Malformed(field.name, f"enter “{field.ask}”")
    if len(text) > _LONGEST or any(ord(sign) < 32 and sign not in "\n\t" for sign in text):
        raise Malformed(field.name, f"“{field.ask}” is at most {_LONGEST} printable characters")
    if field.options:
        return _option(field, text)
    if field.unit:
        return _number(field, text)
    return _time(field, text) if field.kind is Kind.TIME else text


def _option(field: Field, text: str) -> str:
    if text not in field.options:
        raise Malformed(field.name, f"choose one of: {', '.join(field.options)}")
    return text


def _number(field: Field, text: str) -> str:
    try:
        return str(Quantity.parse(text, field.unit))
    except (QuantityError, UnitError) as error:
        raise Malformed(field.name, f"{error}. Enter a number in {field.unit}") from None


def _time(field: Field, text: str) -> str:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(field.name, "enter a date and time: 2026-11-22 14:05") from None
    if time.tzinfo is None:
        raise Malformed(field.name, "the time needs its zone: 2026-11-22T14:05+08:00")
    return time.isoformat()
