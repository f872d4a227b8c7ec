"""Who guesses tokens is told to wait, and keeps nobody else out (ASVS 2.4.1, 6.3.1)."""

from __future__ import annotations

import pytest

from mes.api import views
from mes.web.throttle import Throttle
from tests.security.door import Door

PATH = "/api/v1/readings"


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture(autouse=True)
def _few_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_GUESSES", Throttle(most=20, window=60))


def guess(door: Door, token: str) -> tuple[int, str]:
    """Show a token, and return the status with when to come again."""
    answer = door.send("stranger", "POST", PATH, json={}, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.headers.get("retry-after", "")


def test_who_guesses_tokens_is_told_to_wait(door: Door) -> None:
    """Twenty wrong tokens a minute are answered, the next with 429 and when to try again; each is in the log."""
    answers = [guess(door, f"guess {number}") for number in range(22)]
    assert [status for status, _ in answers] == [401] * 20 + [429] * 2
    assert all(1 <= int(again) <= 60 for _, again in answers[20:])


def test_who_has_the_right_token_is_never_kept_out(door: Door) -> None:
    """Somebody guesses from the address of the gateway; the gateway delivers as before."""
    for number in range(40):
        guess(door, f"guess {number}")
    assert door.send("clock (token)", "POST", "/api/v1/ticks").status_code == 200
    assert door.send("auditor (token)", "GET", "/api/v1/batches").status_code == 200


def test_who_shows_no_token_is_no_guesser(door: Door) -> None:
    """A page that asks before anybody signed in is sent away, however often."""
    assert {door.send("stranger", "GET", "/api/v1/batches").status_code for _ in range(40)} == {401}


def test_the_wait_ends() -> None:
    """A minute after the guesses, a wrong token is answered as the first was."""
    clock = Clock()
    throttle = Throttle(most=2, window=60, clock=clock)
    assert [throttle.failed("a") for _ in range(4)] == [0, 0, 60, 60]
    assert throttle.failed("b") == 0
    clock.now += 61
    assert throttle.failed("a") == 0


def test_memory_has_an_end() -> None:
    """Guesses from a hundred thousand addresses are remembered of the last ten thousand."""
    throttle = Throttle(most=2, window=60, clock=Clock())
    for number in range(100_000):
        throttle.failed(str(number))
    assert len(throttle._failures) == 10_000
