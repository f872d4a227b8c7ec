"""What a Sartorius balance answers: SBI, fourteen characters, or twenty with what the value is before them.

    N     +   100.00 g      a net weight         +   100.00        no unit: not stable
    Stat      High          overload

Sign, blank, eight characters of value, blank, three of unit: a line in another width has lost a piece. A digit in
brackets is one that a verified balance does not vouch for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from devices.protocols import ProtocolError
from devices.protocols.polled import END, Polled

_VALUE = rb"([A-Za-z#][ -~]{5}| {6})?([+ -]) (?=.{8} )( *[0-9]*\.?[0-9]*(?:\[[0-9]+\])? *) "
WEIGHT = re.compile(_VALUE + rb"([A-Za-z%/ ]{3})")
STABLE = re.compile(_VALUE + rb"[A-Za-z%/][A-Za-z%/ ]{2}")
STATE = re.compile(rb"(?:Stat  | {6})? {4,8}([A-Z][A-Za-z. ]*[0-9]*) *")
_ANSWERS = re.compile(b"|".join((WEIGHT.pattern, STATE.pattern)))


@dataclass(frozen=True, slots=True)
class Weight:
    """One answer. ``mark`` is what stands before the value (N net, G gross), ``state`` a word in place of one."""

    mark: str
    value: str
    unit: str
    state: str
    confirmed: bool


def link() -> Polled:
    """Return a balance's line, which is asked for its weight."""
    return Polled(hello=b"\x1bP\r\n", ask=b"\x1bP\r\n", answers=_ANSWERS, confirmed=STABLE)


def weight(text: bytes) -> Weight:
    """Read an answer. Raise `ProtocolError` where it is none."""
    line, again, repeated = text.partition(END)
    if again and line != repeated:
        raise ProtocolError("two answers that do not confirm each other")
    found = WEIGHT.fullmatch(line)
    if found and any(digit in b"0123456789" for digit in found[3]):
        mark, sign, value, unit = ((part or b"").decode("ascii").strip() for part in found.groups())
        return Weight(mark, sign.replace("+", "") + value, unit, "", confirmed=bool(again))
    if len(line) in (14, 20) and (state := STATE.fullmatch(line)):
        return Weight("", "", "", state[1].decode("ascii").strip(), confirmed=bool(again))
    raise ProtocolError("no weight of an SBI balance")
