"""An OPC-UA server whose values count: `python -m tests.devices.counting_server PORT PKI [NAMESPACES]`.

Fifty values a second, each one more than the last, so that any that is missing, doubled or out of order is seen.
``NAMESPACES`` of its own come before the reactor's, which moves its index.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from devices.simulators.bioreactor import AsyncuaFace


async def serve(port: int, pki: Path, namespaces: int) -> None:
    """Count until killed."""
    face = AsyncuaFace(port, pki, "gateway", "secret")
    face.namespaces_before = namespaces
    await face.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for number in count(1):
        await face.write(datetime.now(UTC), {"pH": (float(number), "Good")})
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0))
