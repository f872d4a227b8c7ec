"""An issuer of OpenID Connect on loopback: a server of its own, whose tokens are put together by hand.

It shares no line with what checks them: headers and claims are JSON, and cryptography signs. What it says can be made
wrong, one thing at a time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mes.settings import SingleSignOn

CLIENT, SECRET = "cell-lab", "a client's secret, synthetic"
NAME = "Example Hospital"
SUBJECT = "248289761001"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """Return one of the keys that there are; made once, for it takes a while."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Issuer:
    """The issuer: who stands before it, and what is wrong with what it says."""

    url: str = ""
    subject: str = SUBJECT
    claims: dict[str, Any] = field(default_factory=dict)  # instead of the right ones; None leaves one out
    algorithm: str = "RS256"
    signs_with: str = "right"
    forgets_codes: bool = True
    document: dict[str, Any] = field(default_factory=dict)  # instead of what its discovery document says
    refuses: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def sso(self) -> SingleSignOn:
        """The settings of a site that has this issuer."""
        return SingleSignOn(self.url, CLIENT, SECRET, NAME)

    def discovery(self) -> Mapping[str, Any]:
        """Say what it is."""
        ways = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.url, **{name: self.url + path for name, path in ways.items()}, **self.document}

    def authorize(self, asked: dict[str, str]) -> str:
        """Let in who stands there, and return where the browser goes."""
        self.asked.append(asked)
        if self.refuses:
            return f"{asked['redirect_uri']}?{urlencode({'error': self.refuses, 'state': asked['state']})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: dict[str, str], authorization: str) -> tuple[int, Mapping[str, Any]]:
        """Give a token for a code: once, to who has the client's secret and the verifier."""
        asked = self.codes.pop(sent["code"], None) if self.forgets_codes else self.codes.get(sent["code"])
        challenge = hashlib.sha256(sent["code_verifier"].encode()).digest()
        if authorization != "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode():
            return 401, {"error": "invalid_client"}
        if asked is None or text(challenge) != asked["code_challenge"] or sent["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": self.signed(asked["nonce"])}

    def signed(self, nonce: str) -> str:
        """Return a token about who stands there."""
        now = int(time.time())
        right = {"iss": self.url, "sub": self.subject, "aud": CLIENT, "nonce": nonce}
        right |= {"iat": now, "auth_time": now, "exp": now + 300}
        claims = {name: value for name, value in (right | self.claims).items() if value is not None}
        parts = (json.dumps({"alg": self.algorithm, "kid": "1"}), json.dumps(claims))
        said = ".".join(text(part.encode()) for part in parts)
        if self.algorithm == "none":
            return said + "."
        made = key(self.signs_with).sign(said.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{said}.{text(made)}"

    def keys(self) -> Mapping[str, Any]:
        """Return its public key."""
        numbers = key("right").public_key().public_numbers()
        n, e = (text(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.n, numbers.e))
        return {"keys": [{"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": n, "e": e}]}


@contextmanager
def running(host: str = "127.0.0.1") -> Iterator[Issuer]:
    """Run an issuer on a port of loopback."""
    issuer = Issuer()
    server = ThreadingHTTPServer((host, 0), _handler(issuer))
    issuer.url = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers for the issuer."""

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", issuer.authorize(_one_each(address.query)))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            pages: dict[str, Callable[[], Mapping[str, Any]]] = {
                "/.well-known/openid-configuration": issuer.discovery,
                "/keys": issuer.keys,
            }
            self._answer(200, pages[address.path]())

        def do_POST(self) -> None:
            sent = _one_each(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer(*issuer.token(sent, self.headers["Authorization"] or ""))

        def _answer(self, status: int, said: Mapping[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: a test's output is its own."""

    return Handler


def _one_each(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def text(value: bytes) -> str:
    """Return bytes as tokens write them."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
