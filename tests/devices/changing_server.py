"""An OPC-UA server that does what it is told: `python -m tests.devices.changing_server PORT PKI`.

One order a line on standard input, answered by ``done``:

    show temperature 37.1 0      a value with its StatusCode, measured now
    unit temperature °F          the node says another unit
    delete temperature           the node is not there any more
    add temperature              it is there again
    index 3                      the reactor's namespace says that it has another index
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from asyncua import ua

from devices.simulators.bioreactor import NAMESPACE, AsyncuaFace, engineering_units


class Changing:
    """The server, and what can be ordered of it."""

    def __init__(self, port: int, pki: Path) -> None:
        self.face = AsyncuaFace(port, pki, "gateway", "secret")

    async def show(self, channel: str, value: str, status: str) -> None:
        """Measure something, now."""
        now = ua.DateTime.fromisoformat(datetime.now(UTC).isoformat())
        shown = ua.DataValue(ua.Variant(float(value), ua.VariantType.Double), ua.StatusCode(int(status, 0)), now, now)
        await self.face.server.write_attribute_value(self.face.nodes[channel].nodeid, shown)

    async def unit(self, channel: str, unit: str) -> None:
        """Say another unit."""
        property_ = await self.face.nodes[channel].get_child("0:EngineeringUnits")
        await property_.write_value(engineering_units(unit))

    async def delete(self, channel: str) -> None:
        """Lose a node."""
        await self.face.nodes[channel].delete()

    async def add(self, channel: str) -> None:
        """Have a node again."""
        place = self.face.nodes[channel].nodeid
        reactor = await self.face.server.nodes.objects.get_child(f"{place.NamespaceIndex}:Reactor")
        self.face.nodes[channel] = await reactor.add_variable(place, f"{place.NamespaceIndex}:{channel}", 0.0)

    async def index(self, number: str) -> None:
        """Say another index of the namespace."""
        namespaces = ["http://opcfoundation.org/UA/", *(f"urn:another:{each}" for each in range(1, int(number)))]
        array = self.face.server.get_node(ua.ObjectIds.Server_NamespaceArray)
        await array.write_value([*namespaces, NAMESPACE])


async def serve(port: int, pki: Path) -> None:
    """Serve until killed."""
    changing = Changing(port, pki)
    await changing.face.start()
    sys.stdout.write("done\n")
    sys.stdout.flush()
    while line := await asyncio.to_thread(sys.stdin.readline):
        order, *words = line.split()
        await getattr(changing, order)(*words)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
