"""What is asked of the issuer: its addresses, a token for a code, and its keys. Nothing of it is believed unchecked."""

from __future__ import annotations

import hmac
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from batch_records.executed.draft import Refused
from mes.settings import SingleSignOn, is_safe_address
from mes.sso.flow import Flow

# Signatures by key pairs alone: with "none" anybody signs, and with a shared secret everybody who checks could.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_LEEWAY = 60  # seconds that the issuer's clock and ours may differ
_PATIENCE = 5.0  # seconds
_LARGEST = 1_000_000  # bytes of an answer
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Unanswered(Refused):
    """The issuer cannot be asked, or answers what nobody understands: nothing is known of who is there."""


class NotProven(Refused):
    """What came back from the issuer proves nobody."""


@dataclass(frozen=True)
class Identity:
    """Who the issuer says is there; the e-mail address only where it says that it has seen to it, in small letters."""

    issuer: str
    subject: str
    email: str


@dataclass(frozen=True)
class Issuer:
    """The issuer, with the addresses that its discovery document names."""

    sso: SingleSignOn
    addresses: Mapping[str, str]

    def way(self, flow: Flow, back: str) -> str:
        """Return where to send the browser. The password is always asked anew: tablets pass from hand to hand."""
        asked = {
            "response_type": "code",
            "client_id": self.sso.client,
            "redirect_uri": back,
            "scope": "openid email",
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
            "prompt": "login",
            "max_age": "0",
        }
        address = self.addresses["authorization_endpoint"]
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def identity(self, flow: Flow, code: str, back: str) -> Identity:
        """Return who is there, for a code. Raise `NotProven` or `Unanswered`."""
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        fields |= {"client_id": self.sso.client, "code_verifier": flow.verifier}
        auth = httpx.BasicAuth(self.sso.client, self.sso.secret)
        answer = _asked("POST", self.addresses["token_endpoint"], data=fields, auth=auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotProven(f"{self.sso.name} did not prove who is there: it does not take the code")
        return self._checked(token, flow)

    def _checked(self, token: str, flow: Flow) -> Identity:
        keys = _asked("GET", self.addresses["jwks_uri"]).get("keys", [])
        try:
            pairs = [key for key in keys if key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"]
            claims = jwt.decode(token, KeySet.import_key_set({"keys": pairs}), algorithms=_ALGORITHMS).claims
            self._rules(flow).validate(claims)
        except (JoseError, ValueError, TypeError, AttributeError, KeyError) as error:
            why = str(getattr(error, "error", "not understood")).replace("_", " ")
            named = getattr(error, "claim", "")
            raise NotProven(
                f"{self.sso.name} did not prove who is there: {' '.join(filter(None, (why, named)))}"
            ) from None
        self._must_be_for_us(claims)
        self._must_have_asked(claims, flow)
        email = str(claims.get("email", "")).lower() if claims.get("email_verified") is True else ""
        return Identity(self.sso.issuer, str(claims["sub"]), email)

    def _rules(self, flow: Flow) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(time.time()),  # the machine's, as at the issuer; never a demonstration's
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.sso.issuer},
            aud={"essential": True, "value": self.sso.client},
            nonce={"essential": True, "value": flow.nonce},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            auth_time={"essential": True},
        )

    def _must_be_for_us(self, claims: Mapping[str, Any]) -> None:
        """Refuse a token that was issued to another program and only lists us as well."""
        is_shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if is_shared else self.sso.client) != self.sso.client:
            raise NotProven(f"{self.sso.name} did not prove who is there: the token is another program's")

    def _must_have_asked(self, claims: Mapping[str, Any], flow: Flow) -> None:
        """Refuse who was let in for a sign-in of before: the one who stood here then may be gone."""
        at = claims["auth_time"]
        if not isinstance(at, int | float) or isinstance(at, bool) or not at >= flow.began - _LEEWAY:
            raise NotProven(f"{self.sso.name} did not ask who is there, but let in who was there before")


def discovered(sso: SingleSignOn) -> Issuer:
    """Return the issuer with its addresses, from its discovery document. Raise `Unanswered`."""
    said = _asked("GET", f"{sso.issuer.rstrip('/')}/.well-known/openid-configuration")
    addresses = {name: str(said.get(name, "")) for name in _ADDRESSES}
    if said.get("issuer") != sso.issuer or not all(map(is_safe_address, addresses.values())):
        raise Unanswered(f"{sso.name} does not say what it should of itself: sign in with name and password")
    return Issuer(sso, addresses)


def must_be_state(flow: Flow, state: str, name: str) -> None:
    """Raise `NotProven` for a way back that belongs to no sign-in of this browser."""
    if not hmac.compare_digest(flow.state.encode(), state.encode()):
        raise NotProven(f"what came back from {name} does not belong to this sign-in: begin again")


def _asked(method: str, address: str, **more: Any) -> Mapping[str, Any]:  # noqa: ANN401 - httpx's own arguments
    """Return the JSON object that an address answers, with an error as well. No redirect is followed."""
    try:
        with (
            httpx.Client(timeout=_PATIENCE, verify=ssl.create_default_context()) as client,
            client.stream(method, address, headers={"Accept": "application/json"}, **more) as answer,
        ):
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > _LARGEST:
                    raise ValueError("an answer without end")  # noqa: TRY301 - one answer to all that is wrong with it
            if answer.status_code >= 500:
                raise ValueError("the issuer is out of order")  # noqa: TRY301 - the same
        said = httpx.Response(200, content=body).json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        said = None
    if not isinstance(said, dict):
        raise Unanswered("single sign-on does not answer now: sign in with name and password, or try again later")
    return said
