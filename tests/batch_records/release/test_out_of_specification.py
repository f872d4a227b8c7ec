"""Supply out of specification: who asks, who evaluates, who accepts, who releases, and that nothing is left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch_records.executed import commands as c
from batch_records.executed import supply_commands as s
from batch_records.executed.batch import Disposition
from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed, Refused
from batch_records.executed.review import exceptions
from batch_records.executed.supply_entries import BatchReleasedOutOfSpecification
from batch_records.master.recipe import Role, Stage
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.release.test_sign_off import RECIPE
from tests.batch_records.writing import larger
from tests.cast import ALICE, DORA, LENA, PETRA, QUINN

DAVE = Person("dave", "Dave Director", frozenset({Role.PHYSICIAN.value}))
EU = """
out of specification: EU GMP Part IV 11.5
notifications:
  - {notify: Sponsor, of: supply out of specification, within: 1 h}
  - {notify: Treating physician, of: late adverse result, within: 4 h, acknowledged: "yes"}
"""
IND = EU.replace("EU GMP Part IV 11.5", "US IND")
NOT_SAID = " "


def failing(head: str = EU) -> Play:
    """Return a batch whose endotoxin is out of specification, everything else in order, sterility awaited."""
    play = Play(larger(RECIPE, head), answers={"endotoxin": "7"}).start().finish(until="2.2")
    return play.settle()


def ask(play: Play, by: Person = DORA, **said: str) -> list[str]:
    answers = {"hazard": "relapse within weeks", "alternatives": "none in time", "need": "no other product"} | said
    return kinds(play.do(s.RequestSupply(B, seen=play.batch.last.hash, **answers), by))


def evaluate(play: Play, by: Person = QUINN, text: str = "fever is likely") -> list[str]:
    return kinds(play.do(s.EvaluateRisk(B, text, play.batch.last.hash), by))


def accept(play: Play, by: Person = DORA, told: str = "the parents agree") -> list[str]:
    return kinds(play.do(s.AcceptSupply(B, told, play.batch.last.hash), by))


def authorise(play: Play, by: Person = DAVE, reference: str = "IND 00000") -> list[str]:
    return kinds(play.do(s.AuthoriseSupply(B, reference, "no objection", "version 2", play.batch.last.hash), by))


def supply(play: Play, by: Person = PETRA) -> list[str]:
    return kinds(play.do(s.ReleaseOutOfSpecification(B, play.batch.last.hash), by))


def conclude(play: Play) -> list[str]:
    return kinds(play.do(s.ConcludeSupply(B, play.batch.last.hash), PETRA))


def accepted(head: str = EU) -> Play:
    """Return a batch that its physician asked for and accepted, reviewed with all that."""
    play = failing(head)
    ask(play)
    evaluate(play)
    accept(play)
    play.review(Stage.CONDITIONAL)
    return play


@pytest.mark.requirement("RQ-094")
@pytest.mark.requirement("RQ-095")
@pytest.mark.requirement("RQ-096")
def test_fact_18_a_batch_is_supplied_at_the_physicians_request_and_the_sponsors_clock_runs() -> None:
    """Request, evaluation, acceptance, review, release: then it is released so, and never “released”."""
    play = accepted()
    assert supply(play) == ["batch released out of specification", "notification due"]
    released = play.lines[-2][1]
    assert isinstance(released, BatchReleasedOutOfSpecification)
    assert (released.path, released.pending) == ("EU GMP Part IV 11.5", ("Sterility",))
    assert "Endotoxin: 7 EU/mL is outside the action limit" in released.findings[0]
    assert play.batch.disposition is Disposition.RELEASED_OUT_OF_SPECIFICATION
    (told,) = play.batch.notifications.values()
    assert (told.entry.to, (told.due - play.at).total_seconds()) == ("Sponsor", 3600)


@pytest.mark.requirement("RQ-095")
def test_fact_18_each_record_that_is_missing_blocks_the_supply_and_is_named() -> None:
    """One after the other is written, and the sentence loses a part; the last part is the review."""
    play = failing()
    parts = ["has not asked for it", "has not evaluated the risk", "has not accepted it", "not reviewed yet"]
    for gone, act in enumerate((ask, evaluate, accept, lambda it: it.review(Stage.CONDITIONAL))):
        with pytest.raises(Refused) as caught:
            supply(play)
        assert [part in str(caught.value) for part in parts] == [index >= gone for index in range(4)]
        act(play)
    assert supply(play)[0] == "batch released out of specification"


@pytest.mark.requirement("RQ-094")
@pytest.mark.parametrize("missing", ["hazard", "alternatives", "need"])
def test_the_physician_answers_all_three(missing: str) -> None:
    """The hazard, the alternatives, the need: no answer is a blank."""
    with pytest.raises(Malformed, match="which alternatives were considered"):
        ask(failing(), **{missing: NOT_SAID})


def test_fact_18_it_is_never_available_by_default() -> None:
    """A recipe that names no rules knows no such way, and a batch within its specification needs none."""
    with pytest.raises(Refused, match="knows no supply out of specification"):
        ask(failing(""))
    whole = Play(larger(RECIPE, EU), answers={"endotoxin": "1"}).start().finish(until="2.2")
    with pytest.raises(Refused, match="within its specification"):
        ask(whole)


def test_fact_18_under_an_ind_the_medical_director_authorises_it_too() -> None:
    """With the IND's number, the authority's answer and the consent; a physician, and not the one who asked."""
    play = accepted(IND)
    with pytest.raises(Refused, match="has not authorised it under an IND"):
        supply(play)
    with pytest.raises(Refused, match="Dora Physician asked for it"):
        authorise(play, DORA)
    with pytest.raises(Malformed, match="the IND's number"):
        authorise(play, reference=NOT_SAID)
    authorise(play)
    play.review(Stage.CONDITIONAL)
    assert supply(play)[0] == "batch released out of specification"
    with pytest.raises(Refused, match="asks for no such authorisation"):
        authorise(accepted(EU))


def test_what_was_found_later_is_evaluated_again() -> None:
    """Growth before the release: the physician accepted another product."""
    play = accepted()
    play.report("2.2", sterility="growth")
    play.settle().complete("2.2")
    play.review(Stage.FINAL)
    with pytest.raises(Refused, match="evaluated for other findings"):
        supply(play)
    evaluate(play)
    assert play.batch.supply.acceptance is None
    accept(play)
    play.review(Stage.FINAL)
    assert supply(play)[0] == "batch released out of specification"


def test_everybody_signs_what_is_theirs() -> None:
    """Neither an operator nor an analyst; the physician does not evaluate, quality does not ask."""
    play = failing()
    for person in (ALICE, LENA, QUINN, PETRA):
        with pytest.raises(Refused, match="physician"):
            ask(play, person)
    ask(play)
    both = replace(DORA, roles=frozenset({Role.REVIEWER.value, Role.PHYSICIAN.value, Role.RELEASER.value}))
    with pytest.raises(Refused, match="another person evaluates"):
        evaluate(play, both)
    evaluate(play)
    with pytest.raises(Refused, match="Dora Physician asked for it, and accepts it"):
        accept(play, DAVE)
    accept(play)
    play.review(Stage.CONDITIONAL)
    with pytest.raises(Refused, match="another person releases it"):
        supply(play, both)


def test_it_is_signed_on_the_record_that_was_seen() -> None:
    """Somebody adds to the record meanwhile: it is read again first."""
    play = accepted()
    before = play.batch.last.hash
    play.do(c.AddComment(B, "wait"), ALICE)
    with pytest.raises(Refused, match="the record has changed"):
        play.do(s.ReleaseOutOfSpecification(B, before), PETRA)


@pytest.mark.requirement("RQ-046")
def test_it_is_never_released_as_if_it_were_within_and_its_record_is_concluded() -> None:
    """The late result comes in, the sponsor was told, a reviewer has read it all: concluded, out of specification."""
    play = accepted()
    supply(play)
    with pytest.raises(Refused, match="N1 to Sponsor is not done"):
        conclude(play)
    play.do(s.MakeNotification(B, "N1", "the sponsor's duty desk", "by telephone, call 3"), QUINN)
    play.later(days=14).finish()
    play.review(Stage.FINAL)
    with pytest.raises(Refused, match="never released again"):
        play.release()
    assert conclude(play) == ["supply concluded"]
    assert play.batch.disposition is Disposition.CONCLUDED_OUT_OF_SPECIFICATION
    with pytest.raises(Refused, match="nothing can be added"):
        play.do(c.HoldBatch(B, "late"), ALICE)


def test_the_reviewer_finds_each_record_of_it() -> None:
    """A supply out of specification is an exception, record by record."""
    said = [finding.sentence for finding in exceptions(accepted(IND).batch)]
    for kind in ("supply requested by Dora", "risk evaluated by Quinn", "supply accepted by Dora"):
        assert any(kind in sentence for sentence in said), said
