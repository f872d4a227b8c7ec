"""An OPC-UA server for the soak: ``python -m tests.soak.server PORT PKI PASSWORD LIFE``.

It counts fifty a second. Each life of the server counts in a million of its own, so that a value says which life it
is of, and what is missing or doubled within a life is seen.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from devices.simulators.bioreactor import AsyncuaFace
from devices.simulators.site import USER

LIFE = 1_000_000


async def _serve(port: int, pki: Path, password: str, life: int) -> None:
    face = AsyncuaFace(port, pki, USER, password)
    await face.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for number in count(life * LIFE + 1):
        await face.write(datetime.now(UTC), {"pH": (float(number), "Good")})
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
