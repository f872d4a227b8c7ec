"""Who may sign: a password of one's own, an identity that somebody saw, a statement that was accepted."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed, Refused
from mes.execute import Forbidden
from mes.people import commands as p
from mes.people.identity import DOCUMENTS, AcceptStatement, IssueStatement, ProveIdentity
from mes.people.models import SignIn, User
from mes.signing import Signing
from tests.cast import ALICE, BOB, QUINN
from tests.mes.laboratory import ADAM, FIRST_PASSWORD, PASSWORD, SAM, SVEN, Laboratory
from tests.mes.played import Played

NEWT = Person("newt", "Newt Newcomer", frozenset({"quality reviewer"}))
OWN = "eleven owls over a frozen pond"


@pytest.fixture
def newt(lab: Laboratory) -> Laboratory:
    """A laboratory that a quality reviewer has just joined."""
    lab.do(p.AddUser(NEWT.id, NEWT.name, tuple(NEWT.roles), FIRST_PASSWORD), ADAM)
    return lab


def hold(batch: Played, password: str = OWN, user: str = "newt") -> None:
    """Sign something."""
    command = c.HoldBatch(batch.number, "a doubt")
    batch.lab.sign(command, ALICE, Signing(user, password, batch.batch.last.hash))


def choose(lab: Laboratory, password: str = OWN, now: str = FIRST_PASSWORD, user: str = "newt") -> None:
    lab.sign(p.ChoosePassword(user, "", password), NEWT, Signing(user, now, ""))


# --- a password of one's own --------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-072")
@pytest.mark.requirement("RQ-099")
def test_the_first_password_is_changed_at_the_first_sign_in(newt: Laboratory) -> None:
    """Whatever page is asked for, there is only one: the one on which a password is chosen."""
    tablet = newt.tablet()
    answer = tablet.sign_in("newt", FIRST_PASSWORD)
    assert answer.path == "/account"
    assert {tablet.open(path).path for path in ("/batches/", "/audit/", "/people", "/training/")} == {"/account"}
    form = answer.form("/account/password")
    assert tablet.send(form, password=FIRST_PASSWORD, new_password=OWN, again=OWN).path == "/account"
    assert tablet.open("/batches/").path == "/batches/"
    assert newt.tablet().sign_in("newt", FIRST_PASSWORD).status == 403
    assert newt.tablet().sign_in("newt", OWN).path == "/batches/"


@pytest.mark.requirement("RQ-072")
@pytest.mark.parametrize(
    ("now", "new", "again", "sentence"),
    [
        ("not the one", OWN, OWN, "do not belong together"),
        (FIRST_PASSWORD, OWN, OWN + "!", "not the same"),
        (FIRST_PASSWORD, FIRST_PASSWORD, FIRST_PASSWORD, "choose another"),
        (FIRST_PASSWORD, "too short", "too short", "15 to 200"),
        (FIRST_PASSWORD, "passwordpassword", "passwordpassword", "easily guessed"),
        (FIRST_PASSWORD, "Newcomer 2026 lab", "Newcomer 2026 lab", "easily guessed"),
        (FIRST_PASSWORD, "Test laboratory Room 1", "Test laboratory Room 1", "easily guessed"),
    ],
)
def test_a_password_is_chosen_with_the_one_before(
    newt: Laboratory, now: str, new: str, again: str, sentence: str
) -> None:
    """A wrong one, two that differ, the same again, a short one, one that is guessed: said beside the form."""
    tablet = newt.tablet()
    form = tablet.sign_in("newt", FIRST_PASSWORD).form("/account/password")
    answer = tablet.send(form, password=now, new_password=new, again=again)
    assert answer.status in (400, 409)
    assert sentence in answer.error
    assert newt.row(User, "newt").is_first_password


@pytest.mark.requirement("RQ-023")
def test_a_reset_is_on_record_and_asks_for_another_at_once(lab: Laboratory) -> None:
    """Adam gives Alice a first password: her open session is over, the line says so, and she chooses anew."""
    tablet = lab.tablet(ALICE)
    lab.do(p.SetPassword("alice", FIRST_PASSWORD, "forgot it"), ADAM)
    changed = lab.lines("user:alice", "user account changed")[-1]
    assert changed["author"] == "adam"
    assert changed["body"]["changes"]["is_first_password"] == [None, True]
    assert tablet.open("/batches/").path.startswith("/sign-in")
    assert lab.tablet().sign_in("alice", FIRST_PASSWORD).path == "/account"


@pytest.mark.requirement("RQ-023")
def test_who_resets_a_password_cannot_sign_with_it(batch: Played) -> None:
    """Adam gives Quinn a password, chooses one as if he were her: until another has seen her, nothing is signed."""
    lab = batch.lab
    lab.do(p.SetPassword("quinn", FIRST_PASSWORD, "forgot it"), ADAM)
    with pytest.raises(Refused, match="still has a first password"):
        hold(batch, FIRST_PASSWORD, "quinn")
    choose(lab, user="quinn")
    with pytest.raises(Refused, match="nobody has checked yet who Quinn Reviewer is"):
        hold(batch, user="quinn")
    with pytest.raises(Forbidden):
        lab.do(ProveIdentity("quinn", "passport"), ADAM)
    lab.do(ProveIdentity("quinn", "passport"), SAM)
    hold(batch, user="quinn")
    assert batch.kinds()[-1] == "batch held"


def test_choosing_a_password_ends_the_other_sessions(lab: Laboratory) -> None:
    """Somebody may have seen it: wherever else she is signed in, she is so no longer; here she goes on."""
    here, there = lab.tablet(ALICE), lab.tablet(ALICE)
    here.press("/account", "/account/password", password=PASSWORD, new_password=OWN, again=OWN)
    assert here.open("/batches/").path == "/batches/"
    assert there.open("/batches/").path.startswith("/sign-in")


@pytest.mark.requirement("RQ-023")
def test_nobody_chooses_for_another(lab: Laboratory) -> None:
    """With one's own password, another's is not changed; without any, none is."""
    with pytest.raises(Refused, match="their own password"):
        lab.sign(p.ChoosePassword("bob", "", OWN), ALICE, Signing("alice", PASSWORD, ""))
    with pytest.raises(Refused, match="their own password"):
        lab.sign(p.ChoosePassword("alice", "", OWN), ALICE, None)


def test_no_line_holds_a_password(newt: Laboratory) -> None:
    """Neither the first nor the chosen one, nor what is kept of them."""
    choose(newt)
    texts = " ".join(str(line) for line in newt.lines("user:newt"))
    assert OWN not in texts
    assert FIRST_PASSWORD not in texts
    assert "argon2" not in texts


# --- seen to be who they are --------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-019")
def test_nobody_signs_before_their_identity_was_checked(newt: Laboratory) -> None:
    """Newt is told who does it; when Sam has looked at the passport, who, what and when are in the line."""
    choose(newt)
    newt.sign(AcceptStatement("newt", 1), NEWT, Signing("newt", OWN, ""))
    batch = Played(newt).start("COI-26-0001-A")
    with pytest.raises(Refused, match="a supervisor or a quality reviewer looks at a document"):
        hold(batch)
    newt.do(ProveIdentity("newt", "passport"), SAM)
    line = newt.lines("user:newt", "user account changed")[-1]
    assert line["author"] == "sam"
    assert line["body"]["changes"]["proof"] == [None, "passport"]
    hold(batch)
    assert newt.verify().holds


@pytest.mark.requirement("RQ-019")
@pytest.mark.parametrize("person", [ADAM, ALICE, SVEN], ids=lambda person: person.id)
def test_an_identity_is_checked_by_who_may(newt: Laboratory, person: Person) -> None:
    """Who gives accounts does not also say whose they are."""
    with pytest.raises(Forbidden):
        newt.do(ProveIdentity("newt", "passport"), person)


def test_nobody_proves_themselves(lab: Laboratory) -> None:
    """Nor by a document that is none; nor a machine."""
    with pytest.raises(Refused, match="their own identity"):
        lab.do(ProveIdentity("quinn", "passport"), QUINN)
    with pytest.raises(Malformed, match="which kind"):
        lab.do(ProveIdentity("bob", "library card"), QUINN)
    with pytest.raises(Refused, match="no person"):
        lab.do(ProveIdentity("clock_1", "passport"), QUINN)


def test_the_page_asks_which_document(newt: Laboratory) -> None:
    """Quinn opens Newt's account and says what she saw."""
    tablet = newt.tablet(QUINN)
    tablet.press("/people?person=newt", "/people/newt/identity", document=DOCUMENTS[1])
    row = newt.row(User, "newt")
    assert (row.proof, row.proven_by, row.proven_at) == ("identity card", "quinn", newt.time())


