"""What a gateway tells of itself and its instruments."""

from __future__ import annotations

import base64
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from devices import heartbeat
from devices.config import Config, load
from devices.delivery import connected
from devices.heartbeat import Heartbeat, as_json
from devices.intake import Intake
from devices.spool import Spool
from tests.devices.support import NOON, SetClock, TinyMes, measured
from tests.devices.test_doctor import CONFIG


@pytest.fixture
def config(tmp_path: Path, tiny_mes: TinyMes) -> Config:
    (tmp_path / "token").write_text("secret")
    (tmp_path / "gateway.toml").write_text(CONFIG.replace("http://127.0.0.1:1", tiny_mes.url), "utf-8")
    return load(tmp_path / "gateway.toml")


def test_each_instrument_is_told_with_its_rate_its_lag_and_its_clock(
    config: Config, spool: Spool, clock: SetClock
) -> None:
    """Sixty readings in the last minute, each three seconds on its way, from a server five seconds ahead."""
    reactor = Intake("BR-01", spool, clock)
    reactor.state("connected")
    reactor.clock_ahead(5.25)
    clock.advance(timedelta(seconds=3))
    reactor.take([measured("7.12")] * 60)
    reactor.gap("message 7: the server holds it no longer")
    told, counter = as_json(config, clock)["instruments"]
    assert (told["name"], told["state"], told["well"], told["readings"]) == ("BR-01", "connected", True, 60)
    assert (told["rate"], told["lag"], told["ahead"]) == (60, 3, 5.25)
    assert (told["notes"]["gap"]["count"], base64.b64decode(told["last"])) == (1, b"7.12")
    assert (counter["name"], counter["state"], counter["well"], counter["heard"]) == ("CC-01", None, False, None)


def test_a_clock_that_is_ahead_is_seen_from_its_readings(config: Config, spool: Spool, clock: SetClock) -> None:
    """A counter that says it will measure in an hour is an hour ahead, though nobody can ask it for the time."""
    clock.advance(timedelta(hours=-1))
    Intake("CC-01", spool, clock).take([measured()])
    counter = as_json(config, clock)["instruments"][1]
    assert (counter["lag"], counter["ahead"]) == (-3_600, 3_600)


def test_a_rate_is_counted_over_the_last_thousand_readings(config: Config, spool: Spool, clock: SetClock) -> None:
    """A thousand readings in ten seconds are six thousand a minute; a minute later there are none."""
    reactor = Intake("BR-01", spool, clock)
    for _ in range(11):
        reactor.take([measured()] * 100)
        clock.advance(timedelta(seconds=1))
    assert as_json(config, clock)["instruments"][0]["rate"] == pytest.approx(6_000)
    clock.advance(timedelta(minutes=1))
    assert as_json(config, clock)["instruments"][0]["rate"] == 0


def test_the_backlog_is_told_with_its_reason(config: Config, spool: Spool, clock: SetClock) -> None:
    """How many wait, since when, and why."""
    spool.append("BR-01", [measured()] * 5, received=NOON)
    spool.delivered(2)
    spool.delivery_state("stopped", "the MES answers 401", at=NOON)
    told = as_json(config, clock)
    assert (told["waiting"], told["oldest"]) == (3, "2026-11-22T10:15:00.000000Z")
    assert (told["state"], told["reason"]) == ("stopped", "the MES answers 401")


def test_a_beat_arrives_with_the_gateways_token(
    config: Config, spool: Spool, clock: SetClock, tiny_mes: TinyMes
) -> None:
    """Also when there is nothing to deliver."""
    spool.delivery_state("delivering", "", at=NOON)
    with connected(config.mes) as client:
        Heartbeat(config, clock).beat(client)
    (beat,) = tiny_mes.beats
    assert (beat["gateway"], beat["state"], beat["waiting"]) == ("gateway-1", "delivering", 0)


def test_a_mes_that_is_away_is_logged_once(
    config: Config, spool: Spool, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    """And the heart goes on beating."""
    config.path.write_text(CONFIG, "utf-8")  # nobody listens at port 1
    lonely = load(config.path)
    beating = Heartbeat(lonely, clock)
    with caplog.at_level(logging.WARNING), connected(lonely.mes) as client:
        for _ in range(3):
            beating.beat(client)
    assert caplog.text.count("does not hear how this gateway is") == 1
    assert spool.share(NOON) < 1


def test_a_spool_that_is_half_full_is_an_alarm(
    config: Config, spool: Spool, clock: SetClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logged when it becomes so, and when it is so no more."""
    beating, shares = Heartbeat(config, clock), [0.4, 0.51, 0.6, 0.3]
    spool.delivery_state("waiting", "no answer", at=NOON)
    with caplog.at_level(logging.INFO, logger=heartbeat.__name__), connected(config.mes) as client:
        for share in shares:
            monkeypatch.setattr("devices.heartbeat.share_of", lambda *_, share=share: share)
            beating.beat(client)
    said = [record.getMessage() for record in caplog.records if "spool" in record.getMessage()]
    assert said == ["the spool is 51 % full", "the spool is 30 % full"]
