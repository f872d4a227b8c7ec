"""What a person typed, read as what a field asks for. Whether it is a good value is for the limits to say."""

from __future__ import annotations

import re
from datetime import datetime

from batch_records.executed.draft import Malformed
from batch_records.master.recipe import Field, Kind
from batch_records.values import isbt128
from batch_records.values.dose import DoseError, DoseRule
from batch_records.values.isbt128 import NotIsbt128
from batch_records.values.quantity import Quantity, QuantityError
from batch_records.values.unit import UnitError

_LONGEST = 2_000
# Control characters, half characters that no file can hold, and signs that turn the direction of what follows.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def read_value(field: Field, text: str) -> str:
    """Return the text to record: digits with the field's unit, one of its options, a time with its zone."""
    text = text.replace("\r\n", "\n").strip()  # as forms send the lines of a text
    if not text:
        raise Malformed(field.name, f"enter “{field.ask}”")
    if len(text) > _LONGEST or _UNPRINTABLE.search(text):
        raise Malformed(field.name, f"“{field.ask}” is at most {_LONGEST} printable characters")
    if field.options:
        return _option(field, text)
    if field.unit:
        return _number(field, text)
    return _KINDS.get(field.kind, _text)(field, text)


def _text(_: Field, text: str) -> str:
    return text


def _donation(field: Field, text: str) -> str:
    """Read a donation number: its thirteen signs, whether it was scanned or typed with its check character."""
    try:
        return isbt128.read_donation(text)
    except NotIsbt128 as error:
        raise Malformed(field.name, str(error)) from None


def _product(field: Field, text: str) -> str:
    try:
        return isbt128.read_product(text)
    except NotIsbt128 as error:
        raise Malformed(field.name, str(error)) from None


def _option(field: Field, text: str) -> str:
    if text not in field.options:
        raise Malformed(field.name, f"choose one of: {', '.join(field.options)}")
    return text


def _number(field: Field, text: str) -> str:
    try:
        return str(Quantity.parse(text, field.unit))
    except (QuantityError, UnitError) as error:
        raise Malformed(field.name, f"{error}. Enter a number in {field.unit}") from None


def _dose(field: Field, text: str) -> str:
    try:
        return DoseRule.parse(text).text
    except DoseError as error:
        raise Malformed(field.name, str(error)) from None


def _time(field: Field, text: str) -> str:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(field.name, "enter a date and time with its zone: 2026-11-22T14:05+08:00") from None
    if time.tzinfo is None:
        raise Malformed(field.name, "the time needs its zone: 2026-11-22T14:05+08:00")
    return time.isoformat()


_KINDS = {Kind.TIME: _time, Kind.DOSE: _dose, Kind.DONATION: _donation, Kind.PRODUCT: _product}
