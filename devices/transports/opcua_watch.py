"""What is looked at beside the values: the server's clock, its start, its units, its namespaces and our nodes.

Each of these may change while values go on arriving, and changes what the values mean. What is found is a notice once,
and the reason of the instrument's state for as long as it is so.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError

from devices import certificates
from devices.clock import Clock
from devices.config import Node, OpcUaSettings
from devices.intake import Intake
from devices.transports.opcua_client import LOST
from devices.transports.opcua_monitoring import namespace, own, places, some
from devices.transports.opcua_units import agrees, unit_of
from devices.transports.opcua_value import UNREADABLE

SOON = timedelta(days=30)  # a certificate that expires then is said now

_CURRENT_TIME = own(ObjectIds.Server_ServerStatus_CurrentTime)
_START_TIME = own(ObjectIds.Server_ServerStatus_StartTime)
_NAMESPACES = own(ObjectIds.Server_NamespaceArray)
_UNITS = ua.RelativePath.from_string(".0:EngineeringUnits")  # by a property of the node

_GONE = {StatusCodes.BadNodeIdUnknown, StatusCodes.BadNodeIdInvalid}

_log = logging.getLogger(__name__)


class MovedError(Exception):
    """The server's namespaces have other indices than when the nodes were subscribed."""


@dataclass
class Known:
    """What a server said of itself when it was last asked; kept over restarts of the gateway."""

    started: str = ""
    indices: dict[str, int] = field(default_factory=dict)  # namespace URI → index, of the namespaces that are used
    units: dict[str, str] = field(default_factory=dict)  # channel → unit, as the server says it


