"""An asyncua server, signed and encrypted, of one user. On loopback: asyncua's server is not made for a plant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.status_codes import StatusCodes

from devices import certificates
from devices.config import POLICIES
from devices.simulators.world import Values


class _OneUser(UserManager):
    """The one user who may read, known by a password or by a certificate."""

    def __init__(self, name: str, password: str, certificate: bytes | None) -> None:
        self._known, self._certificate = (name, password), certificate

    def get_user(
        self,
        iserver: InternalServer,  # noqa: ARG002 - asyncua's signature
        username: str | None = None,
        password: str | bytes | None = None,
        certificate: bytes | None = None,
    ) -> User | None:
        """Return the user, or None for anybody else."""
        told = password.decode() if isinstance(password, bytes) else password
        shown = username is None and certificate is not None and certificate == self._certificate
        return User(role=UserRole.User, name=username) if shown or (username, told) == self._known else None


class SecuredServer:
    """A server at a way below its port; what it serves is made by `populate`."""

    way = ""
    policies: ClassVar[tuple[str, ...]] = POLICIES[:1]

    def __init__(
        self, port: int, pki: Path, user: str, password: str, *, user_certificate: bytes | None = None
    ) -> None:
        self.url, self._pki = f"opc.tcp://127.0.0.1:{port}/{self.way}", pki
        self.namespaces_before = 0  # of another's: they move the index of ours
        self.server = Server(user_manager=_OneUser(user, password, user_certificate))
        self._nodes: Mapping[str, ua.NodeId] = {}

    async def start(self) -> None:
        """Listen."""
        own = self._pki / "certificate.der"
        await self.server.init()
        self.server.set_endpoint(self.url)
        await self.server.set_application_uri(certificates.application_uri(own))
        self.server.set_security_policy([ua.SecurityPolicyType[f"{each}_SignAndEncrypt"] for each in self.policies])
        self.server.set_identity_tokens([ua.UserNameIdentityToken, ua.X509IdentityToken])
        await self.server.load_certificate(own)
        await self.server.load_private_key(self._pki / "key.pem")
        for number in range(self.namespaces_before):
            await self.server.register_namespace(f"urn:simulated:other:{number}")
        self._nodes = await self.populate(self.server)
        await self.server.start()

    async def populate(self, server: Server) -> Mapping[str, ua.NodeId]:
        """Make the nodes, and return those of the channels."""
        raise NotImplementedError

    async def write(self, time: datetime, values: Values) -> None:
        """Show values, with the time when they were measured."""
        for channel, (value, status) in values.items():
            shown = ua.DataValue(
                Value=ua.Variant(value, ua.VariantType.Double),
                StatusCode=ua.StatusCode(getattr(StatusCodes, status)),
                SourceTimestamp=instant(time),
                ServerTimestamp=instant(datetime.now(UTC)),
            )
            await self.show(self._nodes[channel], shown)

    async def show(self, node: ua.NodeId, shown: ua.DataValue) -> None:
        """Show one value."""
        await self.server.write_attribute_value(node, shown)

    async def drop(self) -> None:
        """Lose every connection."""
        for transport in list(self.server.iserver.asyncio_transports):
            transport.abort()

    async def stop(self) -> None:
        """Stop listening."""
        await self.server.stop()


def instant(time: datetime) -> ua.DateTime:
    """Return a time as asyncua types it."""
    return ua.DateTime.fromisoformat(time.isoformat())
