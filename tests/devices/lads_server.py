"""A LADS device that does as it is told: `python -m tests.devices.lads_server PORT PKI [NAMESPACES] [WITHOUT]`.

Each line of its input is JSON, carried out and answered by a line: ``{"probe": {channel: [value, status]}}``,
``{"unit": [path, URI, number, shown]}``, ``{"state": [path, text]}``, ``{"remove": path}``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asyncua import ua

from devices.simulators.lads import LadsFace, unit


async def _do(face: LadsFace, wish: dict[str, Any]) -> None:
    if "probe" in wish:
        await face.write(
            datetime.now(UTC), {name: (float(value), status) for name, (value, status) in wish["probe"].items()}
        )
    if "unit" in wish:
        path, *told = wish["unit"]
        await face.say(f"{path}.EngineeringUnits", ua.DataValue(ua.Variant(unit(tuple(told)))))
    if "state" in wish:
        path, text = wish["state"]
        await face.say(path, ua.DataValue(ua.Variant(ua.LocalizedText(text)), SourceTimestamp=datetime.now(UTC)))
    if "remove" in wish:
        await face.remove(wish["remove"])


async def serve(port: int, pki: Path, namespaces: int, without: str) -> None:
    """Serve until the input ends."""
    face = LadsFace(port, pki, "gateway", "secret")
    face.namespaces_before, face.without = namespaces, tuple(without.split(","))
    await face.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while line := await asyncio.to_thread(sys.stdin.readline):
        await _do(face, json.loads(line))
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
