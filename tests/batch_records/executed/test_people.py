"""Who may: roles, a second person who did none of the work, and a signature on what was seen."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed.batch import StepState
from batch_records.executed.commands import Person
from batch_records.executed.draft import Refused
from batch_records.master.recipe import Role
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import small
from tests.cast import ADAM, ALICE, BOB, DORA, LENA, MALLORY, PETRA, QUINN

VOLUMES = """
- step: 1.1 Volumes
  record: {first_volume: {unit: mL}, second_volume: {unit: mL}}
  verified by: verifier
"""
CAROL = Person("carol", "Carol Verifier", frozenset({Role.OPERATOR.value, Role.VERIFIER.value}))


def completed() -> Play:
    """Return a batch whose one step Alice did and completed."""
    play = Play(small(VOLUMES)).start()
    play.enter("1.1", ALICE, first_volume="5", second_volume="6")
    play.complete("1.1", ALICE)
    return play


@pytest.mark.parametrize("person", [LENA, DORA, QUINN, PETRA, ADAM, MALLORY])
@pytest.mark.requirement("RQ-009")
def test_a_step_is_for_who_holds_its_role(person: Person) -> None:
    """The sentence names the role and the person."""
    play = Play(small(VOLUMES)).start()
    with pytest.raises(Refused, match=f"for a person with the role “operator”; {person.name} does not hold it"):
        play.enter("1.1", person, first_volume="5")


@pytest.mark.parametrize("command", [c.StartStep(B, "1.1"), c.CompleteStep(B, "1.1"), c.Calculate(B, "1.1")])
@pytest.mark.requirement("RQ-009")
def test_no_command_on_a_step_gets_round_its_role(command: c.StepCommand) -> None:
    """Starting, completing and computing are held to it alike."""
    with pytest.raises(Refused, match="for a person with the role “operator”"):
        Play(small(VOLUMES)).start().do(command, LENA)


@pytest.mark.parametrize("role", Role)
def test_each_role_performs_what_the_recipe_gives_it(role: Role) -> None:
    """And nobody else does."""
    recipe = small(f"- step: 1.1 Look\n  do: Look\n  performed by: {role.value}\n")
    holder = Person("h", "H", frozenset({role.value}))
    others = Person("o", "O", frozenset(other.value for other in Role if other is not role))
    with pytest.raises(Refused, match=f"the role “{role.value}”"):
        Play(recipe).start().complete("1.1", others)
    assert kinds(Play(recipe).start().complete("1.1", holder)) == ["step started", "step completed"]


def test_another_person_verifies() -> None:
    """Bob checks what Alice did."""
    play = completed()
    assert kinds(play.verify("1.1", BOB)) == ["step verified"]
    assert play.batch.run("1.1").state is StepState.VERIFIED


@pytest.mark.parametrize("person", [ALICE, LENA, QUINN, MALLORY])
def test_verifying_is_for_who_holds_the_role(person: Person) -> None:
    """An operator who is no verifier cannot check, nor can an analyst or a reviewer."""
    play = completed()
    with pytest.raises(Refused, match="the role “verifier”"):
        play.verify("1.1", person)


@pytest.mark.requirement("RQ-043")
@pytest.mark.requirement("RQ-033")
def test_nobody_verifies_what_they_did() -> None:
    """Bob may verify, and did this one himself."""
    play = Play(small(VOLUMES)).start()
    play.enter("1.1", BOB, first_volume="5", second_volume="6")
    play.complete("1.1", BOB)
    with pytest.raises(Refused, match=r"Bob Verifier did some of step 1.1: another person verifies it"):
        play.verify("1.1", BOB)


@pytest.mark.parametrize("part", ["starts it", "records one value", "completes it", "corrects one value"])
@pytest.mark.requirement("RQ-043")
def test_nobody_verifies_a_step_that_they_did_any_of(part: str) -> None:
    """However small the part."""
    play = Play(small(VOLUMES)).start()
    play.do(c.StartStep(B, "1.1"), BOB if part == "starts it" else ALICE)
    play.enter("1.1", BOB if part == "records one value" else ALICE, first_volume="5")
    play.enter("1.1", ALICE, second_volume="6")
    play.complete("1.1", BOB if part == "completes it" else ALICE)
    if part == "corrects one value":
        play.correct("1.1", "first_volume", "5.1", by=BOB)
        play.complete("1.1", ALICE)
    with pytest.raises(Refused, match="Bob Verifier did some of step"):
        play.verify("1.1", BOB)
    assert kinds(play.verify("1.1", CAROL)) == ["step verified"]


def test_who_only_verified_or_sent_back_may_verify_again() -> None:
    """Checking is not doing."""
    play = completed()
    play.send_back("1.1", "the second volume is hard to read", BOB)
    play.complete("1.1", ALICE)
    assert kinds(play.verify("1.1", BOB)) == ["step verified"]


def test_sending_back_opens_the_step_again_with_the_reason() -> None:
    """The performer sees what is to be put right, and the reviewer that it was."""
    play = completed()
    assert kinds(play.send_back("1.1", "which syringe?")) == ["step reopened"]
    run = play.batch.run("1.1")
    assert (run.state, run.completed, [why for _, why in run.reopened]) == (
        StepState.IN_PROGRESS,
        None,
        ["which syringe?"],
    )


def test_sending_back_needs_a_reason() -> None:
    """“No” alone helps nobody."""
    play = completed()
    with pytest.raises(Refused, match="say what is to be put right"):
        play.send_back("1.1", "  ")


@pytest.mark.requirement("RQ-100")
@pytest.mark.requirement("RQ-017")
def test_only_what_was_on_the_screen_is_signed() -> None:
    """A value corrected after Bob opened the page is not under his signature."""
    play = completed()
    last = play.batch.run("1.1").last
    assert last
    play.correct("1.1", "first_volume", "5.5", by=ALICE)
    play.complete("1.1", ALICE)
    with pytest.raises(Refused, match="the step has changed since it was shown"):
        play.do(c.VerifyStep(B, "1.1", last.hash), BOB)


def test_a_remark_on_the_step_is_a_change_too() -> None:
    """What was remarked since is to be read before signing."""
    play = completed()
    last = play.batch.run("1.1").last
    assert last
    play.do(c.AddComment(B, "the scale was noisy", "1.1"), ALICE)
    with pytest.raises(Refused, match="has changed since it was shown"):
        play.do(c.VerifyStep(B, "1.1", last.hash), BOB)


@pytest.mark.parametrize("when", ["before it is started", "while it is in progress", "when it is verified already"])
def test_only_a_completed_step_is_verified(when: str) -> None:
    """The sentence says where the step stands."""
    play = completed() if "already" in when else Play(small(VOLUMES)).start()
    if "progress" in when:
        play.enter("1.1", first_volume="5")
    if "already" in when:
        play.verify("1.1")
    with pytest.raises(Refused, match="it is verified when it is completed"):
        play.verify("1.1", CAROL)


def test_a_step_that_asks_for_no_second_person_is_not_verified() -> None:
    """A signature that nobody asked for proves nothing."""
    play = Play(small("- step: 1.1 Look\n  do: Look\n")).start().step("1.1")
    with pytest.raises(Refused, match=r"step 1.1 needs no second person"):
        play.verify("1.1")


@pytest.mark.requirement("RQ-106")
def test_the_record_knows_who_did_what() -> None:
    """Each value, the completion and the verification carry their author."""
    play = completed()
    play.verify("1.1")
    run = play.batch.run("1.1")
    assert {value.stamp.author for value in run.values.values()} == {"alice"}
    assert run.completed
    assert run.verified
    assert (run.completed.author, run.verified.author, run.people, run.verifiers) == (
        "alice",
        "bob",
        frozenset({"alice"}),
        frozenset({"bob"}),
    )


def test_a_batch_that_was_not_started_is_said_to_be() -> None:
    """Nothing is done to what is not there."""
    play = Play(small(VOLUMES))
    with pytest.raises(Refused, match="this batch has not been started"):
        play.enter("1.1", first_volume="5")
