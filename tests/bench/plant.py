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
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager

from devices import certificates
from devices.simulators.bioreactor import NAMESPACE
from devices.simulators.site import USER, Site

HERTZ = 10


class _Everybody(UserManager):
    def get_user(
        self,
        iserver: InternalServer,  # noqa: ARG002 - asyncua's signature
        username: str | None = None,
        password: str | bytes | None = None,  # noqa: ARG002 - the same
        certificate: object = None,  # noqa: ARG002 - the same
    ) -> User:
        """Let whoever comes in: who may is not what is measured."""
        return User(role=UserRole.User, name=username or USER)


class Plant:
    """A server with as many nodes as are asked for."""

    def __init__(self, port: int, pki: Path) -> None:
        self._server = Server(user_manager=_Everybody())
        self._port, self._pki = port, pki
        self._nodes: list[ua.NodeId] = []

    async def start(self, count: int) -> None:
        """Listen, with some nodes."""
        server, own = self._server, self._pki / "certificate.der"
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self._port}/reactor")
        await server.set_application_uri(certificates.application_uri(own))
        server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        server.set_identity_tokens([ua.UserNameIdentityToken])
        await server.load_certificate(own)
        await server.load_private_key(self._pki / "key.pem")
        index = await server.register_namespace(NAMESPACE)
        folder = await server.nodes.objects.add_object(index, "Plant")
        for number in range(count):
            node = ua.NodeId.from_string(f"ns={index};s=Plant.n{number}")
            await folder.add_variable(node, f"{index}:n{number}", 0.0)
            self._nodes.append(node)
        await server.start()

    async def show(self, number: float) -> None:
        """Let every node show a number, measured now."""
        now = ua.DateTime.fromisoformat(datetime.now(UTC).isoformat())
        shown = ua.DataValue(ua.Variant(number, ua.VariantType.Double), SourceTimestamp=now, ServerTimestamp=now)
        for node in self._nodes:
            await self._server.write_attribute_value(node, shown)


async def _serve(port: int, site: Site, count: int) -> None:
    plant = Plant(port, site.server_pki)
    await plant.start(count)
    _say("ready")
    stopped = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    begin, shown = time.perf_counter(), 0
    while not stopped.done():
        shown += 1
        await plant.show(float(shown))
        await asyncio.sleep(max(0.0, begin + shown / HERTZ - time.perf_counter()))
    _say(str(shown))
    await asyncio.Event().wait()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Site(Path(sys.argv[2])), int(sys.argv[3])))
