"""Training: it gates every step of the very text that a batch was issued by, from the next tap on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Malformed, Refused
from mes.batches.commands import IssueBatch, RecordFields
from mes.execute import Forbidden
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.people.commands import AddUser
from mes.training.commands import Assign, RecordTraining, WithdrawTraining
from mes.training.models import Training
from tests.cast import ALICE, BOB, LENA, MALLORY, QUINN
from tests.mes.furnishing import SHORT
from tests.mes.laboratory import ADAM, COI, FIRST_PASSWORD, OTHER_COI, SAM, SVEN, Laboratory
from tests.mes.played import Played


def withdraw(lab: Laboratory, user: str = "alice") -> None:
    lab.do(WithdrawTraining("short", 1, user, "has not worked here for a year"), SAM)


STEP_COMMANDS = (
    c.StartStep("", "1.1"),
    c.RecordValues("", "1.5", {"volume": "50 mL"}),
    c.TakeReading("", "1.4", "viability"),
    c.Calculate("", "1.7"),
    c.CheckIdentity("", "1.1", "bag", COI),
    c.AddMaterial("", "1.6", "medium", "CM-1"),
    c.UseEquipment("", "1.2", "counter", "CC-01"),
    c.TakeSample("", "1.3", "tube", "TUBE-1"),
    c.PrintLabels("", "1.9", "labels", 3),
    c.CorrectValue("", "1.5", "volume", "51 mL", "misread"),
    c.CompleteStep("", "1.1"),
    RecordFields("", "1.1", {"bag": COI}),
)


@pytest.mark.requirement("RQ-011")
@pytest.mark.requirement("RQ-009")
@pytest.mark.parametrize("command", STEP_COMMANDS, ids=lambda command: type(command).__name__)
def test_who_is_not_trained_acts_on_no_step(batch: Played, command: c.StepCommand) -> None:
    """Alice's training was withdrawn a moment ago: what she tries on a step is refused, and on record."""
    withdraw(batch.lab)
    before = batch.kinds()
    with pytest.raises(Refused, match="training of Alice Operator on edition 1 of recipe short ended"):
        batch.send(command, ALICE)
    assert batch.kinds() == [*before, "attempt refused"]
    assert "training of Alice Operator" in batch.lab.refusals(batch.book)[0]


@pytest.mark.requirement("RQ-011")
def test_a_verifier_who_is_not_trained_verifies_nothing(batch: Played) -> None:
    """Bob signs on Alice's tablet: it is his training that is looked at, not hers."""
    withdraw(batch.lab, "bob")
    batch.work("1.1")
    batch.complete("1.1")
    with pytest.raises(Refused, match="training of Bob Verifier"):
        batch.do(c.VerifyStep(batch.number, "1.1", ""), BOB)
    assert "training of Bob Verifier" in batch.lab.refusals(batch.book)[-1]


@pytest.mark.requirement("RQ-011")
def test_who_is_not_trained_does_not_open_a_step(batch: Played) -> None:
    """She is told why and who can change that; that she tried is in the batch's book. Quality may look all the same."""
    withdraw(batch.lab)
    withdraw(batch.lab, "quinn")
    answer = batch.lab.tablet(ALICE).open(f"{batch.page}/steps/1.1")
    assert answer.status == 409
    assert "train again" in answer.page.text
    assert len(batch.lab.refusals(batch.book)) == 1
    assert batch.lab.tablet(QUINN).open(f"{batch.page}/steps/1.1").status == 200


@pytest.mark.requirement("RQ-011")
def test_training_runs_out_by_itself(batch: Played) -> None:
    """The day it ends she works no longer; trained again, she goes on at once."""
    batch.lab.time.later(days=181)
    with pytest.raises(Refused, match="ended on 2026-08-29"):
        batch.send(c.StartStep("", "1.1"), ALICE)
    batch.lab.train()
    batch.send(c.StartStep("", "1.1"), ALICE)
    assert "step started" in batch.kinds()


@pytest.mark.requirement("RQ-011")
def test_another_edition_asks_for_another_training(lab: Laboratory) -> None:
    """Who knows the first edition does not know the second; batches of the first go on."""
    old = Played(lab).start(COI)
    lab.do(DraftRecipe("short", SHORT.replace("10 to 100 mL", "20 to 90 mL")), SVEN)
    lab.do(ApproveRecipe("short", 2), QUINN)
    lab.do(RecordTraining("short", 2, ("bob",), lab.time() + timedelta(days=30)), QUINN)
    new = Played(lab)
    new.number = lab.do(_issue(), QUINN)["batch"]
    with pytest.raises(Refused, match="Alice Operator is not trained on edition 2"):
        new.send(c.StartStep("", "1.1"), ALICE)
    new.send(c.StartStep("", "1.1"), BOB)
    old.send(c.StartStep("", "1.1"), ALICE)


