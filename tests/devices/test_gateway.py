"""The whole way: simulated instruments on their real wires, the gateway as a process, a small MES over HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from devices.config import Config, load
from devices.gateway import Gateway
from devices.spool import Spool
from tests.devices.support import Panel, SetClock, TinyMes, gateway, simulators, until

CHANNELS = {"temperature", "pH", "dissolved_oxygen", "carbon_dioxide", "agitation", "viable_cell_density"}


@pytest.fixture(scope="module")
def mes() -> Iterator[TinyMes]:
    with TinyMes() as mes:
        yield mes


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory, mes: TinyMes) -> Iterator[Panel]:
    """Instruments whose culture grows, and a gateway that listens to them."""
    folder = tmp_path_factory.mktemp("laboratory")
    (folder / "mes-token").write_text("secret")
    with simulators(folder, "--mes", mes.url, "--exports") as panel:
        panel.grow()
        with gateway(panel):
            yield panel


def of(mes: TinyMes, instrument: str) -> list[dict[str, Any]]:
    return [reading for (name, _), reading in sorted(mes.stored.copy().items()) if name == instrument]


def test_the_bioreactors_probes_arrive(panel: Panel, mes: TinyMes) -> None:
    """Every channel over a signed and encrypted session, good, with the time when it was measured."""
    until(lambda: {reading["channel"] for reading in of(mes, "BR-01")} == CHANNELS)
    reading = of(mes, "BR-01")[0]
    assert (reading["quality"], reading["status"]) == ("good", "0x00000000")
    assert abs(datetime.fromisoformat(reading["source_time"]) - panel_time(panel)) < timedelta(hours=1)


def more_than(count: int, mes: TinyMes) -> None:
    """Wait until the bioreactor has sent more readings than so many."""
    until(lambda: len(of(mes, "BR-01")) > count)


def panel_time(panel: Panel) -> datetime:
    return datetime.fromisoformat(panel.ask("/state")["time"])


def test_a_count_arrives_as_it_was_printed(panel: Panel, mes: TinyMes) -> None:
    """Sample, three channels, and the message's bytes."""
    told = panel.wish("/counter/count", sample="S-1", vessel="bioreactor")
    assert told["acknowledged"]
    until(lambda: len([each for each in of(mes, "CC-01") if each["sample"] == "S-1"]) == 3)
    arrived = {each["channel"]: each["value"] for each in of(mes, "CC-01") if each["sample"] == "S-1"}
    assert arrived == {name: told[name] for name in ("total_cells", "viable_cells", "viability")}


def test_an_exported_file_arrives_though_it_was_cut_at_first(panel: Panel, mes: TinyMes) -> None:
    """The half of it is refused with its reason; the whole has the sample and three channels."""
    panel.wish("/fault", instrument="file counter", fault="drop")
    told = panel.wish("/counter/export", sample="F-1", vessel="bioreactor")
    until(lambda: len(of(mes, "VC-01")) == 3, 60)
    assert {reading["sample"] for reading in of(mes, "VC-01")} == {told["sample"]}
    until(lambda: notes(panel, "garbled"), 60)  # which of the two is read first is chance


@pytest.mark.usefixtures("panel")
def test_the_gateway_tells_how_its_instruments_are(mes: TinyMes) -> None:
    """Each few seconds, with the readings that came and the last frame of each."""
    until(lambda: mes.beats and mes.beats[-1]["instruments"][0]["readings"] > 6, 60)
    beat = mes.beats[-1]
    assert (beat["gateway"], beat["state"]) == ("gateway-1", "delivering")
    assert {each["name"]: each["state"] for each in beat["instruments"]} == {
        "BR-01": "connected",
        "CC-01": "listening",
        "VC-01": "watching",
    }
    assert beat["instruments"][0]["last"]


@pytest.mark.parametrize("fault", ["garble", "wrong_checksum"])
def test_a_spoiled_frame_is_sent_again(panel: Panel, mes: TinyMes, fault: str) -> None:
    """The count arrives once, and the doctor knows of the frame."""
    panel.wish("/fault", instrument="cell counter", fault=fault)
    assert panel.wish("/counter/count", sample=fault, vessel="bioreactor")["acknowledged"]
    until(lambda: len([each for each in of(mes, "CC-01") if each["sample"] == fault]) == 3)
    assert notes(panel, "garbled")


