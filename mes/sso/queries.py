"""What is asked about single sign-on: whether the site has it, who an identity is here, who is linked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from batch_records.executed.commands import Person
from batch_records.executed.draft import Refused
from mes.batches.shown import local
from mes.context import installation
from mes.people.models import User
from mes.settings import SingleSignOn
from mes.sso.commands import NOT_LINKED
from mes.sso.flow import Flow
from mes.sso.issuer import Identity, NotProven, Unanswered, discovered, must_be_state
from mes.sso.models import IssuerLink


@dataclass(frozen=True)
class Found:
    """Whom the issuer proved to be there: the person, by which link, and the issuer's own id of the account."""

    person: Person
    link: str
    subject: str


@dataclass(frozen=True)
class Link:
    """An account of the issuer's that is a person's here."""

    account: str
    added: datetime


def name_of_issuer() -> str:
    """Return what the button says, or nothing where the site has no single sign-on."""
    sso = installation().settings.sso
    return sso.name if sso else ""


def configured() -> SingleSignOn:
    """Return the site's own issuer. Raise `Refused` where it has none."""
    sso = installation().settings.sso
    if sso is None:
        raise Refused("this site has no single sign-on: sign in with name and password")
    return sso


def way(flow: Flow, back: str) -> str:
    """Return where to send the browser. Raise `Unanswered` where the issuer does not say."""
    return discovered(configured()).way(flow, back)


def found(flow: Flow, said: Mapping[str, str], back: str) -> Found:
    """Return who came back from the issuer. Raise `Unanswered`, or `NotProven` for who is nobody here."""
    sso = configured()
    must_be_state(flow, said.get("state", ""), sso.name)
    if "error" in said or not said.get("code"):
        raise Unanswered(f"{sso.name} let nobody in: begin again, or sign in with name and password")
    return _person_of(discovered(sso).identity(flow, said["code"], back))


def _person_of(identity: Identity) -> Found:
    """Return whose account it is. The subject counts before an e-mail address, which may be given to another."""
    by_subject = IssuerLink.subject == identity.subject
    by_email = IssuerLink.subject.is_(None) & (IssuerLink.email == identity.email)
    query = select(IssuerLink).where(IssuerLink.issuer == identity.issuer, IssuerLink.ended.is_(None))
    with installation().reading() as session:
        link = session.scalars(query.where(by_subject)).first() or session.scalars(query.where(by_email)).first()
        user = session.get(User, link.user) if link else None
    if link is None or user is None or not user.active or user.locked:
        raise NotProven(NOT_LINKED)
    return Found(user.person(), link.id, identity.subject)


def link_of(user: str) -> Link | None:
    """Return what a person is linked to."""
    query = select(IssuerLink).where(IssuerLink.user == user, IssuerLink.ended.is_(None))
    with installation().reading() as session:
        row = session.scalars(query).first()
    return Link(" · ".join(filter(None, (row.email, row.subject))), local(row.added)) if row else None
