"""What is asked about second factors: who has which, and who is asked for one."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn import generate_authentication_options, generate_registration_options, options_to_json
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import PublicKeyCredentialDescriptor

from batch_records.executed.commands import Person
from mes.batches.shown import local
from mes.context import installation
from mes.factors.models import CODES, PASSKEY, SecondFactor
from mes.factors.proofs import Ceremony, opened


@dataclass(frozen=True)
class Factor:
    """A second factor of somebody's."""

    kind: str
    name: str
    added: datetime


@dataclass(frozen=True)
class SettingUp:
    """An authenticator that has yet to show its first code."""

    id: str
    secret: str
    picture: str  # a QR code, as a data URI


@dataclass(frozen=True)
class FactorsPage:
    """Everything that ``factors.html`` asks for."""

    factors: tuple[Factor, ...]
    setting_up: SettingUp | None
    must: bool
    error: str


@dataclass(frozen=True)
class Asked:
    """Everything that ``ask.html`` asks for."""

    by_code: bool
    by_passkey: bool
    error: str


def asked_of(user: str, address: str) -> str:
    """Return what a person who comes from an address is asked for: ``factor``, ``set-up``, ``refused``, or nothing."""
    settings = installation().settings
    with installation().reading() as session:
        has_one = bool(_confirmed(session, user))
    inside = settings.is_inside(address)
    if settings.second_factor == "outside" and inside:
        return ""
    if has_one:
        return "factor"
    if settings.second_factor == "optional":
        return ""
    return "set-up" if inside else "refused"


def factors_page(user: str, *, must: bool, error: str = "") -> FactorsPage:
    """Return what a person has, and what is being set up."""
    with installation().reading() as session:
        confirmed = _confirmed(session, user)
        query = select(SecondFactor).where(
            SecondFactor.user == user, SecondFactor.ended.is_(None), SecondFactor.confirmed.is_(None)
        )
        started = session.scalars(query.order_by(SecondFactor.added.desc())).first()
    found = tuple(Factor(row.kind, row.name, local(row.added)) for row in confirmed)
    return FactorsPage(found, _setting_up(started) if started else None, must, error)


def ask_page(user: str, error: str = "") -> Asked:
    """Return by what a person can be asked."""
    with installation().reading() as session:
        kinds = {row.kind for row in _confirmed(session, user)}
    return Asked(CODES in kinds, PASSKEY in kinds, error)


def to_register(person: Person, session: str, host: str) -> str:
    """Return what a device is asked to make a passkey by, as JSON."""
    options = generate_registration_options(
        rp_id=host,
        rp_name=installation().settings.laboratory,
        user_id=person.id.encode(),
        user_name=person.id,
        user_display_name=person.name,
        challenge=_challenge(session),
    )
    return options_to_json(options)


def to_authenticate(user: str, session: str, host: str) -> str:
    """Return what a device is asked to answer with its passkey, as JSON."""
    with installation().reading() as reading:
        known = [row.credential for row in _confirmed(reading, user) if row.credential]
    allowed = [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known]
    asked = generate_authentication_options(rp_id=host, challenge=_challenge(session), allow_credentials=allowed)
    return options_to_json(asked)


def ceremony(session: str, host: str, origin: str, answer: str) -> Ceremony:
    """Return a passkey's answer with what it must belong to."""
    return Ceremony(_challenge(session), host, origin, answer)


def _challenge(session: str) -> bytes:
    """Return the one challenge of a session. Each sign-in has another, which nobody can foresee and nobody keeps."""
    key = installation().settings.secret_key.encode()
    return hmac.digest(key, b"passkey:" + session.encode(), hashlib.sha256)


def _confirmed(session: Session, user: str) -> list[SecondFactor]:
    query = select(SecondFactor).where(
        SecondFactor.user == user, SecondFactor.ended.is_(None), SecondFactor.confirmed.is_not(None)
    )
    return list(session.scalars(query.order_by(SecondFactor.added)))


def _setting_up(row: SecondFactor) -> SettingUp:
    settings = installation().settings
    secret = opened(row.secret, settings.secret_key)
    address = pyotp.TOTP(secret).provisioning_uri(name=row.user, issuer_name=settings.laboratory)
    picture = segno.make(address, error="m").png_data_uri(scale=5)
    return SettingUp(row.id, " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)), picture)
