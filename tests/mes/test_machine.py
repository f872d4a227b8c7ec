"""The clock and the disks of the server: watched, told, written where they change, and said on every page."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from batch_records.executed.draft import Refused
from mes.machine.commands import HearMachine
from mes.machine.watch import Machine, Watch, off_at_most, share_used
from tests.cast import ALICE, PETRA, QUINN
from tests.mes.laboratory import CLOCK, PASSWORD, TOKENS, Laboratory
from tests.mes.played import Played

DAY = 86_400.0


@dataclass
class Server:
    """A machine whose clock can be set, that can be started anew, and whose disk fills."""

    watch: Watch
    wall: float = 1_780_000_000.0
    even: float = 5_000.0
    off: float | None = 0.02
    used: float = 0.4

    @staticmethod
    def at(folder: Path) -> Server:
        """Set one up, and look at it once."""
        server = Server(Watch(folder / "clock.seen", {"the records": folder}, boot="one"))
        server.watch.wall, server.watch.even = lambda: server.wall, lambda: server.even
        server.watch.off, server.watch.used = lambda: server.off, lambda _: server.used
        assert server.look().jump is None
        return server

    def look(self, passed: float = 0.0) -> Machine:
        """Let time pass, look, and have it told."""
        self.wall, self.even = self.wall + passed, self.even + passed
        machine = self.watch.look()
        self.watch.seen()
        return machine


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A machine that is well."""
    return Server.at(tmp_path)


@pytest.mark.requirement("RQ-105")
@pytest.mark.parametrize("seconds", [-2 * DAY, -3_600.0, -2.0, 2.0, 3_600.0, 3_652 * DAY])
def test_a_clock_that_is_set_is_seen(server: Server, seconds: float) -> None:
    """Two days back, an hour, ten years ahead: by how much, from when to when."""
    server.wall += seconds
    jump = server.look(10).jump
    assert jump
    assert float(jump.seconds) == pytest.approx(seconds)
    assert server.look(10).jump is None


def test_a_clock_that_runs_is_not_called_set(server: Server) -> None:
    """A day in steps of ten seconds, a little too fast as clocks are, with a leap second: nothing to tell."""
    jumps = [server.look(10).jump for _ in range(1_000)]
    server.wall -= 1.0
    assert [*jumps, server.look(10).jump] == [None] * 1_001


def test_a_jump_while_nobody_looked_is_seen(server: Server) -> None:
    """The process was stopped, and somebody set the clock meanwhile: the file remembers."""
    server.wall -= 7_200.0
    again = replace(server.watch)
    server.even += 500
    jump = again.look().jump
    assert jump
    assert float(jump.seconds) == pytest.approx(-7_700.0)


def test_a_jump_that_nobody_heard_of_is_told_again(server: Server) -> None:
    """The application was down when it was told."""
    server.wall -= 7_200.0
    assert server.watch.look().jump == server.watch.look().jump != None  # noqa: E711 - all three are compared


def test_over_a_restart_of_the_machine_a_jump_back_is_seen(server: Server) -> None:
    """How long it was off nobody knows; but time did not run backwards."""
    server.watch.boot, server.even, server.wall = "two", 3.0, server.wall + 900.0
    assert server.look().jump is None
    server.watch.boot, server.wall = "three", server.wall - 900.0
    jump = server.look().jump
    assert jump
    assert float(jump.seconds) == pytest.approx(-900.0)


def test_this_machine_is_asked() -> None:
    """The kernel says how far the clock may be off, or that nothing keeps it in step; the disk says how full it is."""
    off = off_at_most()
    assert off is None or off >= 0
    assert 0 < share_used(Path(__file__).parent) <= 1


def tell(lab: Laboratory, **changes: Any) -> None:  # noqa: ANN401 - any part of it
    told = Machine(off=0.02, full={"the records": 0.4}).told()
    lab.do(HearMachine({**told, **changes}), CLOCK)


@pytest.mark.requirement("RQ-105")
def test_a_clock_that_was_set_stands_in_the_ledger(lab: Laboratory) -> None:
    """By how much, from when to when; every page says so for the rest of the day, and the page of the server after."""
    jump = {"was": "2026-03-02T08:00:10.000000Z", "became": "2026-03-02T07:00:10.000000Z", "seconds": "-3600.000"}
    tell(lab, jump=jump)
    assert [line["body"] for line in lab.lines("laboratory", "clock set")] == [jump]
    tablet = lab.tablet(ALICE)
    assert "The server's clock was set back by 1 h 00 min" in tablet.open("/batches/").page.text
    tell(lab)
    lab.time.later(hours=13)
    tell(lab)
    assert "clock was set" not in lab.tablet(ALICE).open("/batches/").page.text
    assert "-3600.000" in lab.tablet(ALICE).open("/server/").page.text
    assert lab.verify().holds


@pytest.mark.requirement("RQ-108")
@pytest.mark.requirement("RQ-119")
def test_a_clock_out_of_step_is_said_on_every_page_and_written_once(lab: Laboratory) -> None:
    """Nothing keeps it in step, or nobody answered for a quarter of an hour; when it is in step again, that too."""
    tell(lab)
    for off in ("0.450", "0.900", None):
        tell(lab, off=off)
        lab.time.later(seconds=10)
    assert "The server's clock is out of step" in lab.tablet(ALICE).open("/batches/").page.text
    tell(lab)
    assert "out of step" not in lab.tablet(ALICE).open("/batches/").page.text
    kinds = [line["kind"] for line in lab.lines("laboratory") if line["kind"].startswith("clock")]
    assert kinds == ["clock in step", "clock out of step", "clock in step"]


