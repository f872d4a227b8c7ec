"""Mettler Toledo balances, over MT-SICS on a serial line or a terminal server.

Source: MT-SICS Interface Command reference, level 0 (commands S, SI, I4). The balance is asked every second; no print
key is needed. Set it to 9600 8N1 and handshake off, and to the unit g.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.instrument import Measurement, SerialInstrument, instrument
from devices.protocols import mt_sics
from devices.protocols.polled import Polled
from devices.reading import Quality

_STATES = {"I": "busy", "+": "overload", "-": "underload"}


@instrument("mettler-toledo-balance", verified=None)
class MettlerToledoBalance(SerialInstrument):
    """Mettler Toledo balance, over MT-SICS."""

    channels: ClassVar = {"mass": "g"}

    def link(self) -> Polled:
        """Return the line that asks it."""
        return mt_sics.link()

    def measurements(self, text: bytes, raw: bytes, zone: ZoneInfo) -> Iterator[Measurement]:  # noqa: ARG002 - a balance has no clock
        """Read one answer: a weight with the digits as sent, or which balance this is."""
        if number := mt_sics.serial_number(text):
            yield Measurement("serial_number", number, "", raw)
            return
        weight = mt_sics.weight(text)
        doubts = list(_doubts(weight))
        good = Quality.GOOD if weight.state == "S" and weight.confirmed else Quality.UNCERTAIN
        yield Measurement(
            channel="mass",
            value=weight.value,
            unit=weight.unit,
            raw=raw,
            quality=Quality.BAD if doubts else good,
            status="; ".join([f"S {weight.state}", *doubts, *(_remarks(weight) if not doubts else ())]),
        )


def _doubts(weight: mt_sics.Weight) -> Iterator[str]:
    if weight.state in _STATES:
        yield _STATES[weight.state]
    elif weight.unit != "g":
        yield "unit is not g"


def _remarks(weight: mt_sics.Weight) -> Iterator[str]:
    if weight.state == "D":
        yield "not stable"
    elif not weight.confirmed:
        yield "not confirmed by a second answer"
