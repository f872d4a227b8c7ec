"""The bioreactor: its probes, read from the culture as time passes, and an OPC-UA server that shows them.

While process time runs like real time, the probes are read each second. When it runs faster they are read each ten
process minutes, so that a batch of twelve days has a dense chart: nothing is skipped, in order, each value with its own
source time, and no faster than `PACE`, so that no client's queue overflows.
"""

from __future__ import annotations

import asyncio
import time as real
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.status_codes import StatusCodes

from devices import certificates
from devices.instruments.bioreactor import Bioreactor
from devices.simulators.faults import Order
from devices.simulators.world import Values, World

NAMESPACE = "urn:simulated:bioreactor"
CHANNELS = tuple(Bioreactor.channels)
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


async def show(world: World, face: Face) -> None:
    """Read the probes and show them, for ever."""
    until, last = world.clock(), float("-inf")
    order: Order[tuple[datetime, Values]] = Order()
    while True:
        now, fault = world.clock(), world.asked("bioreactor")
        due = []
        if now - until >= STEP:
            due = [until + STEP * step for step in range(1, min(PACE, (now - until) // STEP) + 1)]
        elif real.monotonic() - last >= 1 or world.hurry:
            due, last = [now], real.monotonic()
        for until in due:
            order.take(fault, until, (world.faults.time("bioreactor", until), world.probes(until)))
        for time, values in order.give(fault, now):
            await face.write(time, values)
        if now - until < STEP:
            world.probes_read(until)
        if happens := world.happens("bioreactor", "drop", "restart"):
            await (face.drop() if happens == "drop" else face.restart())
        await asyncio.sleep(TICK)


class _Users(UserManager):
    """The one user who may read."""

    def __init__(self, name: str, password: str) -> None:
        self._known = (name, password)

    def get_user(
        self,
        iserver: InternalServer,  # noqa: ARG002 - asyncua's signature
        username: str | None = None,
        password: str | bytes | None = None,
        certificate: object = None,  # noqa: ARG002 - the same
    ) -> User | None:
        """Return the user, or None for anybody else."""
        told = password.decode() if isinstance(password, bytes) else password
        return User(role=UserRole.User, name=username) if (username, told) == self._known else None


class Restarting:
    """A face that can be started again: each life of it is made anew."""

    def __init__(self, make: Callable[[], AsyncuaFace]) -> None:
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


class AsyncuaFace:
    """The probes on asyncua's server, signed and encrypted. On loopback: asyncua's server is not made for a plant."""

    def __init__(self, port: int, pki: Path, user: str, password: str) -> None:
        self.url, self._pki = f"opc.tcp://127.0.0.1:{port}/reactor", pki
        self.namespaces_before = 0  # of another's: they move the index of ours
        self._server = Server(user_manager=_Users(user, password))
        self._nodes: dict[str, ua.NodeId] = {}

    async def start(self) -> None:
        """Listen."""
        own = self._pki / "certificate.der"
        await self._server.init()
        self._server.set_endpoint(self.url)
        await self._server.set_application_uri(certificates.application_uri(own))
        self._server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        self._server.set_identity_tokens([ua.UserNameIdentityToken])
        await self._server.load_certificate(own)
        await self._server.load_private_key(self._pki / "key.pem")
        for number in range(self.namespaces_before):
            await self._server.register_namespace(f"urn:simulated:other:{number}")
        index = await self._server.register_namespace(NAMESPACE)
        reactor = await self._server.nodes.objects.add_object(index, "Reactor")
        for channel in CHANNELS:
            self._nodes[channel] = ua.NodeId.from_string(f"ns={index};s=Reactor.{channel}")
            await reactor.add_variable(self._nodes[channel], f"{index}:{channel}", 0.0)
        await self._server.start()

    async def write(self, time: datetime, values: Values) -> None:
        """Show values, with the time when they were measured."""
        for channel, (value, status) in values.items():
            shown = ua.DataValue(
                Value=ua.Variant(value, ua.VariantType.Double),
                StatusCode=ua.StatusCode(getattr(StatusCodes, status)),
                SourceTimestamp=_time(time),
                ServerTimestamp=_time(datetime.now(UTC)),
            )
            await self._server.write_attribute_value(self._nodes[channel], shown)

    async def drop(self) -> None:
        """Lose every connection."""
        for transport in list(self._server.iserver.asyncio_transports):
            transport.abort()

    async def stop(self) -> None:
        """Stop listening."""
        await self._server.stop()


def _time(time: datetime) -> ua.DateTime:
    return ua.DateTime.fromisoformat(time.isoformat())
