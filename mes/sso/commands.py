"""What is done with the issuer's accounts: linked to a person, ended, and used to sign in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select

from batch_records.executed.draft import Malformed, Refused
from mes.context import installation
from mes.execute import Doing, Outcome, handles
from mes.ledger.act import Act
from mes.people.commands import BeginSession, begin_session, count_wrong
from mes.people.models import ADMINISTRATOR, SINGLE_SIGN_ON, SignIn, User
from mes.sso.models import IssuerLink

NOT_LINKED = (
    "no account here is linked to this one, or it is locked: sign in with name and password, or ask an administrator"
)


@dataclass(frozen=True)
class LinkAccount:
    """Say that an account of the issuer, by its subject or by its e-mail address, is a person's here."""

    user: str
    id: str
    subject: str
    email: str


@dataclass(frozen=True)
class EndLink:
    """Let a person sign in by the issuer no longer."""

    user: str
    reason: str


@dataclass(frozen=True)
class BeginByIssuer:
    """Sign in. The issuer's token was checked before; ``session`` is the hash of what the cookie holds."""

    user: str
    link: str
    subject: str
    session: str
    workstation: str
    before: str
    waits_for: str


@dataclass(frozen=True)
class RefuseIdentity:
    """Put on record that what came back from the issuer let nobody in."""

    workstation: str
    why: str


def _book(command: LinkAccount | EndLink) -> Iterable[str]:
    return (f"user:{command.user}",)


@handles(LinkAccount, "linked an account", roles=(ADMINISTRATOR,), books=lambda c: (*_book(c), "laboratory"))
def link_account(doing: Doing, command: LinkAccount) -> None:
    """Link it. One account of the issuer is one person's, and one person has one."""
    sso = installation().settings.sso
    if sso is None:
        raise Refused("this site has no single sign-on")
    subject, email = command.subject.strip() or None, command.email.strip().lower() or None
    if bool(subject) == bool(email):
        raise Malformed("subject", "enter the subject or the e-mail address: one of them")
    if len(subject or email or "") > 250:
        raise Malformed("subject", "no issuer gives names that long")
    _must_work_here(doing, command.user)
    for row in doing.session.scalars(select(IssuerLink).where(IssuerLink.ended.is_(None))):
        if row.user == command.user or (row.issuer == sso.issuer and _is_same(row, subject, email)):
            raise Refused(f"“{row.user}” is linked to an account already: end that first")
    made = IssuerLink(id=command.id, user=command.user, issuer=sso.issuer, subject=subject, email=email)
    made.added = doing.act.at
    doing.session.add(made)


def _is_same(row: IssuerLink, subject: str | None, email: str | None) -> bool:
    return bool((subject and row.subject == subject) or (email and row.email == email))


def _must_work_here(doing: Doing, id_: str) -> None:
    user = doing.session.get(User, id_)
    if user is None or not user.password_hash or not user.active:
        raise Refused(f"nobody with the name “{id_}” works here")
    if user.id == doing.by.person.id:
        raise Refused("nobody links their own account: another administrator does")


@handles(EndLink, "ended the link of an account", roles=(ADMINISTRATOR,), books=_book)
def end_link(doing: Doing, command: EndLink) -> None:
    """End it, and every session that began by it."""
    if not command.reason.strip():
        raise Malformed("reason", "say why")
    at = doing.act.at
    links = select(IssuerLink).where(IssuerLink.user == command.user, IssuerLink.ended.is_(None))
    for link in doing.session.scalars(links):
        link.ended = at
    begun = select(SignIn).where(SignIn.user == command.user, SignIn.began_by == SINGLE_SIGN_ON, SignIn.ended.is_(None))
    for held in doing.session.scalars(begun):
        held.ended, held.how, held.both_given = at, "link to the issuer ended", False
    doing.act.write(f"user:{command.user}", "reason given", {"reason": command.reason.strip()})


def _count(act: Act, command: BeginByIssuer | RefuseIdentity) -> None:
    """Count it where it was tried, as a wrong password is; the issuer looks after its own accounts."""
    count_wrong(act, "", command.workstation)
    act.flush()


def _books_of_attempt(command: BeginByIssuer) -> Iterable[str]:
    return (f"user:{command.user}", f"workstation:{command.workstation}")


@handles(BeginByIssuer, "signed in by single sign-on", books=_books_of_attempt, refused=_count)
def begin_by_issuer(doing: Doing, command: BeginByIssuer) -> Outcome | None:
    """Open a session as a password does. An e-mail address counts until the first sign-in, its subject afterwards."""
    link, user = doing.session.get(IssuerLink, command.link), doing.session.get(User, command.user)
    if link is None or link.user != command.user or link.ended or user is None or user.locked or not user.active:
        raise Refused(NOT_LINKED)
    if link.subject not in (None, command.subject):
        raise Refused(NOT_LINKED)
    link.subject = command.subject
    begun = BeginSession(command.user, command.session, command.workstation, command.before)
    return begin_session(doing, replace(begun, waits_for=command.waits_for, began_by=SINGLE_SIGN_ON))


@handles(
    RefuseIdentity,
    "tried to sign in by single sign-on",
    books=lambda command: (f"workstation:{command.workstation}",),
    refused=_count,
)
def refuse_identity(doing: Doing, command: RefuseIdentity) -> None:
    """Refuse it: the door writes what is refused."""
    del doing
    raise Refused(command.why)