# --- what a signature means ---------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-012")
def test_the_statement_is_accepted_before_the_first_signature(newt: Laboratory) -> None:
    """Newt reads it on the page of the account and accepts it with the password; then a signature counts."""
    choose(newt)
    newt.do(ProveIdentity("newt", "passport"), SAM)
    batch = Played(newt).start("COI-26-0001-A")
    with pytest.raises(Refused, match="has not accepted yet what a signature means"):
        hold(batch)
    tablet = newt.tablet()
    tablet.sign_in("newt", OWN)
    assert tablet.press("/account", "/account/statement", password="not mine").status == 409
    assert "accepted 2026-03-02" in tablet.press("/account", "/account/statement", password=OWN).page.text
    hold(batch)


@pytest.mark.requirement("RQ-012")
def test_a_new_edition_is_asked_for_again(batch: Played) -> None:
    """Quality puts another text in force: from the next signature on everybody is asked, its author too."""
    lab = batch.lab
    lab.do(IssueStatement("My signature binds me. I also lock my screen."), QUINN)
    for user in ("quinn", "petra"):
        with pytest.raises(Refused, match="has not accepted yet"):
            hold(batch, PASSWORD, user)
    with pytest.raises(Refused, match="changed meanwhile"):
        lab.sign(AcceptStatement("quinn", 1), QUINN, Signing("quinn", PASSWORD, ""))
    tablet = lab.tablet(QUINN)
    assert "I also lock my screen." in tablet.open("/account").page.text
    tablet.press("/account", "/account/statement", password=PASSWORD)
    hold(batch, PASSWORD, "quinn")
    assert lab.verify().holds


