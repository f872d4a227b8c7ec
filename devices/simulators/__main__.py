"""Start the simulated instruments: `python -m devices.simulators --folder DIR --panel PORT --opcua PORT`.

When all of them can be reached, one line of JSON is printed with their addresses and the gateway's configuration:

    {"ready": true, "panel": "http://…", "opcua": "opc.tcp://…", "clock": "…/clock.json", "gateway": "…/gateway.toml"}

An instrument fails on the panel's page, or from a shell; `devices.simulators.faults` lists in which ways:

    curl -d instrument=bioreactor -d fault=drift PANEL/fault

Start the gateway with that configuration, and MES_PROCESS_CLOCK naming the clock. SIGTERM and SIGINT stop everything;
started again on the same folder, the instruments go on where they were.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

from devices.simulators.bioreactor import AsyncuaFace, Restarting, show
from devices.simulators.cell_counter import CellCounter
from devices.simulators.file_counter import FileCounter
from devices.simulators.lads import LadsFace
from devices.simulators.opcua_counter import OpcuaCounter
from devices.simulators.panel import Panel, serve
from devices.simulators.peers import node, vicell
from devices.simulators.peers.node import NodeError, NodeFace
from devices.simulators.peers.vicell import NoCaptureError, ViCell
from devices.simulators.site import LADS, USER, VICELL, Mes, Site
from devices.simulators.vicell_blu import ViCellFace
from devices.simulators.world import World

Counting = Callable[[str, str], dict[str, Any]]
Stop = Callable[[], Awaitable[None]]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m devices.simulators", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--panel", type=int, default=0, help="the front panels' port; 0 takes a free one")
    parser.add_argument("--opcua", type=int, required=True, help="the bioreactor's port")
    parser.add_argument("--seed", type=int, help="of the culture: another patient")
    parser.add_argument("--start", type=_time, help="process time of a new clock, UTC; now if not given")
    parser.add_argument("--unprotected", action="store_true", help="the protection against fratricide failed")
    parser.add_argument("--peers", action="store_true", help="instruments that this project did not write")
    parser.add_argument("--exports", action="store_true", help="a counter that exports files as well")
    parser.add_argument("--lads", type=int, help="the port of a LADS device in the same culture; none if not given")
    parser.add_argument("--vicell", type=int, help="the port of a Vi-CELL BLU with its own server; none if not given")
    parser.add_argument("--mes", default="http://127.0.0.1:8000", help="where the gateway delivers")
    parser.add_argument("--token-file", default="mes-token", help="the gateway's token there; relative to the folder")
    return parser.parse_args()


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        stops: list[Stop] = []  # each server takes seconds to stop, so they stop at once
        stack.push_async_callback(lambda: asyncio.gather(*(stop() for stop in stops)))
        site = Site(arguments.folder.resolve())
        site.prepare()
        vicell = _vicell(arguments, site) if arguments.peers else None
        world = vicell.world if vicell else _world(arguments, site)
        face = await _bioreactor(arguments, site, stops)
        count, export = _counting(world, site, vicell, stack), _exporting(arguments, world, site, stack)
        others, opcua = await _others(arguments, world, site, stack, stops)
        panel = _panel(Panel(world, count, export, opcua), arguments.panel, stack)
        exports = arguments.peers or arguments.exports
        gateway = site.configure(face.url, Mes(arguments.mes, arguments.token_file), exports=exports, others=others)
        addresses = {"panel": panel, "opcua": face.url, "clock": str(world.clock_path), "gateway": str(gateway)}
        showing = asyncio.create_task(show(world, face))
        stack.callback(showing.cancel)
        sys.stdout.write(json.dumps({"ready": True, **addresses}) + "\n")
        sys.stdout.flush()
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([stopped, showing], return_when=asyncio.FIRST_COMPLETED)
        if showing.done():
            await showing  # it shows for ever: what ended it is an exception


def _world(arguments: argparse.Namespace, site: Site) -> World:
    protected = not arguments.unprotected
    return World(site.folder, seed=arguments.seed, start=arguments.start, protected=protected)


def _vicell(arguments: argparse.Namespace, site: Site) -> ViCell:
    path = vicell.export()
    points = vicell.points(vicell.rows(path))
    world = World(site.folder, seed=arguments.seed, start=arguments.start or vicell.START, points=points)
    return ViCell(path, site.exports, world)


async def _bioreactor(arguments: argparse.Namespace, site: Site, stops: list[Stop]) -> Restarting | NodeFace:
    face: Restarting | NodeFace
    if arguments.peers:
        packages = await asyncio.to_thread(node.install, node.cache())
        face = NodeFace(arguments.opcua, site.server_pki, USER, site.password, packages)
    else:
        face = Restarting(lambda: AsyncuaFace(arguments.opcua, site.server_pki, USER, site.password))
    await face.start()
    stops.append(face.stop)
    return face


def _counting(world: World, site: Site, vicell: ViCell | None, stack: AsyncExitStack) -> Counting:
    counter = CellCounter(site.line, world)
    counter.start()
    stack.callback(counter.stop)

    def count(sample: str, vessel: str) -> dict[str, Any]:
        if vicell and vicell.knows(sample):
            return vicell.count(sample)
        return counter.count(sample, vessel)

    return count


def _exporting(arguments: argparse.Namespace, world: World, site: Site, stack: AsyncExitStack) -> Counting | None:
    if not arguments.exports:
        return None
    counter = FileCounter(site.exports, world)
    counter.start()
    stack.callback(counter.stop)
    return counter.count


async def _others(
    arguments: argparse.Namespace, world: World, site: Site, stack: AsyncExitStack, stops: list[Stop]
) -> tuple[dict[str, tuple[str, str]], Counting | None]:
    """Start the instruments that are found by their types; return kind and address of each, and how one counts."""
    found: dict[str, tuple[str, str]] = {}
    who = (site.server_pki, USER, site.password)
    if arguments.lads:
        device = Restarting(lambda: LadsFace(arguments.lads, *who))
        await device.start()
        stops.append(device.stop)
        showing = asyncio.create_task(show(world, device, "LADS device"))
        stack.callback(showing.cancel)
        found[LADS] = ("lads", device.url)
    if not arguments.vicell:
        return found, None
    counter = OpcuaCounter(world, USER, lambda: ViCellFace(arguments.vicell, *who, site.folder / "vicell-blu.json"))
    await counter.start()
    stops.append(counter.stop)
    telling = asyncio.create_task(counter.tell())
    stack.callback(telling.cancel)
    found[VICELL] = ("vicell-blu", counter.url)
    return found, counter.count


def _panel(panel: Panel, port: int, stack: AsyncExitStack) -> str:
    try:
        server = serve(panel, port)
    except OSError as taken:
        raise OSError(f"the front panels cannot have port {port}: {taken}") from taken
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_address[1]}"


def main() -> int:
    """Run until told to stop."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # it explains what a client's faults do to it
    try:
        asyncio.run(_run(_arguments()))
    except (OSError, NoCaptureError, NodeError) as no:
        sys.stderr.write(f"{no}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
