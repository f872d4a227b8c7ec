"""A cell counter that speaks ASTM E1381/E1394 over a serial line and sends a result when a count ends.

Tests are named in the universal test id's fourth component; the sample is the order's first specimen id. Modelled on
haematology analysers' messages (E1394-97); no manual of one counter is behind it, so `verified` is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.instrument import Measurement, SerialInstrument, at_site, instrument, is_number
from devices.protocols import lis2
from devices.protocols.astm import Receiver
from devices.reading import Quality

_TESTS = {"TOTAL": "total_cells", "VIABLE": "viable_cells", "VIABILITY": "viability"}
_QUALITY = {"F": Quality.GOOD, "C": Quality.GOOD, "P": Quality.UNCERTAIN}  # final, corrected, preliminary


@instrument("cell-counter", verified=None)
class CellCounter(SerialInstrument):
    """Cell counter with dye exclusion, over ASTM on a serial line."""

    channels: ClassVar = {"total_cells": "cells/mL", "viable_cells": "cells/mL", "viability": "%"}

    def link(self) -> Receiver:
        """Return the computer's side of the line."""
        return Receiver()

    def measurements(self, text: bytes, raw: bytes, zone: ZoneInfo) -> Iterator[Measurement]:
        """Read the results of one message. Each is known again by the message's digest and its place in it."""
        digest = sha256(text).hexdigest()
        for place, result in enumerate(lis2.results(text)):
            yield self._measurement(result, raw, zone, f"{digest}:{place}")

    def _measurement(self, result: lis2.Result, raw: bytes, zone: ZoneInfo, origin: str) -> Measurement:
        channel = _TESTS.get(result.test, result.test)
        doubts = list(self._doubts(channel, result))
        return Measurement(
            channel=channel,
            value=result.value,
            unit=result.unit,
            raw=raw,
            quality=Quality.BAD if doubts else _QUALITY.get(result.status, Quality.BAD),
            status="; ".join([f"{result.flags} {result.status}".strip(), *doubts]),
            sample=(result.order.component(3, 1) or None) if result.order else None,
            source_time=at_site(result.measured, zone),
            origin=origin,
        )

    def _doubts(self, channel: str, result: lis2.Result) -> Iterator[str]:
        if channel not in self.channels:
            yield "no test that this file knows"
        elif result.unit != self.channels[channel]:
            yield f"unit is not {self.channels[channel]}"
        if not is_number(result.value):
            yield "not a number"
