"""How long to wait before the next attempt."""

from __future__ import annotations

import random


class Backoff:
    """0.5 s doubling to 30 s, each up to 30 % shorter or longer, so that a site's gateways do not knock in step."""

    def __init__(self, first: float = 0.5, longest: float = 30.0) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def wait(self) -> float:
        """Return the seconds to wait now; the next time they are twice as many."""
        seconds, self._next = self._next, min(self._next * 2, self._longest)
        return seconds * random.uniform(0.7, 1.3)  # noqa: S311 - spreads load, guards nothing

    def reset(self) -> None:
        """Begin again at the first wait: something worked."""
        self._next = self._first
