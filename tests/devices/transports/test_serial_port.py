"""A serial line, over a real pseudo-terminal and a real socket: what is acknowledged is on disk."""

from __future__ import annotations

import os
import select
import socket
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest

from devices.config import SerialSettings
from devices.instrument import Measurement, Serial
from devices.instruments.cell_counter import CellCounter
from devices.intake import Intake
from devices.protocols import astm
from devices.spool import SpoolError
from devices.transports.serial_port import SerialLine
from tests.devices.support import readings, until

MESSAGE = b"H|\\^&|||counter\rP|1\rO|1|S-1\rR|1|^^^VIABILITY|96.9|%||N||F\rL|1|N\r"


class Counter:
    """The far end of a line, which sends when it is told to."""

    def __init__(self, near: int, port: str) -> None:
        self.near, self.port = near, port

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
def counter() -> Iterator[Counter]:
    near, far = os.openpty()
    tty.setraw(far)
    yield Counter(near, os.ttyname(far))
    os.close(near)
    os.close(far)


@contextmanager
def listening(port: str, intake: Intake) -> Iterator[None]:
    stop = Event()
    line = SerialLine(CellCounter(), SerialSettings(port, Serial()), ZoneInfo("UTC"), intake)
    thread = Thread(target=line.run, args=(stop,))
    thread.start()
    until(lambda: intake._state[0] == "listening")
    yield
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
    line = SerialLine(CellCounter(), SerialSettings("/dev/no-such-line", Serial()), ZoneInfo("UTC"), intake)
    thread = Thread(target=line.run, args=(stop,))
    thread.start()
    until(lambda: intake._state[0] == "no line")
    stop.set()
    thread.join()
    assert "/dev/no-such-line" in intake._state[1]
