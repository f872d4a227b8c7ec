"""A gate that is not met, through the pages: two people sign, the decision is made, and everybody reads of it."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.patients.commands import PlaceOrder
from tests.cast import DORA, PETRA, QUINN
from tests.mes.furnishing import SHORT
from tests.mes.laboratory import PASSWORD, SVEN, Laboratory
from tests.mes.played import Played
from tests.mes.reports.making import printed
from tests.mes.reports.pdf_text import read
from tests.mes.tablet import Answer

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")
GATED = SHORT.replace("code: short", "code: gated").replace(
    'harvest: {needs: "viability >= 70 %"}',
    'harvest: {needs: "viability >= 70 %", waived by: [quality reviewer, physician]}',
)


@pytest.fixture
def gated(lab: Laboratory) -> Played:
    """A batch before its gate, with a viability that does not meet it."""
    lab.do(DraftRecipe("gated", GATED), SVEN)
    lab.do(ApproveRecipe("gated", 1), QUINN)
    lab.do(PlaceOrder("COI-26-0005-E", "gated", "synthetic"), DORA)
    batch = Played(lab).start("COI-26-0005-E").finish("1.4")
    batch.take("1.4", "viability", "65 %")
    batch.complete("1.4")
    return batch.finish("1.10").settle()


def sign(batch: Played, person: c.Person, why: str = "the child cannot wait") -> Answer:
    signed = {"user": person.id, "password": PASSWORD, "comment": why}
    return batch.lab.tablet(person).press(f"{batch.page}/steps/1.10/waiver", "/waiver", signed)


def decide(batch: Played) -> Answer:
    signed = {"user": "quinn", "password": PASSWORD, "value.harvest": "harvest"}
    return batch.lab.tablet(QUINN).press(f"{batch.page}/steps/1.10", "/decision", signed)


def test_fact_4_a_gate_is_passed_by_two_signatures_which_everybody_reads_of(gated: Played) -> None:
    """Refused; Quinn and Dora sign; decided; it stands in the review, on the page and in the printed record."""
    assert "The gate is not met" in gated.lab.tablet(QUINN).open(f"{gated.page}/steps/1.10").page.text
    assert "quality reviewer and physician has still to sign it" in decide(gated).page.text
    blank = sign(gated, QUINN, " ")
    assert (blank.status, "Say why" in blank.error) == (400, True)
    sign(gated, QUINN)
    other = gated.lab.tablet(PETRA).open(f"{gated.page}/steps/1.10/waiver")
    assert "Still to sign: “physician”" in other.page.text
    assert other.page.form("/waiver") is None
    sign(gated, DORA)
    decide(gated)
    gated.finish()
    review = gated.lab.tablet(PETRA).open(f"{gated.page}/review")
    assert "“harvest” was waived by Dora Physician, physician: the child cannot wait" in review.page.text
    release = gated.lab.tablet(PETRA).open(f"{gated.page}/release")
    assert "waived by Quinn Reviewer" in release.page.text
    assert read(printed(gated).content).has("waived by Quinn Reviewer, quality reviewer: the child cannot wait")
    assert gated.lab.verify().holds
