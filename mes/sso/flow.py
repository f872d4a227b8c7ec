"""One sign-in by the issuer, from the button to the way back. All its secrets are made from one token.

The browser keeps the token in the cookie of its session, and this server keeps nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from uuid import UUID

from batch_records.executed.draft import Refused
from mes.context import installation

_LONGEST = 600  # seconds that somebody may take at the issuer


@dataclass(frozen=True)
class Flow:
    """A sign-in that has begun: its token, since when (s of the machine's clock), and where to go afterwards."""

    token: str = field(repr=False)
    began: float
    next: str

    @property
    def state(self) -> str:
        """What the issuer sends back, so that nobody is brought into somebody else's sign-in."""
        return self._made("state").hex()

    @property
    def nonce(self) -> str:
        """What the issuer puts into its token, so that none from another sign-in counts."""
        return self._made("nonce").hex()

    @property
    def verifier(self) -> str:
        """What redeems the code, and who only saw the code does not know (PKCE, RFC 7636)."""
        return _text(self._made("verifier"))

    @property
    def challenge(self) -> str:
        """What the issuer is told of the verifier."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())

    @property
    def tap(self) -> str:
        """The tap of this sign-in: it opens one session, whoever kept the cookie of before."""
        return str(UUID(bytes=self._made("tap")[:16], version=4))

    def kept(self) -> dict[str, object]:
        """Return what the browser keeps."""
        return asdict(self)

    def _made(self, what: str) -> bytes:
        key = installation().settings.secret_key.encode()
        return hmac.digest(key, f"single sign-on, {what}:{self.token}".encode(), hashlib.sha256)


def new_flow(next_: str) -> Flow:
    """Begin."""
    return Flow(secrets.token_urlsafe(32), time.time(), next_)


def flow_of(kept: Mapping[str, object] | None) -> Flow:
    """Return the sign-in that a browser began. Raise `Refused` where it began none, or long ago."""
    if kept:
        flow = Flow(str(kept["token"]), float(str(kept["began"])), str(kept["next"]))
        if 0 <= time.time() - flow.began <= _LONGEST:
            return flow
    raise Refused("this sign-in was not begun here, or is over: begin again")


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
