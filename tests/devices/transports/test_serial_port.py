"""A serial line, over a real pseudo-terminal and a real socket: what is acknowledged is on disk."""

from __future__ import annotations

import os
import select
import socket
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest

from devices.config import SerialSettings
from devices.instrument import Measurement, Serial, SerialInstrument
from devices.instruments.cell_counter import CellCounter
from devices.instruments.mettler_toledo_balance import MettlerToledoBalance
from devices.intake import Intake
from devices.protocols import astm, polled
from devices.reading import Quality
from devices.spool import SpoolError
from devices.transports.serial_port import ALIVE, SerialLine
from tests.devices.chaos import Line
from tests.devices.support import readings, until
from tests.devices.terminal_server import Balance, TerminalServer

MESSAGE = b"H|\\^&|||counter\rP|1\rO|1|S-1\rR|1|^^^VIABILITY|96.9|%||N||F\rL|1|N\r"


class Counter:
    """The far end of a line, which sends when it is told to. Its port is a name that stays when it is plugged anew."""

    def __init__(self, name: Path) -> None:
        self._name, self.port = name, str(name)
        self.plug()

    def plug(self) -> None:
        """Make the line: a new pseudo-terminal under the old name."""
        self.near, self._far = os.openpty()
        tty.setraw(self._far)
        self._name.unlink(missing_ok=True)
        self._name.symlink_to(os.ttyname(self._far))

    def pull(self) -> None:
        """Take the line away."""
        self._name.unlink(missing_ok=True)
        os.close(self.near)
        os.close(self._far)

    def send(self, *pieces: bytes) -> bytes:
        """Send each piece and return what was answered to all of them."""
        answers = b""
        for piece in pieces:
            os.write(self.near, piece)
            answers += self.answer()
        return answers

    def answer(self, seconds: float = 5.0) -> bytes:
        """Return the next answer, or nothing after a while."""
        return os.read(self.near, 100) if select.select([self.near], [], [], seconds)[0] else b""


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(tmp_path / "line")
    yield made
    made.pull()


def line_to(port: str, intake: Intake, instrument: SerialInstrument | None = None) -> SerialLine:
    return SerialLine(instrument or CellCounter(), SerialSettings(port, Serial()), ZoneInfo("UTC"), intake)


@contextmanager
def listening(port: str, intake: Intake, instrument: SerialInstrument | None = None) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=line_to(port, intake, instrument).run, args=(stop,))
    thread.start()
    until(lambda: intake._state[0] == "listening")
    try:
        yield
    finally:
        stop.set()
        thread.join()


def notes(intake: Intake, kind: str) -> list[bytes]:
    return [raw for (raw,) in intake.spool._connection.execute("select raw from note where kind = ?", (kind,))]


def test_a_message_becomes_a_reading(counter: Counter, intake: Intake) -> None:
    """ENQ and every frame are acknowledged; the reading has the message's bytes."""
    frames = astm.frames(MESSAGE)
    with listening(counter.port, intake):
        answers = counter.send(astm.ENQ, *frames)
    (reading,) = readings(intake.spool)
    assert answers == astm.ACK * 6
    assert (reading.instrument, reading.channel, reading.value, reading.sample) == ("XX-01", "viability", "96.9", "S-1")
    assert reading.raw == b"".join(frames)


def test_every_frame_is_on_disk_when_it_is_acknowledged(counter: Counter, intake: Intake) -> None:
    """Frame by frame: kept first, answered then."""
    with listening(counter.port, intake):
        counter.send(astm.ENQ)
        for number, frame in enumerate(astm.frames(MESSAGE), 1):
            assert counter.send(frame) == astm.ACK
            assert len(notes(intake, "frame")) == number


def test_a_message_that_comes_again_is_acknowledged_and_known(counter: Counter, intake: Intake) -> None:
    """A counter that did not hear the last ACK sends everything again."""
    with listening(counter.port, intake):
        for _ in range(2):
            assert counter.send(astm.ENQ, *astm.frames(MESSAGE)) == astm.ACK * 6
            os.write(counter.near, astm.EOT)
    assert len(readings(intake.spool)) == 1


def test_a_garbled_frame_is_counted_with_its_bytes(counter: Counter, intake: Intake) -> None:
    """It is refused, kept, and never a reading."""
    spoiled = astm.frames(MESSAGE)[0].replace(b"counter", b"counted")
    with listening(counter.port, intake):
        assert counter.send(astm.ENQ, spoiled) == astm.ACK + astm.NAK
    assert notes(intake, "garbled") == [spoiled]
    assert readings(intake.spool) == []


def test_a_message_that_is_no_counters_is_kept_as_garbled(counter: Counter, intake: Intake) -> None:
    """Its link was right and its content is not: acknowledged, for sending it again would not help."""
    with listening(counter.port, intake):
        counter.send(astm.ENQ, *astm.frames(b"R|1|^^^VIABILITY|96.9|%\rL|1|N\r"))
        until(lambda: notes(intake, "garbled"))
    assert readings(intake.spool) == []


