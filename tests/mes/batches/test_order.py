"""What the order said, on a page: a physician corrects it with a signature, and the old stays in sight."""

from __future__ import annotations

import pytest

from tests.cast import ALICE, DORA
from tests.mes.laboratory import PASSWORD, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import Answer

SIGNED = {"user": DORA.id, "password": PASSWORD, "comment": "the ward wrote another child's"}


def press(batch: Played, weight: str, **changes: str) -> Answer:
    tablet = batch.lab.tablet(DORA)
    form = tablet.open(f"{batch.page}/order?correct=weight").form("/order/weight")
    return tablet.send(form, {"value.weight": weight, **SIGNED, **changes})


@pytest.mark.requirement("RQ-007")
def test_a_physician_corrects_the_weight(batch: Played) -> None:
    """The new weight, the old one struck through with who and why, and the line is signed."""
    answer = press(batch, "18.4")
    assert answer.path == f"{batch.page}/order"
    assert "18.4 kg" in answer.page.text
    assert "<del>" in answer.html
    assert SIGNED["comment"] in answer.page.text
    line = batch.lab.lines(batch.book, "fact corrected")[0]
    assert (line["body"]["was"], line["body"]["value"], line["reason"]) == ("20 kg", "18.4 kg", SIGNED["comment"])
    assert line["signed"]["meaning"] == "corrected"
    assert batch.lab.verify().holds


@pytest.mark.parametrize(
    ("weight", "changes", "said"),
    [
        ("900", {}, "not plausible"),
        ("much", {}, "is not a number"),
        ("20", {}, "already recorded as 20 kg"),
        ("18", {"password": "wrong"}, "do not belong together"),
    ],
)
def test_what_cannot_be_is_given_back(batch: Played, weight: str, changes: dict[str, str], said: str) -> None:
    """With the sentence, and what was typed."""
    answer = press(batch, weight, **changes)
    assert said in answer.error
    assert answer.form("/order/weight").fields["value.weight"] == weight
    assert not batch.lab.lines(batch.book, "fact corrected")


def test_others_read_it(batch: Played) -> None:
    """An operator finds the facts, and no way to change them."""
    answer = batch.lab.tablet(ALICE).open(f"{batch.page}/order?correct=weight")
    assert "20 kg" in answer.page.text
    assert answer.page.form("/order/weight") is None
    assert "Correct" not in answer.page.text


def test_a_fact_that_the_order_has_not_is_not_found(lab: Laboratory, batch: Played) -> None:
    """A mistyped address is answered with a sentence."""
    answer = lab.tablet(DORA).open(f"{batch.page}/order?correct=height")
    assert answer.status == 404
    assert "has no fact height" in answer.page.text
