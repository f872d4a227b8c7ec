"""Gaps and notices of the instruments to the MES, over HTTP, at least once and in order.

They go their own way beside the readings, so that they arrive also when the delivery of these was refused. The MES
answers 200 when they are committed; only then are they noted as told. Whatever else it answers, they are told again.
"""

from __future__ import annotations

import logging
from threading import Event as Stop
from typing import Any

import httpx

from devices.config import Mes
from devices.delivery import connected, counted
from devices.spool import Note, Spool, SpoolError

BATCH = 100  # notices in one request
LONGEST = 2_000  # characters of a sentence
PAUSE = 5.0  # seconds between looks at the spool

_log = logging.getLogger(__name__)


class Notices:
    """What tells one gateway's gaps and notices."""

    def __init__(self, gateway: str, mes: Mes, spool: Spool) -> None:
        self._gateway, self._mes, self._spool = gateway, mes, spool
        self._said = ""

    def run(self, stop: Stop) -> None:
        """Tell until told to stop."""
        with connected(self._mes) as client:
            while not stop.is_set():
                try:
                    told = self.round(client)
                except SpoolError as full:
                    told = 0
                    self._say(str(full))
                if told < BATCH:
                    stop.wait(PAUSE)

    def round(self, client: httpx.Client) -> int:
        """Tell the oldest that were not told; return how many the MES has now."""
        notes = self._spool.untold(BATCH)
        if not notes:
            return 0
        body = {"gateway": self._gateway, "notices": [as_json(note) for note in notes]}
        try:
            answer = client.post("/api/v1/notices", json=body)
        except httpx.HTTPError as lost:
            self._say(str(lost) or type(lost).__name__)
            return 0
        if answer.status_code != httpx.codes.OK or counted(answer, "noted", "known") != len(notes):
            self._say(f"{answer.status_code}: {' '.join(answer.text.split())[:200]}")
            return 0
        self._say("")
        self._spool.told(notes[-1].number)
        return len(notes)

    def _say(self, trouble: str) -> None:
        """Log what is wrong with telling, once for as long as it stays so."""
        if trouble != self._said:
            self._said = trouble
            words = f"was not told of gaps and notices: {trouble}" if trouble else "is told of gaps and notices"
            _log.warning("%s %s", self._mes.url, words)


def as_json(note: Note) -> dict[str, Any]:
    """Return a notice as the API takes it."""
    return {
        "instrument": note.instrument,
        "number": note.number,
        "kind": note.kind,
        "at": note.at,
        "since": note.since,
        "until": note.until,
        "text": note.text if len(note.text) <= LONGEST else f"{note.text[: LONGEST - 1]}…",
    }
