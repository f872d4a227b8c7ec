"""How an address that changes something is used once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from batch_records.executed.commands import Person
from tests.cast import ALICE
from tests.mes.laboratory import Laboratory
from tests.security.scenes import Before, Fields


@dataclass(frozen=True)
class Act:
    """How an address is used once. ``why`` names the field with the reason, without which it is refused.

    ``because`` says why none is asked for where rows that exist are changed, and ``was`` is the value corrected.
    """

    endpoint: str
    by: Person = ALICE
    path: str = ""
    fields: Fields = field(default_factory=dict)
    before: Before = lambda _: None
    why: str = ""
    because: str = ""
    was: str = ""
    signed: bool = False
    hidden: frozenset[str] = frozenset()  # fields that say how or on what, and stand in no line as they were typed
    drawn: frozenset[str] = frozenset()  # fields that the page fills in, or that another answer of the form takes
    silent: str = ""  # why it leaves no line
    body: Callable[[Laboratory], Fields] | None = None  # of the interface

    def __str__(self) -> str:
        return self.endpoint