@pytest.mark.requirement("RQ-012")
def test_quality_puts_another_text_in_force_on_the_page(lab: Laboratory) -> None:
    """Quinn writes it under her own name and signs; an operator is not offered to."""
    tablet = lab.tablet(QUINN)
    signed = {"user": "quinn", "password": PASSWORD}
    assert tablet.press("/account", "/statement/issue", signed, text=" ").status == 400
    answer = tablet.press("/account", "/statement/issue", signed, text="I read what I sign.")
    assert "I read what I sign." in answer.page.text
    assert lab.lines("laboratory", "accountability statement issued")[0]["signed"]["meaning"] == "issued"
    assert lab.tablet(ALICE).open("/account").page.form("/statement/issue") is None


def test_nobody_accepts_for_another(lab: Laboratory) -> None:
    """Neither with one's own password, nor with none."""
    lab.do(IssueStatement("Another one."), QUINN)
    for signing in (Signing("alice", PASSWORD, ""), None):
        with pytest.raises(Refused, match="for themselves"):
            lab.sign(AcceptStatement("bob", 2), ALICE, signing)
    lab.sign(AcceptStatement("quinn", 2), QUINN, Signing("quinn", PASSWORD, ""))
    with pytest.raises(Malformed, match="write what"):
        lab.do(IssueStatement(" "), QUINN)


@pytest.mark.requirement("RQ-022")
def test_after_a_lock_nothing_is_left_of_what_was_given(lab: Laboratory) -> None:
    """That both components were given counts for a session; a lock ends it, and the next begins without."""
    tablet = lab.tablet(BOB)
    tablet.press("/batches/", "/lock")
    tablet.sign_in("bob", PASSWORD)
    with lab.installation.reading() as session:
        rows = session.query(SignIn).filter_by(user="bob").all()
    assert [row.both_given for row in rows] == [False, False]
