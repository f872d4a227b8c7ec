"""What is done before somebody signs: who they are is seen by another, and what a signature means is accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.execute import Doing, Outcome, handles
from mes.people.models import SUPERVISOR, Statement, User
from mes.people.signers import edition_in_force

DOCUMENTS = ("passport", "identity card", "residence permit", "staff card with photograph")


@dataclass(frozen=True)
class ProveIdentity:
    """Say that one saw who a person is, and by which kind of document. Its number is not written down."""

    user: str
    document: str


@dataclass(frozen=True)
class IssueStatement:
    """Put another accountability statement in force: everybody is asked to accept it before their next signature."""

    text: str


@dataclass(frozen=True)
class AcceptStatement:
    """Accept the accountability statement as it was shown."""

    user: str
    edition: int


def _book(command: ProveIdentity | AcceptStatement) -> Iterable[str]:
    return (f"user:{command.user}",)


@handles(ProveIdentity, "checked who a person is", roles=(SUPERVISOR, Role.REVIEWER.value), books=_book)
def prove_identity(doing: Doing, command: ProveIdentity) -> None:
    """Keep who checked, what, and when. It takes another person, and none who administers (21 CFR 11.100(b))."""
    user = doing.session.get(User, command.user)
    if user is None or not user.password_hash:
        raise Refused(f"there is no person “{command.user}”")
    if user.id == doing.by.person.id:
        raise Refused("nobody proves their own identity: another person looks at the document")
    if command.document not in DOCUMENTS:
        raise Malformed("document", "say which kind of document you saw")
    user.proven_by, user.proven_at, user.proof = doing.by.person.id, doing.act.at, command.document


@handles(
    IssueStatement,
    "issued an accountability statement",
    roles=(Role.REVIEWER.value,),
    books=lambda _: ("laboratory",),
    signature="issued",
)
def issue_statement(doing: Doing, command: IssueStatement) -> Outcome:
    """Add the next edition."""
    if not command.text.strip():
        raise Malformed("text", "write what people accept")
    edition = edition_in_force(doing.act.connection) + 1
    issued_by = doing.by.person.id
    doing.session.add(Statement(edition=edition, text=command.text.strip(), issued=doing.act.at, issued_by=issued_by))
    doing.act.write("laboratory", "accountability statement issued", {"edition": edition}, signed=doing.signed)
    return {"edition": edition}


@handles(AcceptStatement, "accepted the accountability statement", books=_book)
def accept_statement(doing: Doing, command: AcceptStatement) -> None:
    """Keep that a person accepted the edition in force, with their own password (21 CFR 11.10(j))."""
    user = doing.session.get(User, command.user)
    if user is None or not doing.signed or doing.by.person.id != user.id:
        raise Refused("everybody accepts it for themselves, with name and password")
    if user.is_first_password:
        raise Refused("choose a password of your own first")
    if command.edition != edition_in_force(doing.act.connection):
        raise Refused("the statement was changed meanwhile: read it again")
    user.accepted, user.accepted_at = command.edition, doing.act.at