def test_a_quarter_of_an_hour_without_an_answer_is_out_of_step() -> None:
    """The kernel adds half a millisecond a second to what it may be off: the bar is reached before fifteen minutes."""
    after = [0.02 + 0.0005 * 60 * minutes for minutes in range(16)]
    assert Machine(off=after[0]).in_step
    assert next(minute for minute, off in enumerate(after) if not Machine(off=off).in_step) <= 15


def test_a_clock_out_of_step_blocks_release(batch: Played) -> None:
    """The time service is lost: the page of release says so and what lets it go on, and who tries is told the same."""
    batch.finish().review()
    tell(batch.lab, off=None)
    page = batch.lab.tablet(PETRA).open(f"{batch.page}/release").page.text
    assert "The server's clock is out of step, so the time of a release would not be certain" in page
    with pytest.raises(Refused, match="release is blocked: the server's clock is out of step"):
        batch.release()
    assert batch.kinds()[-1] == "attempt refused"
    tell(batch.lab)
    batch.review()
    batch.release()
    assert batch.kinds()[-1] == "batch released"


def test_a_clock_that_nobody_watches_blocks_release(batch: Played) -> None:
    """The process that watches it fell silent: nobody knows whether it is in step."""
    batch.finish().review()
    tell(batch.lab)
    batch.later(minutes=2)
    with pytest.raises(Refused, match=r"nothing is heard of the server's clock process.*have it started again"):
        batch.release()


def test_a_clock_that_was_compared_lets_release_go_on_for_a_day(batch: Played) -> None:
    """A site without a time service: quality says on the page of the server what another clock showed, and signs."""
    batch.finish().review()
    tell(batch.lab, off=None)
    compared(batch.lab)
    assert "Release is blocked" not in batch.lab.tablet(QUINN).open("/server/").page.text
    batch.later(hours=25)
    tell(batch.lab, off=None)
    with pytest.raises(Refused, match="or have a quality reviewer compare it with another clock"):
        batch.release()
    compared(batch.lab)
    batch.review()
    batch.release()
    line = batch.lab.lines("laboratory", "clock compared")[-1]
    assert line["body"] == {"found": "radio clock: 0.2 s apart", "off": "not known"}
    assert (line["signed"]["meaning"], line["author"]) == ("approved", "quinn")
    assert batch.lab.verify().holds


@pytest.mark.parametrize(
    "then",
    [
        {
            "jump": {"was": "2026-03-02T09:00:00Z", "became": "2026-03-02T08:00:00Z", "seconds": "-3600.000"},
            "off": None,
        },
        {"off": "0.02"},
    ],
    ids=["set", "in step, and out of it again"],
)
def test_a_comparison_counts_for_the_clock_as_it_was(batch: Played, then: dict[str, Any]) -> None:
    """Whatever happens to the clock after it was compared, it has to be compared again."""
    batch.finish().review()
    tell(batch.lab, off=None)
    compared(batch.lab)
    tell(batch.lab, **then)
    tell(batch.lab, off=None)
    with pytest.raises(Refused, match="release is blocked"):
        batch.release()


def test_only_quality_compares_and_says_with_what(lab: Laboratory) -> None:
    """Alice is not offered it; Quinn must say which clock, and what was typed is kept."""
    tell(lab, off=None)
    page = lab.tablet(ALICE).open("/server/").page
    assert "Release is blocked. The server's clock is out of step" in page.text
    assert not any("/comparison" in form.action for form in page.forms)
    answer = lab.tablet(QUINN).press("/server/", "/server/comparison", user="quinn", password=PASSWORD, comment=" ")
    assert "Say which clock it was compared with" in answer.page.text
    assert lab.lines("laboratory", "clock compared") == []


def compared(lab: Laboratory) -> None:
    told = {"user": "quinn", "password": PASSWORD, "comment": "radio clock: 0.2 s apart"}
    assert lab.tablet(QUINN).press("/server/", "/server/comparison", **told).status == 200


def test_a_disk_that_fills_is_said_and_written_once(lab: Laboratory) -> None:
    """At 85 %: somebody must see to it before there is no room for a record."""
    for share in ("0.849", "0.850", "0.930", "0.400"):
        tell(lab, full={"the records": share})
        said = "The disk of the records is" in lab.tablet(ALICE).open("/batches/").page.text
        assert said is (float(share) >= 0.85)
    kinds = [line["kind"] for line in lab.lines("laboratory") if line["kind"].startswith("disk")]
    assert kinds == ["disk filling", "disk has room"]


def test_a_clock_process_that_fell_silent_is_said(lab: Laboratory) -> None:
    """It declares what is overdue and raises alarms: when it is gone, everybody must know."""
    tell(lab)
    lab.time.at += timedelta(minutes=2)
    assert "Nothing is heard of the server's clock process" in lab.tablet(ALICE).open("/batches/").page.text


def test_the_clock_process_tells_over_http(lab: Laboratory, server: Server) -> None:
    """What is looked at is what is sent; nobody but the clock may tell it."""
    server.wall -= 3_600.0
    http, token = lab.tablet().http, {"Authorization": f"Bearer {TOKENS[CLOCK.id]}"}
    told = json.loads(json.dumps(server.look(10).told()))
    assert http.post("/api/v1/machine", json=told, headers=token).status_code == 204
    assert lab.lines("laboratory", "clock set")[0]["body"]["seconds"] == "-3600.000"
    assert http.post("/api/v1/machine", json=told).status_code == 401
