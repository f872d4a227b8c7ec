"""An OPC-UA DataValue as a measurement: nothing masked, nothing rounded."""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from devices.config import Node
from devices.instrument import Measurement
from devices.reading import Quality

# The two most significant bits of a StatusCode are its severity (OPC 10000-4, 7.39.1).
_SEVERITY = {0b00: Quality.GOOD, 0b01: Quality.UNCERTAIN}
_OVERFLOW = 0x480  # InfoType DataValue, Overflow bit: the severity stays good and values before this one are lost
_SEMANTICS_CHANGED = 0x4000  # the unit or the range has changed with this value (OPC 10000-4, 7.39.1)

UNREADABLE = (struct.error, TypeError, ValueError, AttributeError, KeyError, IndexError)  # what decoding ends in


def measurement(node: Node, data: ua.DataValue) -> Measurement:
    """Read one notification. ``raw`` is the DataValue in OPC-UA binary, which has one form (OPC 10000-6, 5.2.2.17)."""
    status = data.StatusCode.value if data.StatusCode else 0
    variant = data.Value
    value = None if variant is None else variant.Value
    quality = _SEVERITY.get(status >> 30, Quality.BAD)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        quality = Quality.BAD  # NaN arrives as Good
    single = variant is not None and variant.VariantType is ua.VariantType.Float
    return Measurement(
        channel=node.channel,
        value=text(value, single=single),
        unit=node.unit,
        raw=_raw(data),
        quality=quality,
        status=f"0x{status:08X}",
        source_time=source_time(data),
    )


def _raw(data: ua.DataValue) -> bytes:
    try:
        return bytes(struct_to_binary(data))
    except (ua.uaerrors.UaError, struct.error, TypeError, ValueError, AttributeError):
        return repr(data).encode()  # a structure that asyncua can read and not write: as it shows it


def overflowed(data: ua.DataValue) -> bool:
    """Whether the server's queue lost values before this one."""
    return data.StatusCode is not None and data.StatusCode.value & _OVERFLOW == _OVERFLOW


def semantics_changed(data: ua.DataValue) -> bool:
    """Whether the server says that what this value means has changed."""
    return data.StatusCode is not None and bool(data.StatusCode.value & _SEMANTICS_CHANGED)


def source_time(data: ua.DataValue) -> datetime | None:
    """Return when a value was measured, aware UTC: OPC-UA knows no other zone."""
    time: datetime | None = data.SourceTimestamp
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time


def text(value: Any, *, single: bool = False) -> str:  # noqa: ANN401 - whatever a Variant holds
    """Return the shortest text that gives a value back: ``37.1``, ``NaN``, ``true``; "" for no value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, ua.LocalizedText):
        return text(value.Text)
    if isinstance(value, float):
        return _float(value, single=single)
    return str(value).encode("utf-8", "backslashreplace").decode()


def _float(value: float, *, single: bool) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if not single:
        return repr(value)
    # A 32-bit float arrives as the double nearest to it: 37.1 as 37.099998474121094.
    shortest = (f"{value:.{digits}g}" for digits in range(6, 10))
    return next(short for short in shortest if struct.pack("<f", float(short)) == struct.pack("<f", value))