class Watch:
    """The looks at one instrument's server."""

    def __init__(self, settings: OpcUaSettings, intake: Intake, known: Known, wall: Clock) -> None:
        self._settings, self._intake, self._wall = settings, intake, wall
        self.known = known
        self.misread: dict[str, str] = {}  # channel → why its numbers do not mean what is configured
        self.places: dict[str, ua.NodeId] = {}
        self._wrong: dict[str, str] = {}  # what is not as it should be → a sentence

    async def begin(self, session: UaSession, certificate: bytes | None) -> bool:
        """Look at a server that was just connected to; return whether its namespaces have moved."""
        namespaces = await self._namespaces(session)
        self.places = places(self._settings.nodes, namespaces)
        for uri in dict.fromkeys(map(namespace, self._settings.nodes)):
            channels = ", ".join(node.channel for node in self._settings.nodes if namespace(node) == uri)
            missing = f"{channels}: the server has no namespace {uri}; it has {', '.join(namespaces)}"
            self._judge(f"namespace {uri}", "" if uri in namespaces else missing)
        self._judge("certificate", self._expiring(certificate) if certificate else "")
        moved = self._moved(namespaces)
        await self._parts(session)
        return moved

    async def look(self, session: UaSession) -> Mapping[str, ua.NodeId]:
        """Look again; return the nodes that are back. Raises `MovedError`, or what ended the connection."""
        if self._indices(await self._namespaces(session)) != self.known.indices:
            raise MovedError("its namespaces have moved")
        return await self._parts(session)

    async def _parts(self, session: UaSession) -> Mapping[str, ua.NodeId]:
        back: dict[str, ua.NodeId] = {}
        for part in (self._server, self._nodes, self.units):
            try:
                back |= await part(session) or {}
            except LOST:
                raise
            except (UaError, *UNREADABLE) as refused:
                _log.info("%s: the server does not tell: %s", self._intake.instrument, refused)
        self._intake.state("connected", "; ".join(self._wrong.values()))
        return back

    async def units(self, session: UaSession) -> None:
        """Compare the server's units with the configured ones."""
        said = await self._said_units(session)
        for node in self._settings.nodes:
            unit, before = said.get(node.channel, ""), self.known.units.get(node.channel, "")
            same = agrees(unit, node.unit, node.server_unit)
            if before and unit != before:
                self._intake.notice(f"{node.channel}: the server's unit was {before} and is {unit or 'not said'}")
            if same is None:
                self._ask(node, unit)
            sentence = f"{node.channel}: the server says {unit}, the configuration {node.unit}"
            self._judge(f"unit of {node.channel}", sentence if same is False else "")
            self.misread.pop(node.channel, None)
            if same is False:
                self.misread[node.channel] = f"in {unit}"
        self.known.units = {channel: unit for channel, unit in said.items() if unit}

    def _ask(self, node: Node, unit: str) -> None:
        if self.known.units.get(node.channel) != unit:
            self._intake.notice(
                f'{node.channel}: the server says “{unit}”; if that is {node.unit}, write server_unit = "{unit}"'
            )

    def _judge(self, what: str, sentence: str) -> None:
        """Note what is wrong, and say it where it was right before; or that it is right."""
        if not sentence:
            self._wrong.pop(what, None)
            return
        if what not in self._wrong:
            self._intake.notice(sentence)
        self._wrong[what] = sentence

    async def _server(self, session: UaSession) -> None:
        asked = self._wall()
        current, started = await session.read_attributes([_CURRENT_TIME, _START_TIME], AttributeIds.Value)
        answered = self._wall()
        shown, begun = _time(current), _time(started)
        if shown:
            travel = (answered - asked) / 2
            ahead = shown - (asked + travel)
            self._intake.clock_ahead(ahead.total_seconds())
            self._judge("clock", self._clock(ahead, travel))
        if begun:
            if self.known.started and begun.isoformat() != self.known.started:
                self._intake.notice(f"the server was restarted at {begun:%Y-%m-%d %H:%M:%S} UTC")
            self.known.started = begun.isoformat()

    def _clock(self, offset: timedelta, travel: timedelta) -> str:
        if abs(offset) - travel <= timedelta(seconds=self._settings.clock_limit):
            return ""
        direction = "ahead of" if offset > timedelta(0) else "behind"
        return f"the server's clock is {abs(offset).total_seconds():.1f} s {direction} ours"

    def _expiring(self, certificate: bytes) -> str:
        until = certificates.expiry(certificate)
        if until - self._wall() > SOON:
            return ""
        return f"the server's certificate {'expired' if until < self._wall() else 'expires'} on {until:%Y-%m-%d}"

    async def _namespaces(self, session: UaSession) -> list[str]:
        (found,) = await session.read_attributes([_NAMESPACES], AttributeIds.Value)
        return list(found.Value.Value or ()) if found.Value else []

    def _indices(self, namespaces: Sequence[str]) -> dict[str, int]:
        used = {namespace(node) for node in self._settings.nodes}
        return {uri: namespaces.index(uri) for uri in sorted(used) if uri in namespaces}

    def _moved(self, namespaces: Sequence[str]) -> bool:
        """Say which namespaces have another index than when they were last looked at."""
        found, before = self._indices(namespaces), self.known.indices
        for uri in sorted(found.keys() & before.keys()):
            if found[uri] != before[uri]:
                self._intake.notice(f"the namespace {uri} has moved from index {before[uri]} to {found[uri]}")
        self.known.indices = found
        return found != before

    async def _nodes(self, session: UaSession) -> dict[str, ua.NodeId]:
        """Look whether every node is there; return those that were not, and are."""
        back = {}
        for channels in some(list(self.places)):
            there = await session.read_attributes([self.places[each] for each in channels], AttributeIds.NodeClass)
            for channel, answer in zip(channels, there, strict=True):
                gone = answer.StatusCode is not None and answer.StatusCode.value in _GONE
                if f"node of {channel}" in self._wrong and not gone:
                    back[channel] = self.places[channel]
                self._judge(
                    f"node of {channel}", f"{channel}: the server has no node {self.places[channel]}" if gone else ""
                )
        return back

    async def _said_units(self, session: UaSession) -> Mapping[str, str]:
        found: dict[str, ua.NodeId] = {}
        for channels in some(list(self.places)):
            paths = [ua.BrowsePath(StartingNode=self.places[each], RelativePath=_UNITS) for each in channels]
            results = await session.translate_browsepaths_to_nodeids(paths)
            for channel, result in zip(channels, results, strict=True):
                if result.StatusCode.is_good() and result.Targets:
                    found[channel] = result.Targets[0].TargetId
        said: dict[str, str] = {}
        for channels in some(list(found)):
            values = await session.read_attributes([found[each] for each in channels], AttributeIds.Value)
            said |= {
                each: unit_of(value.Value and value.Value.Value) for each, value in zip(channels, values, strict=True)
            }
        return said


def _time(data: ua.DataValue) -> datetime | None:
    value = data.Value.Value if data.Value else None
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
