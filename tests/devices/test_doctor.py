"""What the doctor says of a gateway, and what the commands say of mistakes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from devices.config import Config, load
from devices.doctor import Finding, examine
from devices.intake import Intake
from devices.room import Room
from devices.spool import Spool, only_writer
from tests.devices.support import NOON, SetClock, measured

CONFIG = """\
name = "gateway-1"
zone = "UTC"
[mes]
url = "http://127.0.0.1:1"
token_file = "token"
[instruments.BR-01]
kind = "bioreactor"
url = "opc.tcp://127.0.0.1:4840"
allow_anonymous = true
[instruments.BR-01.nodes]
pH = { node = "nsu=urn:x;s=pH", unit = "pH" }
[instruments.CC-01]
kind = "cell-counter"
port = "/dev/ttyS0"
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "token").write_text("secret")
    (tmp_path / "gateway.toml").write_text(CONFIG, "utf-8")
    return load(tmp_path / "gateway.toml")


def said(config: Config, clock: SetClock) -> dict[str, Finding]:
    return {finding.text.split(":")[0].split(" ")[0]: finding for finding in examine(config, clock)}


def test_a_gateway_that_never_ran_is_said_to(config: Config, clock: SetClock) -> None:
    """There is nothing to be well."""
    (finding,) = examine(config, clock)
    assert not finding.well
    assert "has never run" in finding.text


def test_all_is_well(config: Config, clock: SetClock, spool: Spool) -> None:
    """The gateway runs, its instruments speak, and its readings are delivered."""
    for name, state in (("BR-01", "connected"), ("CC-01", "listening")):
        Intake(name, spool, clock).state(state)
        Intake(name, spool, clock).take([measured()])
    spool.delivery_state("delivering", "", at=NOON)
    spool.delivered(2)
    with only_writer(config.spool):
        findings = list(examine(config, clock))
    assert all(finding.well for finding in findings)
    assert len(findings) == 4


def test_a_silent_instrument_is_named_with_since_and_why(config: Config, clock: SetClock, spool: Spool) -> None:
    """It was heard, then it was not; the counter beside it may be quiet for hours."""
    reactor, counter = (Intake(name, spool, clock) for name in ("BR-01", "CC-01"))
    reactor.take([measured()])
    counter.state("listening")
    clock.advance(timedelta(minutes=2))
    reactor.state("no connection", "opc.tcp://127.0.0.1:4840: no answer")
    found = said(config, clock)
    assert not found["BR-01"].well
    assert (
        "no connection since 2026-11-22T10:17:00.000000Z (opc.tcp://127.0.0.1:4840: no answer)" in found["BR-01"].text
    )
    assert "silent since 2026-11-22T10:15:00.000000Z" in found["BR-01"].text
    assert found["CC-01"].well


@pytest.mark.parametrize(
    ("name", "state", "wrong"),
    [("BR-01", "connected", "pH: the server has no node ns=2;s=pH"), ("CC-01", "watching", "a.csv waits: busy")],
)
def test_an_instrument_that_speaks_and_has_something_wrong_is_not_well(
    config: Config, clock: SetClock, spool: Spool, name: str, state: str, wrong: str
) -> None:
    """It is connected and other channels go on; who asks whether all is well must hear of it."""
    instrument = Intake(name, spool, clock)
    instrument.take([measured()])
    instrument.state(state, wrong)
    assert not said(config, clock)[name].well
    assert wrong in said(config, clock)[name].text
    instrument.state(state)
    assert said(config, clock)[name].well


def test_the_spool_of_an_older_gateway_is_read(config: Config, clock: SetClock, spool: Spool) -> None:
    """The doctor of today is asked while the gateway of yesterday still runs."""
    Intake("BR-01", spool, clock).take([measured()])
    with sqlite3.connect(config.spool) as older:
        older.execute("drop table clock")
    older.close()
    assert "1 readings" in said(config, clock)["BR-01"].text


def test_what_was_garbled_is_counted_with_its_bytes(config: Config, clock: SetClock, spool: Spool) -> None:
    """And the last good frame is shown."""
    counter = Intake("CC-01", spool, clock)
    counter.state("listening")
    counter.frame(b"\x021H|")
    for _ in range(3):
        counter.garbled(b"\x02\xff", "checksum 00, counted 76")
    text = said(config, clock)["CC-01"].text
    assert "3 garbled, the last at 2026-11-22T10:15:00.000000Z: checksum 00, counted 76 02 ff" in text
    assert r"last frame b'\x021H|'" in text


def test_a_stopped_delivery_is_told_with_its_reason_and_backlog(config: Config, clock: SetClock, spool: Spool) -> None:
    """How many readings wait, and since when."""
    spool.append("BR-01", [measured()] * 3, received=NOON)
    spool.delivery_state("stopped", "the MES answers 401", at=NOON)
    found = said(config, clock)["delivery"]
    assert not found.well
    assert (
        "stopped since 2026-11-22T10:15:00.000000Z: the MES answers 401; 3 readings wait, the oldest since"
        in found.text
    )


def test_a_spool_that_fills_is_said_to_before_it_is_full(config: Config, clock: SetClock, spool: Spool) -> None:
    """From half of what it may hold."""
    small = replace(config, room=Room(megabytes=1))
    spool.append("BR-01", [measured("7" * 100_000)], received=NOON)
    assert "spool" not in " ".join(finding.text for finding in examine(small, clock))
    spool.append("BR-01", [measured("7" * 150_000)], received=NOON)
    *_, finding = examine(small, clock)
    assert not finding.well
    assert finding.text.endswith("% full; when it is full, nothing is acknowledged")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "devices", *arguments], capture_output=True, text=True, check=False)


def test_the_doctors_exit_code_is_its_answer(config: Config) -> None:
    """1 where anything is not well, and the report is on standard output."""
    done = command("doctor", str(config.path))
    assert (done.returncode, done.stdout[:3]) == (1, "NO ")


@pytest.mark.parametrize("program", ["gateway", "doctor"])
def test_a_mistake_in_the_configuration_is_a_sentence(config: Config, program: str) -> None:
    """Its file and line, and no traceback."""
    config.path.write_text(CONFIG.replace("cell-counter", "cell counter"), "utf-8")
    done = command(program, str(config.path))
    assert done.returncode == 1
    assert done.stderr.strip() == f"{config.path}:13: “cell counter” is no kind; did you mean cell-counter?"


def test_a_second_gateway_on_the_same_spool_is_refused(config: Config) -> None:
    """With the spool's name."""
    with only_writer(config.spool):
        done = command("gateway", str(config.path))
    assert (done.returncode, "a gateway runs on" in done.stderr) == (1, True)


def test_a_certificate_is_made_once_and_its_fingerprint_told(tmp_path: Path) -> None:
    """The second time is refused with a sentence."""
    first, second = (command("certificate", str(tmp_path / "own"), "--uri", "urn:x") for _ in range(2))
    assert (first.returncode, "fingerprint " in first.stdout) == (0, True)
    assert (second.returncode, "holds a certificate already" in second.stderr) == (1, True)


def test_trusting_what_was_never_refused_is_a_sentence(config: Config) -> None:
    """A wrong fingerprint on the command line."""
    done = command("trust", str(config.path), "abc")
    assert (done.returncode, "has the fingerprint abc" in done.stderr) == (1, True)
