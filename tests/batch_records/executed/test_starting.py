"""Issuing a batch: an exact copy of a recipe for one chain of identity, with every fact known and possible."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.draft import Malformed, Refused
from tests.batch_records.child import ORDER, child
from tests.batch_records.playing import B, Play
from tests.batch_records.writing import cd7, small
from tests.cast import DORA

LOOK = "- step: 1.1 Look\n  do: Look\n"


@pytest.mark.requirement("RQ-041")
@pytest.mark.requirement("RQ-116")
def test_a_batch_holds_the_recipe_it_was_issued_by() -> None:
    """Code, edition and digest of the text, the chain of identity, and the facts as they were given."""
    (started,) = [entry for _, entry in child().lines]
    assert isinstance(started, e.BatchStarted)
    assert (started.recipe, started.edition, started.digest) == (cd7().code, "1", cd7().digest)
    assert (started.batch, started.coi, started.product) == (B, "COI-1", cd7().product)
    assert started.facts["weight"] == "20 kg"
    assert started.facts["transplant_status"] == "no transplant"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("weight", "", "enter “Body weight”"),
        ("weight", "200", "200 kg is not plausible"),
        ("weight", "20 cm2", "is not in kg"),
        ("weight", "NaN", "is not a number"),
        ("assigned_dose", "1e9", "“1e9” is no dose: write it like"),
        ("weight_measured", "yesterday", "enter a date and time"),
        ("transplant_status", "yes", "choose one of"),
    ],
)
def test_an_order_that_cannot_be_is_asked_for_again(name: str, text: str, said: str) -> None:
    """No batch begins with a weight that nobody has."""
    with pytest.raises(Malformed, match=said) as caught:
        Play(cd7(), ORDER | {name: text}).start()
    assert caught.value.field == name


def test_an_order_that_this_recipe_is_not_for_is_refused() -> None:
    """Soon after a transplant the cells are the donor's: that is no slip, and the attempt is to be on record."""
    with pytest.raises(Refused, match=r"“Transplant status .*”: up to 100 days .* this recipe is not for it"):
        Play(cd7(), ORDER | {"transplant_status": "up to 100 days after transplant"}).start()


def test_a_batch_needs_its_chain_of_identity() -> None:
    """It is issued before the first collection; without it nothing could be matched."""
    with pytest.raises(Malformed, match="scan the chain-of-identity code"):
        Play(small(LOOK)).start(coi=" ")


def test_a_batch_is_started_once() -> None:
    """A second start is refused, not folded into nonsense."""
    play = Play(small(LOOK)).start()
    with pytest.raises(Refused, match="batch B1 was started already"):
        play.do(c.StartBatch(B, play.recipe, 1, "COI-1", {}), DORA)


def test_facts_may_be_judged_by_parameters_and_by_each_other() -> None:
    """The protocol's least weight, and a lean weight below the whole one."""
    head = """
    facts: {weight: {unit: kg, limit: ">= least"}, lean: {unit: kg, limit: <= weight}}
    parameters: {least: {value: 5 kg}}
    """
    play = Play(small(LOOK, head), {"weight": "20", "lean": "15"}).start()
    assert play.batch.all_values().text("lean") == "15 kg"
    with pytest.raises(Refused, match=r"4 kg is outside the action limit \(limit ≥ 5 kg\)"):
        Play(small(LOOK, head), {"weight": "4", "lean": "3"}).start()
    with pytest.raises(Refused, match="21 kg is outside"):
        Play(small(LOOK, head), {"weight": "20", "lean": "21"}).start()


def test_a_fact_judged_by_what_is_not_known_yet_is_refused_with_a_sentence() -> None:
    """A recipe that the lint would not pass does not break the application either."""
    head = "facts: {weight: {unit: kg, limit: <= later}}\n"
    steps = "- step: 1.1 Look\n  record: {later: {unit: kg}}\n"
    with pytest.raises(Refused, match="the limit of “Weight” cannot be computed: later is not recorded yet"):
        Play(small(steps, head), {"weight": "4"}).start()


def test_formulas_see_facts_parameters_and_the_batch_itself() -> None:
    """Whatever the order said can be computed with."""
    head = "facts: {weight: {unit: kg}, at: {kind: time}}\nparameters: {twice: {value: 2}}\n"
    steps = """
    - step: 1.1 Dose
      calculate: {dose: {formula: "if coi = batch then 0 kg else weight * twice", unit: kg, round: up to 1}}
    """
    play = Play(small(steps, head), {"weight": "20", "at": "2026-03-01T00:00Z"}).start().step("1.1")
    assert play.value("1.1", "dose") == "40 kg"
    seen = play.batch.seen_from("1.1")
    said = {name: seen.text(name) for name in ("coi", "batch", "twice", "weight", "nothing")}
    assert said == {"coi": "COI-1", "batch": B, "twice": "2", "weight": "20 kg", "nothing": ""}
    assert (seen.series("coi"), seen.series("batch"), seen.series("nothing")) == (("COI-1",), (B,), ())
