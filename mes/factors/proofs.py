"""Whether a second factor is the right one: codes after RFC 6238, passkeys after WebAuthn."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException

from batch_records.executed.draft import Refused

_STEP = 30  # seconds that a code counts; the one before and the one after count, too, for clocks that differ


@dataclass(frozen=True)
class Ceremony:
    """What a passkey's answer must belong to: the challenge that was given, and where."""

    challenge: bytes
    host: str
    origin: str
    answer: str = field(repr=False)


def sealed(secret: str, key: str) -> str:
    """Encrypt what codes are made from, for the database."""
    return _box(key).encrypt(secret.encode()).decode()


def opened(secret: str, key: str) -> str:
    """Decrypt it. Raise `Refused` where the installation has another key by now."""
    try:
        return _box(key).decrypt(secret.encode()).decode()
    except InvalidToken:
        raise Refused("this authenticator was set up with another key of this installation: set it up again") from None


def _box(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"second factors:" + key.encode()).digest()))


def used_step(secret: str, code: str, last: int, now: float | None = None) -> int | None:
    """Return the time step that a code belongs to; None for a wrong code, and for one that was used before.

    The time is the machine's, as on the telephone; never a demonstration's.
    """
    at = int((time.time() if now is None else now) // _STEP)
    codes = pyotp.TOTP(secret)
    given = code.replace(" ", "")
    steps = [step for step in (at - 1, at, at + 1) if pyotp.utils.strings_equal(codes.generate_otp(step), given)]
    return next((step for step in steps if step > last), None)


def registered(ceremony: Ceremony) -> tuple[str, str, int]:
    """Return the id, the public key and the counter of a new passkey. Raise `Refused` for an answer that is none."""
    try:
        made = verify_registration_response(
            credential=ceremony.answer,
            expected_challenge=ceremony.challenge,
            expected_rp_id=ceremony.host,
            expected_origin=ceremony.origin,
        )
    except (WebAuthnException, ValueError) as error:
        raise Refused(f"this passkey cannot be kept: {error}") from None
    key = bytes_to_base64url(made.credential_public_key)
    return bytes_to_base64url(made.credential_id), key, made.sign_count


def new_count(ceremony: Ceremony, public_key: str, count: int) -> int | None:
    """Return the passkey's counter after a right answer, or None for a wrong one."""
    try:
        return verify_authentication_response(
            credential=ceremony.answer,
            expected_challenge=ceremony.challenge,
            expected_rp_id=ceremony.host,
            expected_origin=ceremony.origin,
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=count,
        ).new_sign_count
    except (WebAuthnException, ValueError):
        return None
