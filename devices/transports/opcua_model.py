"""An OPC-UA server after a companion specification: what it has is found by its types.

The objects are walked from the root; each is known by its type or by one that its type is made from
(`devices.instrument.Model`), under whatever index the server gives their namespaces today. A quantity's unit is
subscribed beside it: when an operator switches a display to °F, everything is found anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Event as Stop
from typing import Any

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.common.utils import Buffer
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.ua_binary import struct_from_binary

from devices.config import Node, OpcUaSettings
from devices.instrument import Measurement, ModelledInstrument
from devices.intake import Intake
from devices.reading import Quality
from devices.transports.opcua_address_space import NAMESPACES, Browser, standard
from devices.transports.opcua_survey import UNITS, Survey, SurveyedSubscription
from devices.transports.opcua_walk import Found, Walk, spelled

PAUSE = 600.0  # seconds between two looks at what the server has: few say so, and what is gone is merely silent
LONGEST = 60  # characters of a channel
LONGEST_VALUE = 200
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class ModelledServer:
    """One server, known by its types."""

    def __init__(
        self, instrument: ModelledInstrument, settings: OpcUaSettings, pki: Path, intake: Intake, pause: float = PAUSE
    ) -> None:
        self._instrument, self._settings, self._pki, self._intake = instrument, settings, pki, intake
        self._pause = pause
        self._said: set[str] = set()

    def run(self, stop: Stop) -> None:
        """Receive until told to stop."""
        Survey(self._find, self._make, self._settings, self._pki, self._intake).run(stop)

    def _make(self, settings: OpcUaSettings) -> SurveyedSubscription:
        judge = Judge(self._instrument, settings.nodes, self._intake)
        return _Subscription(judge, self._find, settings, self._pki, self._pause)

    async def _find(self, session: UaSession) -> tuple[Node, ...]:
        (namespaces,) = await Browser(session, ()).read([standard(NAMESPACES)], AttributeIds.Value)
        found = self._chosen(await Walk(Browser(session, namespaces), self._instrument).variables())
        named = {name: channel for channel, name in self._settings.names}
        nodes = []
        for each in found:
            channel = named.pop(each.channel, each.channel)
            is_identity = each.channel.rpartition(".")[2] in self._instrument.model.identity
            nodes.append(Node(channel, each.node, each.unit, steady=is_identity))
            if each.units:
                nodes.append(Node(channel + UNITS, each.units, "", steady=True))
        for name, channel in named.items():
            self._say_once(f"{channel}: the server has no {name}; it has {', '.join(each.channel for each in found)}")
        return tuple(nodes)

    def _chosen(self, found: Sequence[Found]) -> list[Found]:
        """Return the variables of the device that is this instrument; of all, under their names, where none is."""
        devices = list(dict.fromkeys(each.device for each in found))
        wanted, there = self._settings.device, ", ".join(devices)
        if not devices or (wanted and wanted not in devices):
            raise ValueError(
                f"there is no device {wanted or self._instrument.model.device}; there is {there or 'none'}"
            )
        if len(devices) > 1 and not wanted:
            self._say_once(f"the server has the devices {there}: write device = … for the one that is this instrument")
            found = [replace(each, channel=f"{each.device}.{each.channel}") for each in found]
        return [replace(each, channel=_short(each.channel)) for each in found if wanted in ("", each.device)]

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._intake.notice(sentence)


class _Subscription(SurveyedSubscription):
    def __init__(self, judge: Judge, *others: Any) -> None:  # noqa: ANN401 - the superclass's own, one added
        find, settings, pki, pause = others
        super().__init__(find, settings, pki, judge, pause)
        self._judge = judge

    def beside(self) -> Sequence[Any]:
        """Look at the server, and at what the judge saw."""
        return [*super().beside(), self._end_when_a_unit_changes()]

    async def _end_when_a_unit_changes(self) -> None:
        await self._judge.alarm.wait()
        await self.end()


class Judge(Intake):
    """An instrument's intake that marks what is doubtful about the unit of a value before it is stored."""

    def __init__(self, instrument: ModelledInstrument, nodes: Sequence[Node], intake: Intake) -> None:
        super().__init__(intake.instrument, intake.spool, intake.clock)
        self._instrument, self._intake = instrument, intake
        self._units = {node.channel: node.unit for node in nodes}
        self.changed: set[str] = set()  # channels whose unit is another than when it was looked for
        self.alarm = asyncio.Event()  # set when there is one

    def state(self, state: str, reason: str = "") -> None:
        """Record what the line is doing."""
        self._intake.state(state, reason)

    def take(self, measurements: Sequence[Measurement], cursor: int | None = None) -> int:
        """Store measurements. Beside a unit that has changed, no value is worth anything."""
        made = [self._spelled(each) for each in measurements]
        for each in made:
            channel = each.channel.removesuffix(UNITS)
            if channel != each.channel and each.value not in ("", self._units[channel]):
                self.notice(f"{channel}: its unit was {self._units[channel]} and is {each.value}")
                self.changed.add(channel)
                self.alarm.set()
        return self._intake.take([self._judged(each) for each in made], cursor)

    def _spelled(self, made: Measurement) -> Measurement:
        if not made.channel.endswith(UNITS):
            return made
        told = struct_from_binary(ua.DataValue, Buffer(made.raw))
        return replace(made, value=spelled(self._instrument, told.Value.Value if told.Value else None))

    def _judged(self, made: Measurement) -> Measurement:
        if made.source_time and made.source_time < _FIRST:
            made = replace(made, source_time=None)
        doubts = list(self._doubts(made))
        if not doubts:
            return made
        value = made.value if len(made.value) <= LONGEST_VALUE else f"{made.value[: LONGEST_VALUE - 1]}…"
        status = "; ".join([made.status, *doubts])
        return replace(made, value=value, quality=Quality.BAD, status=status[:LONGEST_VALUE])

    def _doubts(self, made: Measurement) -> Sequence[str]:
        wanted = self._instrument.channels.get(made.channel, made.unit)
        doubts = {
            self._instrument.doubt(made.unit): True,
            f"unit is not {wanted}": wanted != made.unit,
            "its unit has changed": made.channel in self.changed,
            f"longer than {LONGEST_VALUE} characters": len(made.value) > LONGEST_VALUE,
        }
        return [doubt for doubt, holds in doubts.items() if doubt and holds]


def _short(channel: str) -> str:
    """Return a channel's name, cut at its beginning and made unique again where it is too long with its units'."""
    longest = LONGEST - len(UNITS)
    if len(channel) <= longest:
        return channel
    return f"{sha256(channel.encode()).hexdigest()[:6]}…{channel[7 - longest :]}"
