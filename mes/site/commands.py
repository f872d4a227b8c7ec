"""What is done once, when an installation is set up."""

from __future__ import annotations

from dataclasses import dataclass, field

from batch_records.executed.commands import Person
from batch_records.executed.draft import Refused
from mes.execute import Actor, Doing, handles
from mes.people.models import ADMINISTRATOR, User
from mes.people.passwords import hash_password
from mes.site.models import Site

SETUP = "set-up"
INSTALLER = Actor(Person("setup", "Set-up", frozenset({SETUP})), "this machine")


@dataclass(frozen=True)
class OpenSite:
    """Open the books of a new installation, with its first administrator."""

    kind: str
    administrator: str
    name: str
    password: str = field(repr=False)


@handles(
    OpenSite,
    "set the installation up",
    roles=(SETUP,),
    books=lambda command: ("laboratory", f"user:{command.administrator}"),
)
def open_site(doing: Doing, command: OpenSite) -> None:
    """Say for good what this database is, and let one person in who can let in the others."""
    if doing.session.get(Site, 1):
        raise Refused("this installation is set up already")
    doing.session.add(Site(id=1, kind=command.kind, opened=doing.act.at))
    hashed = hash_password(command.password, command.administrator)
    user = User(id=command.administrator, name=command.name, roles=[ADMINISTRATOR], password_hash=hashed)
    user.is_first_password, user.secret_set = True, doing.act.at
    doing.session.add(user)
