"""Notification messages into the spool; what is missing between two of them is read from the server's history.

Where values may have been lost, each channel is *doubted*: at its next value it is known from when to when nothing
came. That hole is filled from the server's history before the value itself is stored, so that an instrument's readings
stand in the order of time. Those are marked by the word ``history`` in their status. What the server cannot give is a
gap.

A channel whose unit is not the configured one gives bad readings, until the one or the other is put right.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from asyncua import ua

from devices.backoff import Backoff
from devices.config import Node
from devices.instrument import Measurement
from devices.intake import Intake
from devices.reading import Quality
from devices.spool import SpoolError
from devices.transports.opcua_history import History, NoHistoryError
from devices.transports.opcua_value import measurement, overflowed, source_time

REPLAYED = "history"
LATE = 0.5  # seconds until a history that does not reach the present is asked again
WAITS = 4  # for one message: a historian may write each second, and no oftener
FULL = 10  # values: a queue that is shorter is full without anything being lost

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch of one channel in which values may have been measured that did not come."""

    node: Node
    since: datetime | None
    until: datetime | None
    cause: str


class Taking:
    """One instrument's values: told once, in order, and nothing missing unsaid."""

    def __init__(self, nodes: Sequence[Node], intake: Intake) -> None:
        self._nodes, self._intake = nodes, intake
        self._told = intake.spool.latest(intake.instrument)
        self._newest = {channel: time for channel, (_, _, time) in self._told.items() if time}
        self.doubt: dict[str, str] = {}  # channel → why values before its next one may be missing
        self.misread: Mapping[str, str] = {}  # channel → why its numbers do not mean what is configured

    def doubt_all(self, cause: str) -> None:
        """Doubt every channel that has ever had a value: it is not known what came after."""
        self.doubt_these([node.channel for node in self._nodes], cause)

    def doubt_these(self, channels: Iterable[str], cause: str) -> None:
        """Doubt some channels, as far as they have ever had a value."""
        for channel in channels:
            if channel in self._told:
                self.doubt.setdefault(channel, cause)

    async def take(self, message: ua.NotificationMessage, history: History | None, held: int) -> None:
        """Store a message's values with its number, after what is missing before them; ``held`` is a queue's length."""
        self._tell_strangers(message)
        waits = [LATE] * WAITS
        filled = [(hole, await self._fill(hole, history, waits)) for hole in self._holes(message, held)]
        self._tell_what_was_filled([(hole, count) for hole, count in filled if count])
        measurements, told = [], dict(self._told)
        for node, data in self._values(message):
            made = self._judged(measurement(node, data))
            key = (made.value, made.status, made.source_time)
            # The same measurement told again: NaN, which never equals itself, or the first value of a new session.
            if told.get(node.channel) != key or (made.source_time is None and made.value != "NaN"):
                measurements.append(made)
            told[node.channel] = key
        await self._store(measurements, message.SequenceNumber)
        self._told = told
        self._stored(measurements)

    def _stored(self, measurements: Iterable[Measurement]) -> None:
        for made in measurements:
            if made.source_time:
                self._newest[made.channel] = max(made.source_time, self._newest.get(made.channel, made.source_time))

    def _values(self, message: ua.NotificationMessage) -> Iterator[tuple[Node, ua.DataValue]]:
        for handle, data in _items(message):
            if handle < len(self._nodes):
                yield self._nodes[handle], data

    def _tell_strangers(self, message: ua.NotificationMessage) -> None:
        for handle, _ in _items(message):
            if handle >= len(self._nodes):
                self._intake.gap(f"the server sent a value for node {handle}, which was not asked for")

    def _holes(self, message: ua.NotificationMessage, held: int) -> list[Hole]:
        holes = []
        newest = dict(self._newest)
        for channel in self._full(message, held):
            self.doubt.setdefault(channel, f"the server's queue of {held} values came full")
        for node, data in self._values(message):
            at, since = source_time(data), newest.get(node.channel)
            if overflowed(data):
                self.doubt.setdefault(node.channel, "the server's queue was full")
            if at is None or since is None or at >= since:
                cause = self.doubt.pop(node.channel, None)
                if cause and not node.steady and (at is None or at != since):
                    holes.append(Hole(node, since, at, cause))
                newest.update({node.channel: at} if at else {})
        return holes

    def _full(self, message: ua.NotificationMessage, held: int) -> Iterator[str]:
        """Return the channels whose queue came full: not every server marks the value after which it lost some."""
        if held >= FULL:
            counted = Counter(node.channel for node, _ in self._values(message))
            yield from (channel for channel, count in counted.items() if count >= held)

    async def _fill(self, hole: Hole, history: History | None, waits: list[float]) -> int:
        """Store what the server's history has of a hole, and a gap for what it has not; return how many it had."""
        channel = hole.node.channel
        if hole.since is None or hole.until is None:
            before = _shown(hole.until) if hole.until else "a value without a time"
            self._intake.gap(f"{channel}: {hole.cause} before {before}", hole.since, hole.until)
            return 0
        reached, count, why = hole.since, 0, "its history has no more"
        try:
            while history and reached < hole.until:
                async for page in history.pages(channel, reached, hole.until):
                    times = [time for each in page if (time := source_time(each))]
                    # A page without the last value that we have says nothing of what came between.
                    if times and min(times) > reached:
                        self._gap(hole, reached, min([*times, hole.until]), why)
                    count += await self._keep(hole, reached, page)
                    reached = max([reached, *times])
                if reached < hole.until:
                    if not waits:
                        break
                    await asyncio.sleep(waits.pop())
        except NoHistoryError as no:
            why = str(no)
        if reached < hole.until:
            self._gap(hole, reached, hole.until, why)
        return count

    def _gap(self, hole: Hole, since: datetime, until: datetime, why: str) -> None:
        self._intake.gap(
            f"{hole.node.channel}: no values between {_shown(since)} and {_shown(until)}: {hole.cause}; {why}",
            since,
            until,
        )

    async def _keep(self, hole: Hole, reached: datetime, page: Sequence[ua.DataValue]) -> int:
        """Store a page of history as far as it lies in the hole; return how many values did."""
        found = []
        for data in page:
            made = self._judged(measurement(hole.node, data))
            if made.source_time and hole.until and reached < made.source_time < hole.until:
                found.append(replace(made, status=f"{made.status} {REPLAYED}"))
        if found:
            await self._store(found)
            self._stored(found)  # where the line breaks before the next page, the rest of the hole begins here
        return len(found)

    def _judged(self, made: Measurement) -> Measurement:
        """Mark a measurement whose number does not mean what its unit says."""
        why = self.misread.get(made.channel)
        return replace(made, quality=Quality.BAD, status=f"{made.status} {why}") if why else made

    def _tell_what_was_filled(self, filled: Sequence[tuple[Hole, int]]) -> None:
        if filled:
            holes = [hole for hole, _ in filled]
            first = min(hole.since for hole in holes if hole.since)
            last = max(hole.until for hole in holes if hole.until)
            channels = ", ".join(dict.fromkeys(hole.node.channel for hole in holes))
            between = f"between {_shown(first)} and {_shown(last)}"
            self._intake.remark(
                f"{sum(count for _, count in filled)} values {between} were read from the server's history"
                f" ({holes[0].cause}): {channels}"
            )

    async def _store(self, measurements: Sequence[Measurement], number: int | None = None) -> None:
        """Store measurements, however long it takes until the spool can be written."""
        backoff = Backoff()
        while True:
            try:
                self._intake.take(measurements, cursor=number)
            except SpoolError as full:
                _log.error("%s is not acknowledged: %s", self._intake.instrument, full)
                await asyncio.sleep(backoff.wait())
            else:
                return


def values(message: ua.NotificationMessage) -> Iterator[ua.DataValue]:
    """Return the values that a message tells."""
    return (data for _, data in _items(message))


def ended(message: ua.NotificationMessage) -> bool:
    """Whether the server says by a message that it has ended the subscription."""
    return any(isinstance(data, ua.StatusChangeNotification) for data in message.NotificationData)


def _items(message: ua.NotificationMessage) -> Iterator[tuple[int, ua.DataValue]]:
    for data in message.NotificationData:
        if isinstance(data, ua.DataChangeNotification):
            yield from ((item.ClientHandle, item.Value or ua.DataValue()) for item in data.MonitoredItems)


def _shown(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03} UTC"
