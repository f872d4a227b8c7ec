"""Delivery to the MES: at least once, in order, and nothing lost whatever the MES does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from devices.backoff import Backoff
from devices.config import Mes
from devices.delivery import BATCH, LARGEST, Delivery
from devices.spool import Spool
from tests.devices.support import NOON, SetClock, TinyMes, measured, readings, until


@contextmanager
def delivering(spool: Spool, url: str, clock: SetClock, retention_days: float = 30) -> Iterator[Delivery]:
    stop = Event()
    delivery = Delivery("gateway-1", Mes(url, "secret", retention_days), spool, clock)
    thread = Thread(target=delivery.run, args=(stop,))
    thread.start()
    yield delivery
    stop.set()
    spool.appended.set()
    thread.join()


def state(spool: Spool) -> tuple[str, str]:
    row = spool._connection.execute("select state, reason from delivery").fetchone()
    return row[0], row[1]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.delivery.Backoff", lambda: Backoff(0.01, 0.05))


def test_a_reading_travels_as_the_api_takes_it(spool: Spool, tiny_mes: TinyMes, clock: SetClock) -> None:
    """Texts as they are, times in UTC with six digits, raw bytes in base64, and the token as a bearer's."""
    spool.append("BR-01", [measured("7.10")], received=NOON)
    with delivering(spool, tiny_mes.url, clock):
        until(lambda: tiny_mes.stored)
    assert tiny_mes.stored["BR-01", 1] == {
        "instrument": "BR-01",
        "sequence": 1,
        "channel": "pH",
        "value": "7.10",
        "unit": "pH",
        "quality": "good",
        "status": "",
        "sample": None,
        "source_time": "2026-11-22T10:15:00.000000Z",
        "received_time": "2026-11-22T10:15:00.000000Z",
        "raw": "Ny4xMA==",
    }
    assert tiny_mes.requests[0]["gateway"] == "gateway-1"
    assert tiny_mes.authorizations == {"Bearer secret"}


def test_a_backlog_goes_in_batches_and_in_order(spool: Spool, tiny_mes: TinyMes, clock: SetClock) -> None:
    """At most 500 readings a request, each instrument's in its sequence."""
    for _ in range(3):
        spool.append("A", [measured()] * 400, received=NOON)
    with delivering(spool, tiny_mes.url, clock):
        until(lambda: len(tiny_mes.stored) == 1200)
    sizes = [len(request["readings"]) for request in tiny_mes.requests]
    assert sizes == [BATCH, BATCH, 200]
    assert [sequence for _, sequence in tiny_mes.stored] == list(range(1, 1201))


def test_a_request_is_no_larger_than_the_mes_takes(spool: Spool, tiny_mes: TinyMes, clock: SetClock) -> None:
    """An analyser's message stands in each of its results: a backlog of them goes in more requests."""
    large = replace(measured(), raw=bytes(LARGEST // 10))
    for _ in range(5):
        spool.append("A", [large] * 5, received=NOON)
    spool.append("A", [replace(large, raw=bytes(LARGEST + 1))], received=NOON)
    with delivering(spool, tiny_mes.url, clock):
        until(lambda: len(tiny_mes.stored) == 26)
    assert [len(request["readings"]) for request in tiny_mes.requests] == [10, 10, 5, 1]


@pytest.mark.parametrize("trouble", [500, 503, 429, 302, "lost", "cut", "stranger"])
def test_whatever_is_unclear_is_sent_again(
    spool: Spool, tiny_mes: TinyMes, clock: SetClock, trouble: int | str
) -> None:
    """A fault, a lost answer, a closed connection, a stranger: each reading is stored once in the end."""
    tiny_mes.behaviours = [trouble, trouble]
    spool.append("A", [measured()] * 3, received=NOON)
    with delivering(spool, tiny_mes.url, clock):
        until(lambda: not spool.undelivered())
    assert sorted(tiny_mes.stored) == [("A", 1), ("A", 2), ("A", 3)]
    assert len(tiny_mes.requests) == 3


def test_a_mes_that_is_away_is_waited_for(spool: Spool, clock: SetClock) -> None:
    """Nothing listens at first; what was kept arrives when it does."""
    with TinyMes() as before:
        port, url = before.port, before.url
    spool.append("A", [measured()], received=NOON)
    with delivering(spool, url, clock):
        until(lambda: state(spool)[0] == "waiting")
        with TinyMes(port) as mes:
            until(lambda: not spool.undelivered())
    assert list(mes.stored) == [("A", 1)]


@pytest.mark.parametrize("refusal", [400, 401, 403, 409, 422])
def test_a_refusal_stops_the_delivery_and_keeps_everything(
    spool: Spool, tiny_mes: TinyMes, clock: SetClock, refusal: int
) -> None:
    """A person must look: nothing is sent any more, nothing is dropped, and the reason is there to be read."""
    tiny_mes.behaviours = [refusal]
    spool.append("A", [measured()], received=NOON)
    with delivering(spool, tiny_mes.url, clock):
        until(lambda: state(spool)[0] == "stopped")
        spool.append("A", [measured()], received=NOON)
    assert str(refusal) in state(spool)[1]
    assert "as asked" in state(spool)[1]
    assert (len(tiny_mes.requests), len(readings(spool))) == (1, 2)


def test_a_slow_mes_gets_the_batch_again_when_patience_is_over(
    spool: Spool, tiny_mes: TinyMes, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that came too late counts as none, and the second time every reading is known."""
    monkeypatch.setattr("devices.delivery.PATIENCE", 0.2)
    late, take = Event(), tiny_mes.take
    monkeypatch.setattr(
        tiny_mes, "take", lambda body: (take(body), late.wait(0.5 if len(tiny_mes.requests) == 1 else 0))[0]
    )
    spool.append("A", [measured()], received=NOON)
    with delivering(spool, tiny_mes.url, clock):
        until(lambda: not spool.undelivered())
    assert len(tiny_mes.requests) == 2
    assert list(tiny_mes.stored) == [("A", 1)]


def test_what_was_delivered_is_kept_for_its_retention(spool: Spool, tiny_mes: TinyMes, clock: SetClock) -> None:
    """Delivered readings stay for the configured days, then go."""
    spool.append("A", [measured()], received=NOON)
    spool.append("A", [measured()], received=NOON + timedelta(days=20))
    spool.delivered(1)
    clock.advance(timedelta(days=31))
    with delivering(spool, tiny_mes.url, clock):
        until(lambda: not spool.undelivered())
    kept = spool._connection.execute("select sequence from reading").fetchall()
    assert kept == [(2,)]


def test_the_authority_of_a_site_that_signs_its_own_certificates_is_used(spool: Spool, tmp_path: Path) -> None:
    """A file that is no certificate is refused when the gateway starts to deliver, not ignored."""
    wrong = tmp_path / "ca.pem"
    wrong.write_text("no certificate")
    delivery = Delivery("gateway-1", Mes("https://mes.example.org", "secret", authority=wrong), spool, SetClock())
    with pytest.raises(OSError, match=r"(?i)no.certificate"):
        delivery.run(Event())


def test_waits_double_up_to_the_longest_and_begin_again() -> None:
    """0.5 s doubling to 30 s, up to 30 % more or less."""
    backoff = Backoff()
    waits = [backoff.wait() for _ in range(8)]
    assert all(0.7 <= wait / usual <= 1.3 for wait, usual in zip(waits, (0.5, 1, 2, 4, 8, 16, 30, 30), strict=True))
    backoff.reset()
    assert backoff.wait() <= 0.65
