"""An OPC-UA server whose values count: `python -m tests.devices.counting_server STACK PORT PKI`.

Fifty values a second, each one more than the last, so that any that is missing, doubled or out of order is seen. STACK
is asyncua, node-opcua or opcua. With ``--history`` the first is remembered over a kill; ``--namespaces`` of another's
come before the reactor's, which moves its index. When it can be reached, its process's id is printed. A line on its
standard input is the StatusCode, or the number, of the values from then on, or ``count``; ``lag 500`` holds node-opcua
up.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections import deque
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Thread

from devices.simulators.bioreactor import AsyncuaFace
from devices.simulators.peers import node
from devices.simulators.peers.node import NodeFace
from tests.devices.opcua_face import OpcuaFace

AnyFace = AsyncuaFace | NodeFace | OpcuaFace
WHO = ("gateway", "secret")


def _face(given: argparse.Namespace) -> AnyFace:
    if given.stack == "node-opcua":
        return NodeFace(given.port, given.pki, *WHO, node.install(node.cache()))
    if given.stack == "opcua":
        return OpcuaFace(given.port, given.pki, *WHO)
    known = given.user_certificate.read_bytes() if given.user_certificate else None
    return AsyncuaFace(given.port, given.pki, *WHO, history=given.history, user_certificate=known)


async def serve(given: argparse.Namespace) -> None:
    """Count until killed."""
    face = _face(given)
    face.namespaces_before = given.namespaces
    await face.start()
    told: deque[str] = deque()
    Thread(target=lambda: told.extend(sys.stdin), daemon=True).start()
    sys.stdout.write(f"{face.pid if isinstance(face, NodeFace) else os.getpid()}\n")
    sys.stdout.flush()
    status, shown = "Good", None
    for number in count(given.first):
        if told:
            word, _, amount = told.popleft().strip().partition(" ")
            if word == "lag" and isinstance(face, NodeFace):
                await face.lag(int(amount))
            elif word == "count":
                status, shown = "Good", None
            elif word[:1].isupper():
                status, shown = word, None
            else:
                status, shown = "Good", float(word)
        value = float(number) if shown is None else shown
        await face.write(datetime.now(UTC), {"pH": (value, status)})
        await asyncio.sleep(0.02)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("stack", choices=["asyncua", "node-opcua", "opcua"])
    parser.add_argument("port", type=int)
    parser.add_argument("pki", type=Path)
    parser.add_argument("--namespaces", type=int, default=0)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--history", type=Path)
    parser.add_argument("--user-certificate", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(serve(_arguments()))
