"""A gateway's parts, each with a clock that a test sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.backoff import Backoff
from devices.intake import Intake
from devices.spool import Spool
from devices.transports import opcua, opcua_client
from tests.devices.support import SetClock, TinyMes


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands at 22 November 2026, 10:15 UTC until it is set."""
    return SetClock()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """An empty spool."""
    opened = Spool(tmp_path / "spool.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def intake(spool: Spool, clock: SetClock) -> Intake:
    """The way into the spool for the instrument XX-01."""
    return Intake("XX-01", spool, clock)


@pytest.fixture
def tiny_mes() -> Iterator[TinyMes]:
    """A small MES over real HTTP, which misbehaves when it is told to."""
    with TinyMes() as mes:
        yield mes


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that tries again sooner than on a plant."""
    monkeypatch.setattr(opcua, "Backoff", lambda: Backoff(0.1, 0.4))
    monkeypatch.setattr(opcua_client, "TIMEOUT", 1.5)
