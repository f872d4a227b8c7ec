"""An OPC-UA server after a companion specification: what it has is found by its types, at the beginning of a session.

Nobody lists nodes. The objects are walked from the root; each is known by its type or by one that its type is made
from (`devices.instrument.Model`), under whatever index the server gives their namespaces today. A quantity's unit is
subscribed beside it: when an operator switches a display to °F, the session ends and everything is found anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import BadNoSubscription

from devices.config import Node, OpcUaSettings
from devices.instrument import Measurement, ModelledInstrument
from devices.intake import Intake
from devices.reading import Quality
from devices.transports.opcua import OpcUaSubscription, Standing
from devices.transports.opcua_browse import NAMESPACES, Browser, standard
from devices.transports.opcua_client import Connection
from devices.transports.opcua_walk import Found, Walk, spelled
from devices.transports.together import together

PAUSE = 600.0  # seconds between two looks at what the server has
UNITS = ".unit"
LONGEST = 60  # characters of a channel
LONGEST_VALUE = 200
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class ModelledSubscription(OpcUaSubscription):
    """One server, known by its types."""

    def __init__(
        self, instrument: ModelledInstrument, settings: OpcUaSettings, pki: Path, intake: Intake, pause: float = PAUSE
    ) -> None:
        super().__init__(settings, pki, intake)
        self._instrument, self._pause = instrument, pause
        self._changed: set[str] = set()  # channels whose unit is another than when the session began

    async def survey(self, connection: Connection) -> tuple[Node, ...]:
        """Find the devices, and say what is there no longer."""
        found = await self._walked(connection.session)
        nodes = self._planned(found)
        self._tell_what_is_missing(found, nodes)
        self._changed = set()
        return nodes

    async def _walked(self, session: UaSession) -> list[Found]:
        (namespaces,) = await Browser(session, ()).read([standard(NAMESPACES)], AttributeIds.Value)
        return self._chosen(await Walk(Browser(session, namespaces), self._instrument).variables())

    def _planned(self, found: Sequence[Found]) -> tuple[Node, ...]:
        named = {name: channel for channel, name in self._settings.names}
        nodes = []
        for each in found:
            channel = named.pop(each.channel, each.channel)
            nodes.append(Node(channel, each.node, each.unit))
            if each.units:
                nodes.append(Node(channel + UNITS, each.units, ""))
        return tuple(nodes)

    def _tell_what_is_missing(self, found: Sequence[Found], nodes: Sequence[Node]) -> None:
        there, devices = ", ".join(each.channel for each in found), {each.device for each in found}
        if len(devices) > 1:
            told = ", ".join(sorted(devices))
            self._intake.notice(
                f"the server has the devices {told}: write device = … for the one that is this instrument"
            )
        for channel, name in self._settings.names:
            if channel not in {node.channel for node in nodes}:
                self._intake.notice(f"{channel}: the server has no {name}; it has {there}")
        for channel in sorted(self._last.keys() - {node.channel for node in nodes}):
            self._intake.gap(f"{channel}: the server has it no longer")
            del self._last[channel]

    async def _publish(self, session: UaSession, standing: Standing) -> None:
        await together(super()._publish(session, standing), self._look_again(session))

    async def _look_again(self, session: UaSession) -> None:
        """Begin anew when something came or went: few servers say so, and what is gone is merely silent."""
        while True:
            if self._planned(await self._walked(session)) != self._nodes:
                self._forget()
                raise BadNoSubscription
            await asyncio.sleep(self._pause)

    def _chosen(self, found: Sequence[Found]) -> list[Found]:
        """Return the variables of the device that is this instrument; of all, under their names, where none is."""
        devices = list(dict.fromkeys(each.device for each in found))
        wanted = self._settings.device
        if not devices or (wanted and wanted not in devices):
            there = f"; it has {', '.join(devices)}" if devices else ""
            raise ValueError(f"there is no device {wanted or self._instrument.model.device}{there}")
        if len(devices) > 1 and not wanted:
            found = [replace(each, channel=f"{each.device}.{each.channel}") for each in found]
        return [replace(each, channel=_short(each.channel)) for each in found if wanted in ("", each.device)]

    def read(self, message: ua.NotificationMessage) -> list[Measurement]:
        """Return what a message says. Beside a unit that has changed, no value is worth anything."""
        made = super().read(message)
        planned = {node.channel: node.unit for node in self._nodes}
        for each in made:
            channel = each.channel.removesuffix(UNITS)
            if channel != each.channel and each.value and each.value != planned[channel]:
                self._intake.notice(f"{channel}: its unit was {planned[channel]} and is {each.value}")
                self._changed.add(channel)
        return [_doubted(each, "its unit has changed") if each.channel in self._changed else each for each in made]

    async def _take(self, message: ua.NotificationMessage) -> None:
        await super()._take(message)
        if self._changed:
            raise BadNoSubscription  # it is forgotten, and the next one begins with another survey

    def measured(self, node: Node, data: ua.DataValue) -> Measurement:
        """Return one notification's measurement, with whatever is doubtful about its unit."""
        made = super().measured(node, data)
        if made.source_time and made.source_time < _FIRST:
            made = replace(made, source_time=None)
        if node.channel.endswith(UNITS):
            return replace(made, value=spelled(self._instrument, data.Value.Value if data.Value else None))
        wanted = self._instrument.channels.get(node.channel, node.unit)
        doubt = self._instrument.doubt(node.unit) or ("" if wanted == node.unit else f"unit is not {wanted}")
        if len(made.value) > LONGEST_VALUE:
            made, doubt = replace(made, value=f"{made.value[: LONGEST_VALUE - 1]}…"), "longer than a value may be"
        return _doubted(made, doubt) if doubt else made


def _doubted(made: Measurement, doubt: str) -> Measurement:
    return replace(made, quality=Quality.BAD, status=f"{made.status}; {doubt}")


def _short(channel: str) -> str:
    """Return a channel's name, cut at its beginning and made unique again where it is too long with its units'."""
    longest = LONGEST - len(UNITS)
    if len(channel) <= longest:
        return channel
    return f"{sha256(channel.encode()).hexdigest()[:6]}…{channel[7 - longest :]}"
