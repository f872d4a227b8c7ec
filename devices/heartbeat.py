"""Every few seconds, the gateway tells the MES how it and its instruments are.

It goes its own way beside the readings: it tells also when their delivery was refused, and a beat that does not arrive
is not repeated, for the next one says more. What is told is read from the spool, as the doctor reads it.
"""

from __future__ import annotations

import base64
import logging
from threading import Event as Stop
from typing import Any

import httpx

from devices import condition
from devices.clock import Clock
from devices.condition import InstrumentCondition
from devices.config import Config
from devices.delivery import connected
from devices.room import ALARM
from devices.spool import share_of, stamp

BEAT = 5.0  # seconds
SHOWN = 256  # bytes of the last frame
LONGEST = 2_000  # characters of a sentence

_log = logging.getLogger(__name__)


class Heartbeat:
    """What tells one gateway's condition."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._said = ""
        self._crowded = False

    def run(self, stop: Stop) -> None:
        """Tell until told to stop."""
        with connected(self._config.mes) as client:
            while not stop.is_set():
                self.beat(client)
                stop.wait(BEAT)

    def beat(self, client: httpx.Client) -> None:
        """Tell once."""
        told = as_json(self._config, self._clock)
        self._warn(told["share"])
        try:
            answer = client.post("/api/v1/gateways", json=told)
        except httpx.HTTPError as lost:
            self._say(str(lost) or type(lost).__name__)
        else:
            self._say("" if answer.is_success else f"{answer.status_code}: {' '.join(answer.text.split())[:200]}")

    def _warn(self, share: float) -> None:
        if (share > ALARM) != self._crowded:
            self._crowded = not self._crowded
            _log.log(logging.ERROR if self._crowded else logging.INFO, "the spool is %.0f %% full", 100 * share)

    def _say(self, trouble: str) -> None:
        """Log what is wrong with telling, once for as long as it stays so; the delivery says what it means."""
        if trouble != self._said:
            self._said = trouble
            words = f"does not hear how this gateway is: {trouble}" if trouble else "hears how this gateway is"
            _log.warning("%s %s", self._config.mes.url, words)


def as_json(config: Config, clock: Clock) -> dict[str, Any]:
    """Return the condition of a gateway as the API takes it."""
    now = clock()
    with condition.opened(config.spool) as spool:
        delivery = condition.of_delivery(spool)
        return {
            "gateway": config.name,
            "at": stamp(now),
            "share": min(share_of(config.spool, spool, config.room, now), 1e6),
            "state": delivery.state,
            "since": delivery.since,
            "reason": _short(delivery.reason),
            "waiting": delivery.waiting,
            "oldest": delivery.oldest,
            "instruments": [_instrument(each) for each in condition.of_instruments(config, spool, now)],
        }


def _instrument(found: InstrumentCondition) -> dict[str, Any]:
    return {
        "name": found.name,
        "kind": found.kind,
        "well": found.well,
        "state": found.state,
        "since": found.since,
        "reason": _short(found.reason),
        "heard": found.heard,
        "silent": found.silent,
        "readings": found.readings,
        "rate": round(found.rate, 1),
        "lag": None if found.lag is None else round(found.lag, 3),
        "ahead": None if found.ahead is None else round(found.ahead, 3),
        "notes": {
            kind: {"count": notes.count, "at": notes.at, "text": _short(notes.text)}
            for kind, notes in found.notes.items()
        },
        "last": base64.b64encode(found.last[:SHOWN]).decode(),
    }


def _short(text: str | None) -> str | None:
    return None if text is None else text[:LONGEST]
