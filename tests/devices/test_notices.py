"""What the MES is told of gaps and notices: once noted on disk, at least once, in order, whatever it answers."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.certificates import Trust, UntrustedError, make
from devices.config import Mes
from devices.delivery import connected
from devices.intake import Intake
from devices.notices import Notices
from devices.room import Room
from devices.spool import FullError, Spool
from tests.devices.support import NOON, SetClock, TinyMes, measured


@pytest.fixture
def notices(spool: Spool, tiny_mes: TinyMes) -> Notices:
    return Notices("gateway-1", Mes(tiny_mes.url, "secret"), spool)


def round_of(notices: Notices) -> int:
    with connected(notices._mes) as client:
        return notices.round(client)


def test_a_gap_is_told_with_from_when_to_when(
    notices: Notices, intake: Intake, clock: SetClock, tiny_mes: TinyMes
) -> None:
    """Beside it a notice, which is about the moment; a remark is for whoever looks after the gateway alone."""
    intake.gap("pH: no values", NOON - timedelta(minutes=3), NOON - timedelta(minutes=1))
    intake.remark("12 values were read from the server's history")
    clock.advance(timedelta(seconds=1))
    intake.notice("the server's clock is 5.0 s ahead of ours")
    assert round_of(notices) == 2
    gap, notice = tiny_mes.notices
    assert (gap["instrument"], gap["kind"], gap["text"]) == ("XX-01", "gap", "pH: no values")
    assert (gap["at"], gap["since"], gap["until"]) == (
        "2026-11-22T10:15:00.000000Z",
        "2026-11-22T10:12:00.000000Z",
        "2026-11-22T10:14:00.000000Z",
    )
    assert notice["at"] == notice["since"] == notice["until"] == "2026-11-22T10:15:01.000000Z"
    assert round_of(notices) == 0


@pytest.mark.parametrize("answer", [500, 401, "lost", "stranger"])
def test_what_was_not_answered_rightly_is_told_again(
    notices: Notices, intake: Intake, tiny_mes: TinyMes, answer: int | str
) -> None:
    """The same, under the same number; what came since follows."""
    intake.gap("pH: no values")
    tiny_mes.behaviours = [answer]
    assert round_of(notices) == 0
    intake.notice("the server was restarted")
    assert round_of(notices) == 2
    first, second = tiny_mes.notices[-2:]
    assert (first["text"], second["text"]) == ("pH: no values", "the server was restarted")
    assert first["number"] < second["number"]


def test_a_gap_of_another_age_is_told_as_one_of_ours(notices: Notices, intake: Intake, tiny_mes: TinyMes) -> None:
    """A server's clock may stand at 1601 or in a year to come; the MES takes neither, and must hear of it."""
    intake.gap("pH: no values", datetime(1601, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
    assert round_of(notices) == 1
    (told,) = tiny_mes.notices
    assert (told["since"], told["until"]) == ("1970-01-02T00:00:00.000000Z", "2026-11-22T10:15:00.000000Z")


def test_a_spool_at_its_bound_is_a_notice_once_and_so_is_its_end(tmp_path: Path, clock: SetClock) -> None:
    """However often the instrument tries; and it is over when there is plenty of room, not with the first gap in it."""
    spool = Spool(tmp_path / "spool.sqlite", Room(days=1))
    intake = Intake("XX-01", spool, clock)
    intake.take([measured()])
    clock.advance(timedelta(days=2))
    for _ in range(3):
        with pytest.raises(FullError):
            intake.take([measured()])
    spool.delivered(1)
    intake.take([measured()])
    intake.take([measured()])
    full, again = [note.text for note in spool.untold()]
    assert full.startswith("nothing is acknowledged: the spool")
    assert again == "the spool has room again"
    spool.close()


def test_a_changed_certificate_is_a_notice_and_an_unknown_one_is_not(intake: Intake, tmp_path: Path) -> None:
    """The first use is a matter for a person at the gateway; the change of what was trusted is one for the batch."""
    trust = Trust(tmp_path)
    (tmp_path / "trusted").mkdir()
    first, second = (make(tmp_path / name, "urn:x", "localhost").read_bytes() for name in ("one", "two"))
    for shown in (first, second, second):
        with pytest.raises(UntrustedError) as refusal:
            trust.check("XX-01", shown)
        intake.refused(str(refusal.value), refusal.value.notice)
        (tmp_path / "trusted" / "XX-01.der").write_bytes(first)
    (notice,) = intake.spool.untold()
    assert "shows the certificate" in notice.text
    assert "nothing is taken from it" in notice.text


def test_a_spool_of_an_earlier_version_is_gone_on_with(tmp_path: Path, clock: SetClock) -> None:
    """Its notes of then are about no time, and are not told."""
    path = tmp_path / "spool.sqlite"
    with sqlite3.connect(path) as old:
        old.executescript(
            "create table note (number integer primary key, instrument text not null, at text not null,"
            " kind text not null, text text not null, raw blob not null) strict;"
            "insert into note values (1, 'XX-01', '2026-11-22T10:00:00.000000Z', 'gap', 'of then', x'');"
            "create table delivery (one integer primary key check (one = 1), number integer not null default 0,"
            " state text, since text, reason text) strict;"
        )
    old.close()
    spool = Spool(path)
    Intake("XX-01", spool, clock).gap("of now")
    assert [note.text for note in spool.untold()] == ["of now"]
    spool.close()
