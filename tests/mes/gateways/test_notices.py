"""Gaps and notices of instruments: from a gateway's word into the instrument's book and the batch's record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from batch_records.executed import commands as c
from batch_records.executed.notice_entries import GapFound, NoticeGiven
from batch_records.executed.review import NOTICES, exceptions
from mes.clock import Tick
from mes.equipment.commands import SetStatus
from mes.gateways.commands import GiveNotices, Notice
from mes.ledger.line import utc
from tests.cast import ALICE, QUINN
from tests.mes.alarms.watched import BOOK, Watched
from tests.mes.furnishing import INCUBATOR
from tests.mes.laboratory import CLOCK, COI, GATEWAY, OTHER_COI, TOKENS, Laboratory
from tests.mes.played import Played

GAP = "temperature: no values between 8:00 and 8:10: the session on the server had ended; it keeps no history"


@pytest.fixture
def growing(lab: Laboratory) -> Played:
    """A batch whose cells are in the incubator."""
    return Played(lab).start(COI).finish("1.3")


def noticed(lab: Laboratory, **changes: Any) -> Notice:  # noqa: ANN401 - any part of a notice
    """A gap of the last ten minutes in the incubator's readings."""
    now = lab.time()
    return replace(Notice(INCUBATOR, 1, now, True, now - timedelta(minutes=10), now, GAP), **changes)


def give(lab: Laboratory, *notices: Notice) -> Any:  # noqa: ANN401 - what the command answers
    return lab.do(GiveNotices("gateway-1", notices), GATEWAY)


def found(played: Played) -> list[str]:
    return [each.sentence for each in exceptions(played.batch) if each.check == NOTICES]


@pytest.mark.requirement("RQ-102")
def test_a_gap_stands_in_the_instruments_book_and_in_the_batch(lab: Laboratory, growing: Played) -> None:
    """From when to when, and why it could not be filled; the reviewer reads it among the exceptions."""
    assert give(lab, noticed(lab)) == {"noted": 1, "known": 0}
    (line,) = lab.lines(BOOK, "gap found")
    since, until = utc(lab.time() - timedelta(minutes=10)), utc(lab.time())
    assert (line["body"]["since"], line["body"]["until"], line["body"]["text"]) == (since, until, GAP)
    assert (line["body"]["gateway"], line["body"]["batches"]) == ("gateway-1", growing.number)
    assert [entry for _, entry in growing.batch.notices] == [GapFound(INCUBATOR, GAP, since, until)]
    assert found(growing) == [f"gap in the readings of {INCUBATOR}: {GAP}"]
    assert lab.verify().holds


def test_a_notice_that_is_told_again_is_written_once(lab: Laboratory, growing: Played) -> None:
    """The answer was lost. A gateway whose spool was begun anew counts from one, and what it tells is new."""
    told = noticed(lab, is_gap=False, text="the server's clock is 5.0 s ahead of ours")
    give(lab, told)
    assert give(lab, told, told) == {"noted": 0, "known": 2}
    assert found(growing) == [f"{INCUBATOR}: the server's clock is 5.0 s ahead of ours"]
    lab.time.later(minutes=1)
    assert give(lab, noticed(lab, at=lab.time())) == {"noted": 1, "known": 0}
    assert [type(entry) for _, entry in growing.batch.notices] == [NoticeGiven, GapFound]


def test_what_was_told_late_belongs_to_whom_the_instrument_belonged_then(lab: Laboratory, growing: Played) -> None:
    """The gateway was cut off. Meanwhile the first batch ended, and the incubator is another's."""
    lab.time.later(hours=1)
    happened = lab.time()
    lab.time.later(hours=1)
    growing.do(c.StopBatch(growing.number, "the bag leaked"), QUINN)
    lab.do(SetStatus(INCUBATOR, "ready", "cleaned"), ALICE)
    lab.time.later(minutes=15)
    second = Played(lab).start(OTHER_COI).finish("1.3")
    give(lab, noticed(lab, since=happened, until=happened + timedelta(minutes=3)))
    assert (len(found(growing)), len(found(second))) == (1, 0)
    give(lab, noticed(lab, number=2))
    assert (len(found(growing)), len(found(second))) == (1, 1)
    assert lab.verify().holds


def test_what_concerns_no_batch_stands_in_the_book_alone(lab: Laboratory, growing: Played) -> None:
    """Before the scan the incubator was nobody's; of an instrument that was never entered there is a book, too."""
    long_ago = lab.time() - timedelta(days=2)
    give(lab, noticed(lab, since=long_ago, until=long_ago), noticed(lab, instrument="XX-01"))
    assert found(growing) == []
    assert len(lab.lines(BOOK, "gap found")) == len(lab.lines("equipment:XX-01", "gap found")) == 1


def test_a_notice_after_the_review_asks_for_another_review(lab: Laboratory) -> None:
    """Who signed did not know of it."""
    reviewed = Played(lab).start(COI).finish()
    reviewed.review()
    assert reviewed.batch.review
    since = reviewed.batch.started.at + timedelta(minutes=1)
    give(lab, noticed(lab, since=since, until=lab.time()))
    assert reviewed.batch.review is None


def test_several_things_noted_of_one_batch_at_once_are_all_in_its_record(lab: Laboratory, growing: Played) -> None:
    """What one transaction writes is folded in its turn: notices of one delivery, and two alarms of one tick."""
    give(lab, *(noticed(lab, number=number) for number in range(1, 4)))
    assert len(growing.batch.notices) == 3
    incubator = Watched(lab)
    incubator.limit()
    incubator.limit(kind="high high", limit="38 °C")
    incubator.says("39")
    lab.time.later(seconds=61)
    lab.do(Tick(), by=CLOCK)
    assert len(growing.batch.alarms) == 2
    with lab.reading() as connection:
        assert lab.installation.folds.get(connection, growing.number) == growing.batch
    assert lab.verify().holds


def test_a_gateway_tells_over_the_api_with_its_token(lab: Laboratory, growing: Played) -> None:
    """Nobody else may; a time of another age is refused as not readable."""
    now = utc(lab.time())
    told = {"instrument": INCUBATOR, "number": 1, "kind": "gap", "at": now, "since": now, "until": now, "text": GAP}

    def post(token: str, **changes: object) -> Any:  # noqa: ANN401 - the client's answer
        with lab.app.test_client() as client:
            body = {"gateway": "gateway-1", "notices": [told | changes]}
            return client.post("/api/v1/notices", json=body, headers={"Authorization": f"Bearer {token}"})

    assert post("somebody's").status_code == 401
    assert post(TOKENS[CLOCK.id]).status_code == 403
    assert post(TOKENS[GATEWAY.id], since="1601-01-01T00:00:00Z").status_code == 422
    assert post(TOKENS[GATEWAY.id]).json == {"noted": 1, "known": 0}
    assert len(found(growing)) == 1


def test_the_page_of_the_instrument_tells_its_gaps_and_notices(lab: Laboratory) -> None:
    """The newest first, in words."""
    give(lab, noticed(lab))
    text = lab.tablet(ALICE).open(f"/equipment/?item={INCUBATOR}").page.text
    assert "Gaps and notices" in text
    assert GAP in text
