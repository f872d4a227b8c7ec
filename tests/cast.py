"""The people of the tests and of the demonstration laboratory. All of them are synthetic."""

from __future__ import annotations

from batch_records.executed.commands import Person
from batch_records.master.recipe import Role


def _person(id_: str, name: str, *roles: Role) -> Person:
    return Person(id_, name, frozenset(role.value for role in roles))


ALICE = _person("alice", "Alice Operator", Role.OPERATOR)
BOB = _person("bob", "Bob Verifier", Role.OPERATOR, Role.VERIFIER)
LENA = _person("lena", "Lena Analyst", Role.ANALYST)
LARS = _person("lars", "Lars Analyst", Role.ANALYST)
DORA = _person("dora", "Dora Physician", Role.PHYSICIAN)
QUINN = _person("quinn", "Quinn Reviewer", Role.REVIEWER)
PETRA = _person("petra", "Petra Releaser", Role.RELEASER)
ADAM = _person("adam", "Adam Administrator")
MALLORY = _person("mallory", "Mallory Outsider")
