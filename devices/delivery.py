"""Readings from the spool to the MES, over HTTP, at least once and in order.

The MES answers 200 when a batch is committed, and says how many of its readings it stored and how many it knew; only
then is the batch noted as delivered. Anything unclear (no answer, a fault of the server's, an answer from something
that is not the MES) means: again, later. A refusal (4xx) is a matter for a person: nothing is sent any more, nothing
is dropped, and the reason is in the log and in `devices.doctor`, until the gateway is started again.
"""

from __future__ import annotations

import base64
import json
import logging
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import accumulate
from threading import Event as Stop
from typing import Any

import httpx

from devices.backoff import Backoff
from devices.clock import Clock
from devices.config import Mes
from devices.reading import Reading
from devices.room import ALARM
from devices.spool import REMOVED, Spool, SpoolError, stamp

BATCH = 500  # readings in one request
LARGEST = (
    4_000_000  # bytes of them that are raw: the MES takes 8 MiB, and a message's bytes stand in each of its results
)
PATIENCE = 15.0  # seconds for an answer
GLANCE = 1.0  # seconds after which an idle delivery looks again
PRUNING = 600.0  # seconds between removals of what has been kept long enough

LATER = {408, 425, 429}  # the server asks for another attempt; no other 4xx does

_log = logging.getLogger(__name__)


class RefusedError(Exception):
    """The MES will not take these readings, whoever asks again."""


class UnclearError(Exception):
    """Nobody knows whether the MES has these readings: they are sent again."""


class Delivery:
    """What sends one gateway's readings."""

    def __init__(self, gateway: str, mes: Mes, spool: Spool, clock: Clock) -> None:
        self._gateway, self._mes, self._spool, self._clock = gateway, mes, spool, clock
        self._state = ("", "")
        self._tidy_at = float("-inf")

    def run(self, stop: Stop, now: Callable[[], float] = time.monotonic) -> None:
        """Deliver until told to stop, or until the MES refuses."""
        backoff = Backoff()
        with connected(self._mes) as client:
            while not stop.is_set():
                try:
                    self._tidy(now())
                    if not self.round(client):
                        self._spool.appended.wait(GLANCE)
                    backoff.reset()
                except (UnclearError, SpoolError) as unclear:
                    self._say("waiting", str(unclear))
                    stop.wait(backoff.wait())
                except RefusedError as refused:
                    self._say("stopped", str(refused))
                    stop.wait()

    def _tidy(self, now: float) -> None:
        """Remove what was kept long enough: now and then, and without a pause while there is more or room is short."""
        if now >= self._tidy_at or self._spool.share(self._clock()) > ALARM:
            removed = self._spool.prune(self._clock() - timedelta(days=self._mes.retention_days))
            self._tidy_at = now + (0 if removed == REMOVED else PRUNING)

    def round(self, client: httpx.Client) -> int:
        """Deliver one batch; return how many readings it had. Raises `UnclearError` or `RefusedError`."""
        self._spool.appended.clear()
        batch = _fitting(self._spool.undelivered(BATCH))
        if batch:
            self._send(client, [reading for _, reading in batch])
            self._spool.delivered(batch[-1][0])
        self._say("delivering", "")
        return len(batch)

    def _send(self, client: httpx.Client, readings: list[Reading]) -> None:
        body = {"gateway": self._gateway, "readings": [as_json(reading) for reading in readings]}
        try:
            answer = client.post("/api/v1/readings", json=body)
        except httpx.HTTPError as lost:
            raise UnclearError(f"{self._mes.url}: {str(lost) or type(lost).__name__}") from lost
        if answer.is_client_error and answer.status_code not in LATER:
            raise RefusedError(f"{self._mes.url} answers {answer.status_code}: {_told(answer)}")
        if answer.status_code != httpx.codes.OK:
            raise UnclearError(f"{self._mes.url} answers {answer.status_code}: {_told(answer)}")
        if counted(answer, "stored", "known") != len(readings):
            raise UnclearError(f"{self._mes.url} does not answer like the MES: {_told(answer)}")

    def _say(self, state: str, reason: str) -> None:
        if (state, reason) != self._state:
            self._state = (state, reason)
            _log.log(logging.INFO if state == "delivering" else logging.ERROR, "delivery %s %s", state, reason)
            with suppress(SpoolError):  # it is said in the log; a full disk is not a reason to send nothing
                self._spool.delivery_state(state, reason, at=self._clock())


def connected(mes: Mes) -> httpx.Client:
    """Return a client that speaks to the MES with this gateway's token, once it is entered."""
    verify = ssl.create_default_context(cafile=mes.authority) if mes.authority else True
    headers = {"Authorization": f"Bearer {mes.token}"}
    # trust_env would take a proxy from the environment, and with it somebody between the gateway and the MES.
    return httpx.Client(base_url=mes.url, headers=headers, timeout=PATIENCE, verify=verify, trust_env=False)


def as_json(reading: Reading) -> dict[str, Any]:
    """Return a reading as the API takes it."""
    return {
        "instrument": reading.instrument,
        "sequence": reading.sequence,
        "channel": reading.channel,
        "value": reading.value,
        "unit": reading.unit,
        "quality": reading.quality.value,
        "status": reading.status,
        "sample": reading.sample,
        "source_time": stamp(reading.source_time) if reading.source_time else None,
        "received_time": stamp(reading.received_time),
        "raw": base64.b64encode(reading.raw).decode(),
    }


def _fitting(batch: list[tuple[int, Reading]]) -> list[tuple[int, Reading]]:
    """Return the first of them, as many as fit into one request, and always one."""
    sizes = accumulate(len(reading.raw) for _, reading in batch)
    fitting = sum(size <= LARGEST for size in sizes)
    return batch[: max(1, fitting)]


def _told(answer: httpx.Response) -> str:
    return " ".join(answer.text.split())[:200]


def counted(answer: httpx.Response, *parts: str) -> int | None:
    """Return how many the MES says that it has, the sum of these parts; None where it is not the MES that answers."""
    try:
        told = answer.json()
        return sum(int(told[part]) for part in parts)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError):
        return None
