"""What a server says of a node's unit, in this system's spelling (OPC 10000-8, 5.6.4).

A server names a unit by a number, made from its common code in UNECE Recommendation 20, and by a text for people. The
number is believed first, the text where it is a known spelling; any other text is kept as it is.
"""

from __future__ import annotations

from asyncua import ua

from devices import unece

_SPELLINGS = {
    "c": "°C",
    "degc": "°C",
    "deg c": "°C",
    "cel": "°C",
    "℃": "°C",
    "f": "°F",
    "degf": "°F",
    "℉": "°F",
    "percent": "%",
    "rpm": "rev/min",
    "1/min": "rev/min",
    "min-1": "rev/min",
    "r/min": "rev/min",
    "litre": "L",
    "millilitre": "mL",
    "1/ml": "cells/mL",
}
_KNOWN = {unit.casefold(): unit for unit in (*unece.EVERY.values(), "cells/mL", "mL/min", "mg/dL", "mmol/L")}


def spelled(text: str) -> str:
    """Return a unit in this system's spelling; "" where the text is none that it knows."""
    plain = text.strip().casefold()
    return _SPELLINGS.get(plain) or _KNOWN.get(plain, "")


def unit_of(said: object) -> str:
    """Return the unit that a server's EngineeringUnits stand for; "" where they say nothing."""
    if not isinstance(said, ua.EUInformation):
        return ""
    text = (said.DisplayName.Text or "").strip()
    return unece.EVERY.get(said.UnitId) or spelled(text) or text


def agrees(said: str, unit: str, server_unit: str) -> bool | None:
    """Whether what a server says is the configured unit; None where that cannot be known.

    ``server_unit`` is a spelling that a person has confirmed. It confirms no other unit that this system knows.
    """
    if not said or said == unit:
        return True
    if spelled(said):
        return spelled(said) == (spelled(unit) or unit)
    return said == server_unit if server_unit else None
