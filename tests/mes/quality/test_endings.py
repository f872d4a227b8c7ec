"""A batch that nobody gets, through the pages: ended with a counted reason, and made again under the same code."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed.batch import Disposition
from tests.cast import ALICE, DORA, PETRA, QUINN
from tests.mes.laboratory import COI, PASSWORD
from tests.mes.played import Played
from tests.mes.tablet import Answer


def end(batch: Played, ending: str, reason: str, why: str = "the count fell from day 3") -> Answer:
    tablet = batch.lab.tablet(QUINN)
    form = next(each for each in tablet.open(f"{batch.page}/ending").page.forms if each.fields.get("ending") == ending)
    return tablet.send(form, user="quinn", password=PASSWORD, reason=reason, comment=why)


@pytest.mark.requirement("RQ-015")
def test_fact_19_a_batch_fails_for_a_reason_that_is_counted(batch: Played) -> None:
    """Quinn ends it by fratricide; a blank word is given back with what was chosen; the board says failed."""
    batch.finish("1.5")
    blank = end(batch, "failed", "fratricide", " ")
    assert blank.status == 400
    assert 'value="fratricide" selected' in blank.html
    end(batch, "failed", "fratricide")
    assert batch.batch.disposition is Disposition.FAILED
    assert batch.lab.lines(batch.book)[-1]["body"]["reason"] == "fratricide"
    assert "failed" in batch.lab.tablet(ALICE).open("/batches/").page.text
    over = batch.lab.tablet(QUINN).open(f"{batch.page}/ending")
    assert "it ends in no other way" in over.page.text
    assert batch.lab.verify().holds


def test_fact_21_what_was_released_and_never_used_ends_so(batch: Played) -> None:
    """Kept for two years and not needed: a normal end; only quality writes it."""
    batch.finish().review()
    batch.release()
    alice = batch.lab.tablet(ALICE).open(f"{batch.page}/ending")
    assert "a person with the role “quality reviewer”" in alice.page.text
    end(batch, "never used", "therapy not needed", "in remission for two years")
    assert batch.batch.disposition is Disposition.NEVER_USED


def test_fact_19_what_came_to_nothing_is_made_again_under_the_same_chain_of_identity(batch: Played) -> None:
    """Rejected; Dora orders it again under the same code; the new batch begins, and the old one names it."""
    tablet = batch.lab.tablet(DORA)
    order = {"coi": COI, "recipe": "short", "note": "again"}
    early = tablet.press("/orders/", "/orders/", order)
    assert "was issued before" in early.error
    batch.do(c.RejectBatch(batch.number, "blasts in it", batch.batch.last.hash), PETRA)
    tablet.press("/orders/", "/orders/", order)
    again = Played(batch.lab).start(COI)
    assert again.number != batch.number
    assert again.batch.coi == batch.batch.coi
    assert batch.batch.disposition is Disposition.REMANUFACTURED
    assert batch.lab.lines(batch.book, "batch remanufactured")[0]["body"] == {"by": again.number}
    assert batch.lab.verify().holds
