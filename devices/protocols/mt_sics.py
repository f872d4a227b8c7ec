"""What a Mettler Toledo balance answers: MT-SICS, level 0.

    S S     100.00 g        stable          S D     100.03 g        not yet
    S I                     busy            S +  S -                overload, underload

The weight stands right-aligned in ten characters and the unit after it; a line in another width has lost a piece.
``I4 A "…"`` is the balance's serial number. Some balances answer ``SI`` with ``SI S``, others as above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from devices.protocols import ProtocolError
from devices.protocols.polled import END, Polled

WEIGHT = re.compile(rb"SI? ([SD]) (?=.{10} )( *-?[0-9]+(?:\.[0-9]+)?) ([A-Za-z%]{1,5})")
STABLE = re.compile(rb"SI? S .*")
STATE = re.compile(rb"SI? ([I+-])")
SERIAL_NUMBER = re.compile(rb'I4 A "([ -!#-~]+)"')
_ANSWERS = re.compile(b"|".join((WEIGHT.pattern, STATE.pattern, SERIAL_NUMBER.pattern)))


@dataclass(frozen=True, slots=True)
class Weight:
    """One answer. ``state`` is S, D, I, + or -; the last three have no value. ``confirmed``: it came twice."""

    state: str
    value: str
    unit: str
    confirmed: bool


def link() -> Polled:
    """Return a balance's line: its serial number is asked once, its weight from then on."""
    return Polled(hello=b"I4\r\n", ask=b"SI\r\n", answers=_ANSWERS, confirmed=STABLE)


def serial_number(text: bytes) -> str | None:
    """Return the serial number that an answer tells, or None where it is another answer."""
    found = SERIAL_NUMBER.fullmatch(text)
    return found[1].decode("ascii") if found else None


def weight(text: bytes) -> Weight:
    """Read an answer to the question for the weight. Raise `ProtocolError` where it is none."""
    line, again, repeated = text.partition(END)
    found = WEIGHT.fullmatch(line)
    if again and line != repeated:
        raise ProtocolError("two answers that do not confirm each other")
    if found:
        return Weight(found[1].decode(), found[2].decode().strip(), found[3].decode(), confirmed=bool(again))
    if state := STATE.fullmatch(line):
        return Weight(state[1].decode(), "", "", confirmed=bool(again))
    raise ProtocolError("no weight of an MT-SICS balance")
