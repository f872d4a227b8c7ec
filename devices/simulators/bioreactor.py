"""The bioreactor: its probes, read from the culture as time passes, and an OPC-UA server that shows them.

While process time runs like real time, the probes are read each second. When it runs faster they are read each ten
process minutes, so that a batch of twelve days has a dense chart: nothing is skipped, in order, each value with its own
source time, and no faster than `PACE`, so that no client's queue overflows.
"""

from __future__ import annotations

import asyncio
import time as real
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from asyncua import ua
from asyncua.common.node import Node
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds

from devices import unece
from devices.config import POLICIES
from devices.instruments.bioreactor import Bioreactor
from devices.simulators.faults import Order
from devices.simulators.history import Recorder
from devices.simulators.secured import SecuredServer
from devices.simulators.world import Values, World

NAMESPACE = "urn:simulated:bioreactor"
CHANNELS = tuple(Bioreactor.channels)
RANGES = {
    "temperature": (0.0, 60.0),
    "pH": (0.0, 14.0),
    "dissolved_oxygen": (0.0, 200.0),
    "carbon_dioxide": (0.0, 20.0),
    "agitation": (0.0, 250.0),
    "viable_cell_density": (0.0, 1e8),
}
STEP = timedelta(minutes=10)
TICK = 0.05  # seconds
PACE = 20  # steps in a tick: a client that fetches once a second needs a queue of 400


class Face(Protocol):
    """An OPC-UA server for the probes."""

    async def write(self, time: datetime, values: Values) -> None:
        """Show values, with the time when they were measured."""

    async def drop(self) -> None:
        """Lose every connection."""

    async def restart(self) -> None:
        """Stop, and start with nothing of what was before."""


async def show(world: World, face: Face, instrument: str = "bioreactor") -> None:
    """Read an instrument's probes and show them, for ever."""
    until, last = world.clock(), float("-inf")
    order: Order[tuple[datetime, Values]] = Order()
    while True:
        now, fault = world.clock(), world.asked(instrument)
        due = []
        if now - until >= STEP:
            due = [until + STEP * step for step in range(1, min(PACE, (now - until) // STEP) + 1)]
        elif real.monotonic() - last >= 1 or world.hurry:
            due, last = [now], real.monotonic()
        for until in due:
            order.take(fault, until, (world.faults.time(instrument, until), world.probes(until, instrument)))
        for time, values in order.give(fault, now):
            await face.write(time, values)
        if now - until < STEP and instrument == "bioreactor":  # the one that a skip waits for
            world.probes_read(until)
        if happens := world.happens(instrument, "drop", "restart"):
            await (face.drop() if happens == "drop" else face.restart())
        await asyncio.sleep(TICK)


class Restarting:
    """A face that can be started again: each life of it is made anew."""

    def __init__(self, make: Callable[[], SecuredServer]) -> None:
        self._make, self._face = make, make()
        self.url = self._face.url

    async def start(self) -> None:
        """Listen."""
        await self._face.start()

    async def write(self, time: datetime, values: Values) -> None:
        """Show values, with the time when they were measured."""
        await self._face.write(time, values)

    async def drop(self) -> None:
        """Lose every connection."""
        await self._face.drop()

    async def restart(self) -> None:
        """Stop, and start with nothing of what was before."""
        await self._face.stop()
        self._face = self._make()
        await self._face.start()

    async def stop(self) -> None:
        """Stop listening."""
        await self._face.stop()


class AsyncuaFace(SecuredServer):
    """The probes on asyncua's server, in each of the three policies.

    ``history`` is the file of its history, which is else kept in memory; ``user_certificate`` another way to be known.
    """

    way = "reactor"
    policies = POLICIES

    def __init__(
        self,
        port: int,
        pki: Path,
        user: str,
        password: str,
        *,
        history: Path | None = None,
        user_certificate: bytes | None = None,
    ) -> None:
        super().__init__(port, pki, user, password, user_certificate=user_certificate)
        self.nodes: dict[str, Node] = {}
        self._recorder = Recorder(history)

    async def populate(self, server: Server) -> dict[str, ua.NodeId]:
        """Make a node for each probe, with its unit, its range and its history."""
        server.iserver.history_manager.set_storage(self._recorder)
        index = await server.register_namespace(NAMESPACE)
        reactor = await server.nodes.objects.add_object(index, "Reactor")
        for channel, unit in Bioreactor.channels.items():
            node = await reactor.add_variable(f"ns={index};s=Reactor.{channel}", f"{index}:{channel}", 0.0)
            await node.set_attr_bit(AttributeIds.AccessLevel, ua.AccessLevel.HistoryRead)
            await node.add_property(0, "EngineeringUnits", engineering_units(unit))
            low, high = RANGES[channel]
            await node.add_property(0, "EURange", ua.Range(Low=low, High=high))
            self.nodes[channel] = node
        return {channel: node.nodeid for channel, node in self.nodes.items()}

    async def show(self, node: ua.NodeId, shown: ua.DataValue) -> None:
        """Show one value, and keep it in the history."""
        await super().show(node, shown)
        await self._recorder.save_node_value(node, shown)


def engineering_units(unit: str) -> ua.EUInformation:
    """Return a unit as a server says it, by its number where it has one."""
    code = next((number for number, known in unece.EVERY.items() if known == unit), -1)
    return ua.EUInformation(
        NamespaceUri="http://www.opcfoundation.org/UA/units/un/cefact",
        UnitId=code,
        DisplayName=ua.LocalizedText(unit),
        Description=ua.LocalizedText(unit),
    )