def test_what_cannot_be_stored_is_not_acknowledged(
    counter: Counter, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: no answer to the last frame; when there is room, the message that comes again is taken."""
    take, full = intake.take, [True]

    def take_or_fail(measurements: list[Measurement]) -> int:
        if full.pop() if full else False:
            raise SpoolError("database or disk is full")
        return take(measurements)

    monkeypatch.setattr(intake, "take", take_or_fail)
    frames = astm.frames(MESSAGE)
    with listening(counter.port, intake):
        assert counter.send(astm.ENQ, *frames[:-1]) == astm.ACK * 5
        os.write(counter.near, frames[-1])
        assert counter.answer(0.3) == b""
        until(lambda: os.write(counter.near, astm.ENQ) and counter.answer(0.2) == astm.ACK)
        assert counter.send(*frames) == astm.ACK * 5
    assert len(readings(intake.spool)) == 1


def test_a_terminal_server_that_goes_away_is_connected_again(intake: Intake) -> None:
    """Over a socket: the connection ends inside a message, and the next one starts anew."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        listening(f"socket://127.0.0.1:{server.getsockname()[1]}", intake),
    ):
        first, _ = server.accept()
        first.sendall(astm.ENQ + astm.frames(MESSAGE)[0])
        assert first.recv(10) == astm.ACK
        first.close()
        second, _ = server.accept()
        until(lambda: intake._state[0] == "listening")
        for piece in (astm.ENQ, *astm.frames(MESSAGE)):
            second.sendall(piece)
            assert second.recv(10) == astm.ACK
        second.close()
    assert len(readings(intake.spool)) == 1


def test_a_line_that_is_not_there_is_named(intake: Intake) -> None:
    """With the port and the reason, and attempts go on."""
    stop = Event()
    thread = Thread(target=line_to("/dev/no-such-line", intake).run, args=(stop,))
    thread.start()
    until(lambda: intake._state[0] == "no line")
    stop.set()
    thread.join()
    assert "/dev/no-such-line" in intake._state[1]


def test_a_line_that_is_pulled_and_plugged_in_again_is_listened_to_again(counter: Counter, intake: Intake) -> None:
    """The port vanishes inside a frame, as an adapter that is pulled does; the whole message is taken afterwards."""
    frames = astm.frames(MESSAGE)
    with listening(counter.port, intake):
        counter.send(astm.ENQ, frames[0])
        os.write(counter.near, frames[1][:5])
        counter.pull()
        until(lambda: intake._state[0] == "no line")
        counter.plug()
        until(lambda: intake._state[0] == "listening")
        assert counter.send(astm.ENQ, *frames) == astm.ACK * 6
    assert [reading.value for reading in readings(intake.spool)] == ["96.9"]


def test_the_kernel_is_told_to_ask_whether_a_terminal_server_is_there(intake: Intake) -> None:
    """A far end that is silently gone is noticed in seconds: its own first question would come after two hours."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = line_to(f"socket://127.0.0.1:{server.getsockname()[1]}", intake)
        with line._open() as port:
            peer = port._socket
            assert peer.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert {option: peer.getsockopt(socket.IPPROTO_TCP, option) for option in ALIVE} == ALIVE


def test_a_balance_is_asked_for_its_weight(intake: Intake) -> None:
    """It says which it is, and a stable weight that came twice is good."""
    with Balance() as balance, listening(f"socket://127.0.0.1:{balance.port}", intake, MettlerToledoBalance()):
        until(lambda: [each for each in readings(intake.spool) if each.channel == "mass"])
    number, weight = readings(intake.spool)[:2]
    assert (number.channel, number.value) == ("serial_number", "B123456789")
    assert (weight.value, weight.unit, weight.quality) == ("100.00", "g", Quality.GOOD)


def test_a_silent_drop_is_noticed_recorded_and_recovered_from(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection stays open and carries nothing: no answer, no line; the weight of the next connection is taken."""
    monkeypatch.setattr(polled, "PATIENCE", 0.3)
    monkeypatch.setattr(polled, "INTERVAL", 0.05)
    with (
        Balance() as balance,
        Line(balance.port) as wire,
        listening(f"socket://127.0.0.1:{wire.port}", intake, MettlerToledoBalance()),
    ):
        until(lambda: readings(intake.spool))
        wire.drop()
        until(lambda: intake._state[0] == "no line")
        assert "no answer in" in intake._state[1]
        known = len(readings(intake.spool))
        until(lambda: intake._state[0] == "listening" and len(readings(intake.spool)) > known)


def test_a_terminal_server_without_an_instrument_is_not_said_to_be_a_line(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the connection and answers nothing: the state stays what it is until a byte is heard."""
    monkeypatch.setattr(polled, "PATIENCE", 0.1)
    monkeypatch.setattr(polled, "INTERVAL", 0.05)
    with Balance() as balance:
        balance.silent.set()
        connections = balance.connections
        with listening(f"socket://127.0.0.1:{balance.port}", intake, MettlerToledoBalance()):
            until(lambda: intake._state[0] == "no line")
            seen = connections()
            until(lambda: connections() > seen or intake._state[0] != "no line")
            assert intake._state[0] == "no line"
            balance.silent.clear()
            until(lambda: intake._state[0] == "listening")


# pyserial starts its reader by methods that threading has given up.
@pytest.mark.filterwarnings(r"ignore:set(Daemon|Name)\(\):DeprecationWarning")
def test_a_message_through_a_terminal_server_with_rfc_2217(intake: Intake) -> None:
    """Line settings are negotiated, bytes that Telnet uses come through, and a server that goes away is found again."""
    frames = astm.frames(MESSAGE.replace(b"S-1", b"S-\xff"))
    with TerminalServer() as server, listening(f"{server.url}?ign_set_control&timeout=5", intake):
        assert server.send(astm.ENQ, *frames) == astm.ACK * 6
        assert (server.settings.baudrate, server.settings.parity) == (9600, "N")
        server.hang_up()
        until(lambda: intake._state[0] == "no line")
        until(lambda: intake._state[0] == "listening")
        assert server.send(astm.ENQ, *astm.frames(MESSAGE)) == astm.ACK * 6
    assert [reading.sample for reading in readings(intake.spool)] == ["S-\xff", "S-1"]
