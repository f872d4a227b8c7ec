"""Sartorius balances, over SBI on a serial line or a terminal server.

Source: the chapter “Data output” of Sartorius' balance manuals (output formats with 16 and 22 characters, their line
end included; command ESC P). The balance is asked every second; set its interface to SBI, 9600 8N1 (many leave the
factory with 1200 7O1: then say so in the gateway's configuration), printing “without stability”, and the unit g.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.instrument import Measurement, SerialInstrument, instrument
from devices.protocols import sbi
from devices.protocols.polled import Polled
from devices.reading import Quality


@instrument("sartorius-balance", verified=None)
class SartoriusBalance(SerialInstrument):
    """Sartorius balance, over SBI."""

    channels: ClassVar = {"mass": "g"}

    def link(self) -> Polled:
        """Return the line that asks it."""
        return sbi.link()

    def measurements(self, text: bytes, raw: bytes, zone: ZoneInfo) -> Iterator[Measurement]:  # noqa: ARG002 - a balance has no clock
        """Read one answer, with the digits as sent; a weight without a unit is not stable yet."""
        weight = sbi.weight(text)
        doubts = list(_doubts(weight))
        good = Quality.GOOD if weight.unit and weight.confirmed else Quality.UNCERTAIN
        yield Measurement(
            channel="mass",
            value=weight.value.replace("[", "").replace("]", ""),
            unit=weight.unit,
            raw=raw,
            quality=Quality.BAD if doubts else good,
            status="; ".join(filter(None, [weight.mark, *doubts, *(_remarks(weight) if not doubts else ())])),
        )


def _doubts(weight: sbi.Weight) -> Iterator[str]:
    if weight.state:
        yield weight.state
    elif weight.unit not in ("", "g"):
        yield "unit is not g"


def _remarks(weight: sbi.Weight) -> Iterator[str]:
    if "[" in weight.value:
        yield "the digit in brackets is not verified"
    if not weight.unit:
        yield "not stable"
    elif not weight.confirmed:
        yield "not confirmed by a second answer"
