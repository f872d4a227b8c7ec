"""One connection to an OPC-UA server: asyncua's client without its publish loop and its supervisor.

asyncua's publish loop acknowledges what a callback failed to store, and its reconnection was seen to stall (open,
reading, and silent: three causes in 2.1.0). Neither runs here. asyncua opens the channel and encodes; a connection is
used once; the session outlives it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_session import UaSession
from asyncua.crypto import security_policies, uacrypto
from asyncua.ua import uaerrors

from devices.certificates import Trust, UntrustedError, application_uri, exposed, leaf
from devices.config import OpcUaSettings

TIMEOUT = 5.0  # seconds that any request but Publish may take

LOST = (  # what a request is answered with when the session or its line has ended
    uaerrors.BadSessionClosed,
    uaerrors.BadSessionIdInvalid,
    uaerrors.BadSessionNotActivated,
    uaerrors.BadSecureChannelClosed,
    uaerrors.BadConnectionClosed,
)


class _Session(UaSession):
    def ensure_publish_loop(self) -> None:
        """Do not start one."""


class Connection(Client):
    """A channel, and on it a session: a new one, or one that an earlier connection began."""

    def __init__(self, settings: OpcUaSettings) -> None:
        super().__init__(settings.url, timeout=TIMEOUT)
        self._settings = settings
        self.session_timeout = int(settings.outage * 1000)
        self.uaclient.session = _Session(self.uaclient)

    @property
    def session(self) -> UaSession:
        """The session's services."""
        return self.uaclient.session

    @property
    def key(self) -> tuple[str, str]:
        """What `resume` needs on another connection: the session's token, and the nonce to be signed next."""
        return self.session.authentication_token.to_string(), (self._server_nonce or b"").hex()

    async def begin(self) -> None:
        """Create a session and activate it."""
        await self.create_session()
        await self._activate()

    async def resume(self, token: str, nonce: str) -> None:
        """Activate a session on this channel. Raises `ua.uaerrors.UaError` where the server has it no longer."""
        endpoints = await self.get_endpoints()
        endpoint = self.find_endpoint(endpoints, self.security_policy.Mode, self.security_policy.URI)
        self._policy_ids = endpoint.UserIdentityTokens
        self._server_nonce = bytes.fromhex(nonce) or None  # type: ignore[assignment]  # asyncua types it None for ever
        self.session.restore_authentication_token(ua.NodeId.from_string(token))
        await self._activate()

    async def _activate(self) -> None:
        """Say who we are: a user with a password, a certificate, or nobody."""
        settings = self._settings
        certificate = None
        if settings.user_certificate and settings.user_key:
            certificate = await uacrypto.load_certificate(settings.user_certificate)
            await self.load_private_key(settings.user_key)
        await self.activate_session(settings.user, settings.password, certificate)

    async def secure(self, instrument: str, policy_name: str, pki: Path) -> None:
        """Sign and encrypt with our certificate, for exactly the server that is trusted. Raises `UntrustedError`."""
        policy = getattr(security_policies, f"SecurityPolicy{policy_name}")
        certificate, key = pki / "own" / "certificate.der", pki / "own" / "key.pem"
        if not certificate.exists():
            raise UntrustedError(f"there is no {certificate}; make it: python -m devices certificate {pki / 'own'}")
        if exposed(key):
            raise UntrustedError(f"{key} can be read or changed by others, who could pass for us: chmod 600 {key}")
        self.application_uri = application_uri(certificate)
        endpoints = await self.connect_and_get_server_endpoints()
        mode = ua.MessageSecurityMode.SignAndEncrypt
        server = leaf(self.find_endpoint(endpoints, mode, policy.URI).ServerCertificate)
        Trust(pki).check(instrument, server)
        await self.set_security(policy, certificate, key, server_certificate=server, mode=mode)

    async def renew(self) -> None:
        """Renew the channel's keys, always after three quarters of their life (OPC 10000-4, 5.5.2.1)."""
        while True:
            await asyncio.sleep(self.secure_channel_timeout * 0.75 / 1000)
            await self.open_secure_channel(renew=True)
            self.uaclient.revolve_security_token()


@asynccontextmanager
async def connected(instrument: str, settings: OpcUaSettings, pki: Path) -> AsyncIterator[Connection]:
    """Open a channel for as long as the context lasts. The session on it is left standing on the server."""
    connection = Connection(settings)
    if settings.security:
        await connection.secure(instrument, settings.security, pki)
    await connection.connect_sessionless()
    renewing = asyncio.create_task(connection.renew())
    try:
        yield connection
    finally:
        renewing.cancel()
        connection.disconnect_socket()
