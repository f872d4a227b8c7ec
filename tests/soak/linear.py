"""Whether what many saw of one value at once could have happened one after another (linearizability).

An operation began, ended, and said something. A history can be explained if its operations can be put in a row, each
somewhere between its beginning and its end, so that one value, written and read in that row, says just that.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Did:
    """One operation: ``wrote`` a value or nothing, ``saw`` a value or nothing, between two moments."""

    began: float
    ended: float
    wrote: str | None
    saw: str | None


def explained(history: list[Did], before: str) -> bool:
    """Say whether a history of one value can be put in a row. Tries all that is possible; remembers what is not."""
    hopeless: set[tuple[frozenset[int], str]] = set()

    def go_on(left: frozenset[int], value: str) -> bool:
        if not left:
            return True
        if (left, value) in hopeless:
            return False
        first_end = min(history[each].ended for each in left)
        for each in left:
            did = history[each]
            if did.began > first_end or did.saw not in (None, value):
                continue
            if go_on(left - {each}, value if did.wrote is None else did.wrote):
                return True
        hopeless.add((left, value))
        return False

    return go_on(frozenset(range(len(history))), before)
