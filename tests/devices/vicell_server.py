"""A Vi-CELL BLU that does as it is told: `python -m tests.devices.vicell_server PORT FOLDER NAMESPACES [older]`.

The folder holds its certificate and keeps its results. Each line of its input is JSON, carried out and answered by a
line: ``{"count": {…}}`` and ``{"reanalyse": {…}}`` have the fields of a `devices.simulators.vicell_blu.Result`,
``{"refuse": reason}`` lets it give no results.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from devices.simulators.vicell_blu import Result, ViCellFace


def _result(told: dict[str, Any]) -> Result:
    return Result(**told | {key: datetime.fromisoformat(told[key]) for key in ("at", "reanalysed") if key in told})


async def serve(port: int, folder: Path, namespaces: int, *, older: bool) -> None:
    """Serve until the input ends."""
    face = ViCellFace(port, folder, "gateway", "secret", folder / "results.json")
    face.namespaces_before, face.older = namespaces, older
    await face.start()
    print("ready", flush=True)  # noqa: T201 - whoever started it waits for it
    while line := await asyncio.to_thread(sys.stdin.readline):
        wish = json.loads(line)
        if "count" in wish:
            await face.count(_result(wish["count"]))
        if "reanalyse" in wish:
            face.reanalyse(_result(wish["reanalyse"]))
        face.refuses = wish.get("refuse", face.refuses)
        print("done", flush=True)  # noqa: T201 - the same


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), older="older" in sys.argv))
