"""Who guesses too often is told to wait."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

_ADDRESSES = 10_000  # remembered at most: who guesses from more of them pushes out the oldest


class Throttle:
    """Counts failures by where they come from: ``most`` within ``window`` seconds, then wait."""

    def __init__(self, most: int, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._window, self._clock = most, window, clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def failed(self, address: str) -> int:
        """Count a failure. Return after how many seconds to try again, or 0 as long as there were few."""
        now = self._clock()
        with self._lock:
            times = self._failures.setdefault(address, deque(maxlen=self._most + 1))
            self._failures.move_to_end(address)
            while len(self._failures) > _ADDRESSES:
                self._failures.popitem(last=False)
            times.append(now)
            while times[0] <= now - self._window:
                times.popleft()
            return max(1, round(times[0] + self._window - now)) if len(times) > self._most else 0
