"""The page of the seals: an inspector sees what is sealed, who confirmed it, and what is wrong."""

from __future__ import annotations

from batch_records.executed.commands import AddComment
from mes.seals.commands import Seal
from tests.cast import ALICE, QUINN
from tests.mes.laboratory import CLOCK, COI, INES, Laboratory
from tests.mes.played import Played
from tests.mes.seals.witnesses import configure


def test_an_inspector_sees_what_is_sealed_and_who_confirmed_it(lab: Laboratory) -> None:
    """Ines finds size, root, key and witness from the audit trail, and the sentence that says what it is for."""
    assert "Nothing is sealed yet." in lab.tablet(INES).open("/seals/").html
    Played(lab).start(COI)
    lab.do(Seal(all_of_it=True), CLOCK)
    assert 'href="/seals/"' in lab.tablet(INES).open("/audit/").html
    page = lab.tablet(INES).open("/seals/").html
    for words in (f"{lab.count('leaf'):,} lines", "confirmed", "witness.jsonl", "the first", "laboratory, page"):
        assert words in page


def test_what_waits_too_long_is_said(lab: Laboratory) -> None:
    """If nothing seals for minutes, the page says whose work that is."""
    Played(lab).start(COI)
    lab.do(Seal(all_of_it=True), CLOCK)
    lab.time.later(minutes=1)
    lab.do(AddComment("B26-0001", "all well"), ALICE)
    assert "A line waits a minute at most." in lab.tablet(QUINN).open("/seals/").html
    lab.time.later(minutes=5)
    assert "the clock process should have sealed it" in lab.tablet(QUINN).open("/seals/").html


def test_a_witness_that_is_silent_stands_out(lab: Laboratory) -> None:
    """Which one, since when, and why; a witness that nobody asked for long is shown as such."""
    Played(lab).start(COI)
    lab.do(Seal(all_of_it=True), CLOCK)
    lab.time.later(minutes=30)
    assert "not heard lately" in lab.tablet(QUINN).open("/seals/").html
    configure(lab, '[witnesses.share]\nkind = "file"\npath = "not/mounted/file"\n')
    lab.do(Seal(), CLOCK)
    page = lab.tablet(QUINN).open("/seals/").html
    assert "does not confirm" in page
    assert "cannot be written" in page