def notes(panel: Panel, kind: str) -> list[str]:
    with closing(sqlite3.connect(panel.gateway.parent / "spool.sqlite")) as spool:
        return [text for (text,) in spool.execute("select text from note where kind = ?", (kind,))]


@pytest.mark.parametrize(
    ("fault", "quality", "value", "status"),
    [("nan", "bad", "NaN", "0x00000000"), ("bad", "bad", None, "0x808C0000")],
)
def test_a_probe_that_fails_is_marked_and_not_masked(
    panel: Panel, mes: TinyMes, fault: str, quality: str, value: str | None, status: str
) -> None:
    """NaN and BadSensorFailure arrive as what they are."""
    panel.wish("/fault", instrument="bioreactor", fault=fault)
    until(lambda: of(mes, "BR-01")[-1]["quality"] == quality)
    panel.wish("/fault", instrument="bioreactor", fault="none")
    found = [each for each in of(mes, "BR-01") if each["status"] == status and each["quality"] == quality]
    assert {each["value"] for each in found} == {value} if value else found
    until(lambda: of(mes, "BR-01")[-1]["quality"] == "good")


def test_a_day_that_is_skipped_arrives_whole(panel: Panel, mes: TinyMes) -> None:
    """24 hours of process time: a value of each channel for each ten minutes, in order, none missing."""
    begun = panel_time(panel)
    ended = datetime.fromisoformat(panel.wish("/clock/skip", hours=24)["time"])
    until(lambda: datetime.fromisoformat(of(mes, "BR-01")[-1]["source_time"]) >= ended - timedelta(minutes=10))
    times = [datetime.fromisoformat(each["source_time"]) for each in of(mes, "BR-01") if each["channel"] == "pH"]
    day = [time for time in times if begun <= time <= ended]
    assert times == sorted(times)
    assert max(later - earlier for earlier, later in pairwise(day)) <= timedelta(minutes=10, seconds=5)
    assert not notes(panel, "gap")


def test_lost_connections_are_found_again(panel: Panel, mes: TinyMes) -> None:
    """The server drops every connection; the sequence goes on without a hole."""
    panel.wish("/fault", instrument="bioreactor", fault="drop")
    more_than(len(of(mes, "BR-01")) + 6, mes)
    assert [each["sequence"] for each in of(mes, "BR-01")] == list(range(1, len(of(mes, "BR-01")) + 1))
    assert not notes(panel, "gap")


def test_a_killed_gateway_goes_on_where_it_was(tmp_path: Path) -> None:
    """Killed while values come, started again: nothing missing, nothing doubled, at the MES."""
    (tmp_path / "mes-token").write_text("secret")
    with TinyMes() as mes, simulators(tmp_path, "--mes", mes.url) as panel:
        for _ in range(2):
            with gateway(panel) as process:
                more_than(len(of(mes, "BR-01")), mes)
                process.kill()
        with gateway(panel):
            more_than(len(of(mes, "BR-01")) + 12, mes)
        received = of(mes, "BR-01")
    times = [each["source_time"] for each in received if each["channel"] == "pH"]
    assert [each["sequence"] for each in received] == list(range(1, len(received) + 1))
    assert times == sorted(set(times))


def test_a_task_that_fails_is_started_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect in one task is logged whole, and the others never notice."""
    tries: list[int] = []
    stop = Event()

    def defective(stop: Event) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError
        stop.set()

    monkeypatch.setattr("devices.gateway.Backoff.wait", lambda _backoff: 0.01)
    machine = Gateway(nothing_configured(tmp_path), Spool(tmp_path / "spool.sqlite"), SetClock())
    machine._tasks = {"XX-01": defective}
    machine.run(stop)
    assert len(tries) == 2
    assert "XX-01 failed, and is started again" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def nothing_configured(folder: Path) -> Config:
    (folder / "token").write_text("x")
    path = folder / "gateway.toml"
    path.write_text('name = "g"\nzone = "UTC"\n[mes]\nurl = "http://127.0.0.1:1"\ntoken_file = "token"\n')
    return load(path)
