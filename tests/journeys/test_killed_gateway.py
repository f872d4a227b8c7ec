"""The instrument gateway is killed outright while instruments send: what it acknowledged arrives, and all of it once.

MES_KILLS says how often; once, if it is not set.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.devices.support import until
from tests.journeys.laboratory import Open, opened
from tests.journeys.terminal import PATIENCE, done

KILLS = int(os.environ.get("MES_KILLS", "1"))
ACKNOWLEDGED = 3  # counts before the kill
CHANNELS = ("total_cells", "viability", "viable_cells")
READ = (
    "select instrument, sequence, channel, value, unit, quality, status, sample, source_time, received_time, raw"
    " from reading"
)


@dataclass
class Counting:
    """Somebody who counts one sample after another, until the counter is gone."""

    panel: str
    name: str
    acknowledged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        with httpx.Client(base_url=self.panel, timeout=PATIENCE, trust_env=False) as panel:
            for number in range(10_000):
                sample = {"sample": f"{self.name}-{number:04}", "vessel": "apheresis bag"}
                try:
                    told = panel.post("/counter/count", json=sample).raise_for_status().json()
                except httpx.HTTPError:
                    return
                if told["acknowledged"]:
                    self.acknowledged.append(told["sample"])


def rows(file: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        return database.execute(query, values).fetchall()


def samples(laboratory: Open) -> Counter[str]:
    """Return how many readings of each sample are stored."""
    found = rows(laboratory.folder / "mes.sqlite", "select sample from reading where instrument = 'CC-01'")
    return Counter(sample for (sample,) in found)


def have_arrived(laboratory: Open, acknowledged: Sequence[str]) -> None:
    """Wait until everything that was acknowledged is stored, and something new of the bioreactor as well."""
    query = "select count(*) from reading where instrument = 'BR-01'"
    (before,) = rows(laboratory.folder / "mes.sqlite", query)[0]
    until(lambda: set(acknowledged) <= samples(laboratory).keys(), PATIENCE)
    until(lambda: rows(laboratory.folder / "mes.sqlite", query)[0][0] > before, PATIENCE)


@pytest.mark.requirement("RQ-107")
def test_what_was_acknowledged_arrives(tmp_path: Path) -> None:
    """Killed while a counter and a bioreactor send: nothing acknowledged is lost, nothing is doubled, none skipped."""
    acknowledged: list[str] = []
    folder = tmp_path / "new"
    for kill in range(KILLS):
        with opened(folder) as laboratory:
            httpx.post(f"{laboratory.panel}/culture/event", json={"event": "collect", "volume": 120}, timeout=60)
            counting = Counting(laboratory.panel, f"TUBE-{kill}")
            until(lambda counting=counting: len(counting.acknowledged) >= ACKNOWLEDGED, PATIENCE)
            laboratory.kill("devices gateway")
            assert laboratory.terminal.end() == 1
            assert f"The gateway ended with exit code {-signal.SIGKILL}" in laboratory.terminal.shown
            counting.thread.join(PATIENCE)
            acknowledged += counting.acknowledged
    with opened(folder) as laboratory:
        have_arrived(laboratory, acknowledged)
        laboratory.close()
    assert set(samples(laboratory).values()) == {len(CHANNELS)}
    assert_spooled_and_stored_are_the_same(folder)
    assert done("verify", "--folder", folder)[0] == 0


def assert_spooled_and_stored_are_the_same(folder: Path) -> None:
    """Each instrument's numbers have no hole, no moment comes twice, and what was delivered is stored to the byte."""
    spool, records = folder / "instruments" / "spool.sqlite", folder / "mes.sqlite"
    delivered = rows(spool, f"{READ} where number <= (select number from delivery)")  # noqa: S608 - constants
    assert set(delivered) <= set(rows(records, READ)) <= set(rows(spool, READ))
    assert delivered
    for file in (spool, records):
        for instrument, count, first, last in rows(
            file, "select instrument, count(*), min(sequence), max(sequence) from reading group by 1"
        ):
            assert (first, last) == (1, count), (file, instrument)
    moments = rows(records, "select channel, source_time from reading where instrument = 'BR-01'")
    assert len(moments) == len(set(moments))
