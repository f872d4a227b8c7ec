"""What analysers that speak ASTM E1394 (LIS02-A2) have in common: results into measurements.

An analyser's file says which of its tests is which channel, and how it writes that channel's unit. A result keeps its
digits; what is doubtful is marked, with the reason in its status, and nothing is left out: a test that no channel
stands for, a unit that is not the channel's, a flag that questions the value. A correction (status C) is a result of
its own and stands beside the one that it corrects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import ClassVar
from zoneinfo import ZoneInfo

from devices.instrument import LARGEST_RAW, Measurement, SerialInstrument, at_site, is_number
from devices.protocols import lis2
from devices.protocols.astm import Receiver
from devices.reading import Quality

_QUALITY = {"F": Quality.GOOD, "C": Quality.GOOD, "P": Quality.UNCERTAIN}  # final, corrected, preliminary


class AstmAnalyser(SerialInstrument):
    """An analyser that sends its results over ASTM E1381."""

    tests: ClassVar[Mapping[str, tuple[str, str]]]
    """The analyser's code of a test → the channel, and the unit as the analyser writes it."""

    sample: ClassVar[tuple[int, int]] = (3, 1)
    """The field of the order and the component in it that hold the sample's code."""

    code: ClassVar[int] = 4
    """The component of the universal test id that holds the analyser's code of a test."""

    untroubled: ClassVar = frozenset({"", "N", "L", "H", "LL", "HH"})
    """Abnormal flags that say where the value lies and nothing against it."""

    def link(self) -> Receiver:
        """Return the computer's side of the line."""
        return Receiver()

    def measurements(self, text: bytes, raw: bytes, zone: ZoneInfo) -> Iterator[Measurement]:
        """Read the results of one message. Each is known again by the message's digest and its place in it."""
        digest = sha256(text).hexdigest()
        for place, result in enumerate(lis2.results(text)):
            yield self._measurement(result, raw, zone, f"{digest}:{place}")

    def _measurement(self, result: lis2.Result, raw: bytes, zone: ZoneInfo, origin: str) -> Measurement:
        code = result.record.component(3, self.code) or result.record.field(3).strip("^")
        channel, unit = self.tests.get(code, (code, ""))
        status = result.status or (result.order.field(26) if result.order else "")  # its order's, where it has none
        doubts = list(self._doubts(code, result))
        quality = Quality.UNCERTAIN if result.flags not in self.untroubled else _QUALITY.get(status, Quality.BAD)
        # Of a message that is too long for a reading each value keeps its own record; the spool keeps the frames.
        raw = (
            raw if len(raw) <= LARGEST_RAW else result.record.delimiters[0].join(result.record.fields).encode("latin-1")
        )
        return Measurement(
            channel=channel,
            value=result.value,
            unit=self.channels[channel] if unit and unit == result.unit else result.unit,
            raw=raw,
            quality=Quality.BAD if doubts or status not in _QUALITY else quality,
            status="; ".join([f"{result.flags} {status}".strip(), *doubts]),
            sample=(result.order.component(*self.sample) or None) if result.order else None,
            source_time=at_site(result.measured, zone),
            origin=origin,
        )

    def _doubts(self, code: str, result: lis2.Result) -> Iterator[str]:
        if code not in self.tests:
            yield "no test that this file knows"
        elif result.unit != self.tests[code][1]:
            yield f"unit is not {self.tests[code][1]}"
        if not is_number(result.value):
            yield "not a number"