def _issue() -> IssueBatch:
    return IssueBatch(OTHER_COI, {"weight": "20"})


def test_what_happened_is_told_by_anybody(batch: Played) -> None:
    """A remark and a deviation need no training: what was seen is recorded."""
    withdraw(batch.lab)
    batch.send(c.AddComment("", "the alarm of the freezer rings"), ALICE)
    batch.send(c.RaiseDeviation("", "the door stood open"), ALICE)
    assert {"comment added", "deviation raised"} <= set(batch.kinds())


@pytest.mark.requirement("RQ-011")
def test_who_recorded_it_and_until_when_is_kept(lab: Laboratory) -> None:
    """A line in Mallory's book says by whom, on what and how long."""
    until = lab.time() + timedelta(days=90)
    lab.do(RecordTraining("short", 1, ("mallory",), until), QUINN)
    row = lab.row(Training, ("mallory", lab.lines("user:mallory")[-1]["body"]["digest"]))
    assert (row.recorded_by, row.until, row.trained) == ("quinn", until, lab.time())
    assert lab.lines("user:mallory")[-1]["author"] == "quinn"
    assert lab.verify().holds


def test_nobody_records_their_own_training(lab: Laboratory) -> None:
    """Sam supervises; another says that Sam was trained."""
    with pytest.raises(Refused, match="their own training"):
        lab.do(RecordTraining("short", 1, ("sam",), lab.time() + timedelta(days=9)), SAM)


@pytest.mark.parametrize(
    ("users", "days", "edition", "sentence"),
    [
        ((), 9, 1, "choose who"),
        (("alice",), 0, 1, "a day to come"),
        (("nobody_there",), 9, 1, "no person"),
        (("clock_1",), 9, 1, "no person"),
        (("alice",), 9, 7, "no edition 7"),
    ],
)
def test_training_is_of_somebody_on_something(
    lab: Laboratory, users: tuple[str, ...], days: int, edition: int, sentence: str
) -> None:
    """Nobody, no day to come, a person or an edition that there is not: said."""
    with pytest.raises((Malformed, Refused), match=sentence):
        lab.do(RecordTraining("short", edition, users, lab.time() + timedelta(days=days)), SAM)


def test_nobody_is_trained_on_a_draft(lab: Laboratory) -> None:
    """What is not approved can still change."""
    lab.do(DraftRecipe("short", SHORT + "# next\n"), SVEN)
    with pytest.raises(Refused, match="not approved yet"):
        lab.do(RecordTraining("short", 2, ("alice",), lab.time() + timedelta(days=9)), SAM)


@pytest.mark.parametrize("person", [ALICE, ADAM, MALLORY, SVEN])
def test_who_neither_supervises_nor_reviews_records_no_training(lab: Laboratory, person: c.Person) -> None:
    """Administrators least of all: they decide over nothing in manufacture."""
    with pytest.raises(Forbidden):
        lab.do(RecordTraining("short", 1, ("mallory",), lab.time() + timedelta(days=9)), person)


def test_the_page_trains_and_withdraws(lab: Laboratory) -> None:
    """Sam chooses two people, says until when, and takes one back with a reason."""
    lab.do(AddUser("newt", "Newt Newcomer", ("operator",), FIRST_PASSWORD), ADAM)
    tablet = lab.tablet(SAM)
    form = tablet.open("/training/?recipe=short&edition=1").form("/training/short/1")
    answer = tablet.post("/training/short/1", {**form.fields, "trained": ["newt", "bob"], "until": "2026-12-24"})
    assert answer.status == 200
    assert "2026-12-24" in answer.page.text
    form = tablet.open("/training/?recipe=short&edition=1").form("/newt/withdrawal")
    tablet.send(form, why="trained on the wrong day")
    (reason,) = lab.lines("user:newt", "reason given")
    assert reason["body"]["reason"] == "trained on the wrong day"
    assert lab.tablet(ALICE).open("/training/").status == 403


@pytest.mark.requirement("RQ-009")
def test_a_batch_is_for_those_who_are_assigned(batch: Played) -> None:
    """With Bob assigned, Alice is refused; taken off again, whoever is trained may go on."""
    lab = batch.lab
    lab.do(Assign(batch.number, ("bob", "lena")), SAM)
    with pytest.raises(Refused, match="Alice Operator is not assigned to batch"):
        batch.send(c.StartStep("", "1.1"), ALICE)
    batch.send(c.StartStep("", "1.1"), BOB)
    with pytest.raises(Malformed, match="say why"):
        lab.do(Assign(batch.number, ()), SAM)
    lab.do(Assign(batch.number, (), "her colleagues are back"), SAM)
    batch.send(c.CheckIdentity("", "1.1", "bag", COI), ALICE)
    assert lab.verify().holds
    with pytest.raises(Forbidden):
        lab.do(Assign(batch.number, ("lena",)), LENA)
