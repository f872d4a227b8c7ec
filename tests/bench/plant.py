"""An OPC-UA server whose values count: ``python -m tests.bench.plant PORT FOLDER NODES``.

Each of its nodes shows one number more than before ten times a second, so that any that is missing or doubled is seen.
It is signed and encrypted, as a plant's is. A line ``stop`` on its standard input ends the counting; it answers with
the last number, and goes on serving.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from asyncua import ua

from devices.simulators.bioreactor import NAMESPACE, AsyncuaFace
from devices.simulators.site import USER, Site

HERTZ = 10


class Plant(AsyncuaFace):
    """The bioreactor's server, with as many nodes as are asked for."""

    async def add(self, count: int) -> None:
        """Add nodes."""
        index = await self._server.get_namespace_index(NAMESPACE)
        folder = await self._server.nodes.objects.add_object(index, "Plant")
        for number in range(count):
            node = ua.NodeId.from_string(f"ns={index};s=Plant.n{number}")
            await folder.add_variable(node, f"{index}:n{number}", 0.0)
            self._nodes[f"n{number}"] = node


async def _serve(port: int, site: Site, count: int) -> None:
    plant = Plant(port, site.server_pki, USER, site.password)
    await plant.start()
    await plant.add(count)
    _say("ready")
    names = [f"n{number}" for number in range(count)]
    stopped = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    begin, shown = time.perf_counter(), 0
    while not stopped.done():
        shown += 1
        await plant.write(datetime.now(UTC), dict.fromkeys(names, (float(shown), "Good")))
        await asyncio.sleep(max(0.0, begin + shown / HERTZ - time.perf_counter()))
    _say(str(shown))
    await asyncio.Event().wait()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Site(Path(sys.argv[2])), int(sys.argv[3])))
