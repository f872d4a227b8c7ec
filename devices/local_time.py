"""Times as instruments write them, without a zone and in the manner of their country.

“3/4/2022” is in March in one country and in April in the next, and the instrument does not say which it was set to:
the very programs whose exports are known write ``3/21/2022``, ``6-24-2022`` and, in another column of the same file,
``24-6-2022``. So the order is the site's configuration and is never guessed, not even from other dates of the file. A
date that can be read in one way only is read without it; one that contradicts what the site configured is refused, for
then the configuration or the instrument is wrong. A year of two digits is read only where the order is configured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from devices.instrument import DateOrder, at_site
from devices.protocols import ProtocolError

_CLOCK = (
    r"(?:(?:[ T]\s*)(?P<hour>[0-9]{1,2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:\.[0-9]+)?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?)"
)
_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})([-/.]?)(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})" + _CLOCK)
_NAMED = re.compile(r"(?P<day>[0-9]{1,2})[ -](?P<name>[A-Za-z]{3})[a-z]*[ -](?P<year>[0-9]{4})" + _CLOCK)
_NUMERIC = re.compile(r"(?P<one>[0-9]{1,2})([-/.])(?P<other>[0-9]{1,2})\2(?P<year>[0-9]{4}|[0-9]{2})" + _CLOCK)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def instant(text: str, zone: ZoneInfo, dates: DateOrder | None) -> datetime | None:
    """Read a time and give it the site's zone; None for what is no time of a day.

    Raise `ProtocolError` for a date that may be read in two ways, or that contradicts the site's configuration.
    """
    return at_site(read(text, dates), zone)


def read(text: str, dates: DateOrder | None) -> datetime | None:
    """Read a time as it stands, without a zone. As `instant` does."""
    text = text.strip()
    found = _YEAR_FIRST.fullmatch(text) or _NAMED.fullmatch(text)
    if found:
        parts = found.groupdict()
        month = parts.get("month") or _month(parts["name"])
        return _time(parts["year"], month, parts["day"], parts)
    numeric = _NUMERIC.fullmatch(text)
    return _numeric(text, numeric.groupdict(), dates) if numeric else None


def _month(name: str) -> str:
    return str(_MONTHS.index(name.lower()) + 1) if name.lower() in _MONTHS else "0"


def _numeric(text: str, parts: dict[str, str], dates: DateOrder | None) -> datetime | None:
    readings = dict(_readings(parts))
    if dates:
        if readings and dates not in readings:
            raise ProtocolError(f"{text} is no {dates} date, which this instrument's dates are configured to be")
        return readings.get(dates)
    if len(set(readings.values())) > 1 or (readings and len(parts["year"]) == 2):
        raise ProtocolError(
            f'{text} may be read in two ways: write dates = "day-first" or "month-first" for this instrument'
        )
    return next(iter(readings.values()), None)


def _readings(parts: dict[str, str]) -> Iterator[tuple[DateOrder, datetime]]:
    year = parts["year"] if len(parts["year"]) == 4 else f"20{parts['year']}"
    for order, month, day in (
        (DateOrder.DAY_FIRST, parts["other"], parts["one"]),
        (DateOrder.MONTH_FIRST, parts["one"], parts["other"]),
    ):
        if time := _time(year, month, day, parts):
            yield order, time


def _time(year: str, month: str, day: str, parts: dict[str, str]) -> datetime | None:
    hour = int(parts["hour"])
    if half := parts["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "Pp" else 0)
    try:
        return datetime(int(year), int(month), int(day), hour, int(parts["minute"]), int(parts["second"] or 0))  # noqa: DTZ001 - the site's zone is applied above
    except ValueError:
        return None
