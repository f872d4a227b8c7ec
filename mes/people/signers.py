"""Who may sign: whose password is their own, who was seen to be who they are, and who accepts what a signature means.

Nothing of it is a role. It is asked for at every signature, so what was withdrawn a moment ago counts.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, select

from batch_records.executed.commands import Person
from batch_records.executed.draft import Refused
from mes.context import installation
from mes.people.models import Statement, User, Workstation

SHIPPED = """\
My electronic signature is my signature. I understand that it binds me legally as my signature by hand does.
I alone know my password. I give it to nobody, write it down nowhere, and let nobody work in my session.
I sign only what I have done, or have seen, or have looked through myself, and after reading what I sign.
Whoever learns my password, or finds my badge, could act in my name: I say so at once, and have both withdrawn.
"""
# Made once: building a statement anew costs as much as running it.
_SIGNER = select(User.is_first_password, User.proven_at, User.accepted).where(User.id == bindparam("id"))
_NEWEST = select(func.max(Statement.edition))
_WAITS = select(Workstation.waits_until).where(Workstation.address == bindparam("address"))


def edition_in_force(connection: Connection) -> int:
    """Return the edition of the accountability statement that has to be accepted; the shipped one is the first."""
    return connection.execute(_NEWEST).scalar() or 1


def must_be_able_to_sign(connection: Connection, person: Person) -> None:
    """Raise `Refused` for who cannot sign yet, saying what is missing and who sees to it."""
    row = connection.execute(_SIGNER, {"id": person.id}).first()
    if row is None or row.is_first_password:
        raise Refused(f"{person.name} still has a first password: sign in, choose one of your own, then sign")
    if row.proven_at is None:
        raise Refused(
            f"nobody has checked yet who {person.name} is: a supervisor or a quality reviewer looks at a document, "
            "and records it on the page “People”"
        )
    if (row.accepted or 0) < edition_in_force(connection):
        raise Refused(
            f"{person.name} has not accepted yet what a signature means: sign in, touch your name above, and accept it"
        )


def must_not_wait(workstation: str) -> None:
    """Raise `Refused` at a workstation where so many passwords were wrong that it has to wait."""
    with installation().database.reader.connect() as connection:
        until = connection.execute(_WAITS, {"address": workstation}).scalar()
    if until and until > installation().now():
        until = until.astimezone(installation().settings.zone)
        raise Refused(f"too many passwords were wrong here: this workstation waits until {until:%H:%M}")
