"""Accounts: who may do what, and how that changes."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Malformed, Refused
from mes.execute import Forbidden
from mes.people import commands as p
from mes.people import queries
from mes.people.models import User
from mes.signing import Signing
from tests.cast import ALICE, MALLORY
from tests.mes.laboratory import ADAM, CLOCK, FIRST_PASSWORD, GATEWAY, PASSWORD, TOKENS, Laboratory
from tests.mes.played import Played


@pytest.mark.requirement("RQ-018")
@pytest.mark.requirement("RQ-024")
def test_an_id_is_never_given_again(lab: Laboratory) -> None:
    """Mallory has left; nobody else becomes “mallory”, and neither does a machine."""
    lab.do(p.SetActive("mallory", active=False, reason="has left"), ADAM)
    with pytest.raises(Refused, match="never given again"):
        lab.do(p.AddUser("mallory", "Mallory Another", (), PASSWORD), ADAM)
    with pytest.raises(Refused, match="never given again"):
        lab.do(p.AddMachine("mallory", "A machine", "clock", "a token"), ADAM)


@pytest.mark.parametrize("id_", ["", "Alice", "alice smith", "алиса", "1alice", "alice-2", "x" * 61, "nobody", "setup"])
def test_an_id_is_plain(lab: Laboratory, id_: str) -> None:
    """Small letters, digits and _: what is typed with gloves on, and never taken for another's."""
    with pytest.raises((Malformed, Refused)):
        lab.do(p.AddUser(id_, "Somebody New", (), PASSWORD), ADAM)
    assert lab.count("user_account") == 15


def test_a_name_is_asked_for(lab: Laboratory) -> None:
    """A name is printed beside every signature, so there is no account without one."""
    with pytest.raises(Malformed, match="full name"):
        lab.do(p.AddUser("new", "  ", (), PASSWORD), ADAM)


def test_a_role_that_does_not_exist_is_refused(lab: Laboratory) -> None:
    """Nobody is made something that nothing asks for."""
    with pytest.raises(Malformed, match="no role"):
        lab.do(p.AddUser("new", "Somebody New", ("king",), PASSWORD), ADAM)


@pytest.mark.requirement("RQ-073")
@pytest.mark.requirement("RQ-105")
@pytest.mark.parametrize("role", p.GMP_ROLES)
def test_an_administrator_holds_no_role_in_manufacture(lab: Laboratory, role: str) -> None:
    """Who administers makes nothing, tests nothing and releases nothing, neither at first nor later."""
    with pytest.raises(Refused, match="holds no role in manufacture"):
        lab.do(p.AddUser("new", "Somebody New", ("administrator", role), PASSWORD), ADAM)
    with pytest.raises(Refused, match="holds no role in manufacture"):
        lab.do(p.ChangeRoles("mallory", ("administrator", role), "to save time"), ADAM)


@pytest.mark.requirement("RQ-009")
def test_a_role_counts_from_the_next_request(batch: Played) -> None:
    """Alice operates no longer; what she has open on her tablet does nothing any more."""
    tablet = batch.lab.tablet(ALICE)
    page = tablet.open(f"{batch.page}/steps/1.1")
    batch.lab.do(p.ChangeRoles("alice", (), "moved to another department"), ADAM)
    answer = tablet.send(page.form("/values"), {"value.bag": batch.batch.coi})
    assert (answer.status, "You hold no role" in answer.page.text) == (403, True)
    assert "does not hold it" in batch.lab.refusals(batch.book)[-1]


@pytest.mark.requirement("RQ-064")
def test_a_change_of_roles_says_who_when_and_why(lab: Laboratory) -> None:
    """What Bob may was changed by Adam, from this to that, for a reason."""
    lab.do(p.ChangeRoles("bob", ("operator",), "no longer verifies"), ADAM)
    reason, change = lab.lines("user:bob")[-2:]
    assert reason["body"] == {"reason": "no longer verifies"}
    assert change["body"] == {"id": "bob", "changes": {"roles": [["operator", "verifier"], ["operator"]]}}
    assert change["author"] == "adam"


@pytest.mark.parametrize(
    "command",
    [
        p.ChangeRoles("bob", (), " "),
        p.SetActive("bob", active=False, reason=""),
        p.SetActive("bob", active=True, reason=" "),
        p.SetPassword("bob", FIRST_PASSWORD, ""),
        p.Unlock("bob", ""),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_right_changes_with_a_reason_only(lab: Laboratory, command: object) -> None:
    """Without a word why, nothing is given and nothing taken."""
    with pytest.raises(Malformed, match="say why"):
        lab.do(command, ADAM)


@pytest.mark.parametrize(
    "command",
    [p.ChangeRoles("adam", (), "enough"), p.SetActive("adam", active=False, reason="enough")],
    ids=lambda command: type(command).__name__,
)
def test_nobody_changes_their_own_rights(lab: Laboratory, command: object) -> None:
    """Adam can neither raise himself nor lock the laboratory out of its administration."""
    with pytest.raises(Refused, match="nobody"):
        lab.do(command, ADAM)


def test_nobody_but_an_administrator_adds_people(lab: Laboratory) -> None:
    """Mallory would like an account with another name."""
    with pytest.raises(Forbidden):
        lab.do(p.AddUser("malloria", "Mallory Again", ("releaser",), PASSWORD), MALLORY)


def test_who_does_not_exist_is_not_changed(lab: Laboratory) -> None:
    """A slip of the pen in an id is said."""
    with pytest.raises(Refused, match="no user"):
        lab.do(p.ChangeRoles("nobody_there", (), "a slip"), ADAM)


@pytest.mark.requirement("RQ-009")
def test_a_deactivated_person_is_out_at_the_next_request(lab: Laboratory) -> None:
    """Bob has left: his open tablet asks him to sign in, and his password opens nothing."""
    tablet = lab.tablet(lab_person(lab, "bob"))
    lab.do(p.SetActive("bob", active=False, reason="has left"), ADAM)
    assert tablet.open("/batches/").path.startswith("/sign-in")
    assert tablet.sign_in("bob", PASSWORD).status == 403
    lab.do(p.SetActive("bob", active=True, reason="is back"), ADAM)
    assert tablet.sign_in("bob", PASSWORD).path == "/batches/"


def lab_person(lab: Laboratory, id_: str) -> c.Person:
    return lab.row(User, id_).person()


def test_a_deactivated_person_signs_nothing(batch: Played) -> None:
    """A signature asks whether its signer still works here."""
    batch.lab.do(p.SetActive("quinn", active=False, reason="has left"), ADAM)
    with pytest.raises(Refused, match="nothing was signed"):
        batch.lab.sign(c.HoldBatch(batch.number, "a doubt"), ALICE, Signing("quinn", PASSWORD, batch.batch.last.hash))


# --- locked out ---------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-027")
def test_five_wrong_passwords_lock_the_account(lab: Laboratory) -> None:
    """Somebody guesses at Alice's: after five she is locked, and her own password is of no use either."""
    tablet = lab.tablet()
    answers = [tablet.sign_in("alice", f"a guess, number {number}") for number in range(5)]
    assert {answer.status for answer in answers} == {403}
    assert lab.row(User, "alice").locked
    assert tablet.sign_in("alice", PASSWORD).status == 403
    assert len(lab.lines("user:alice", "password refused")) == 6


@pytest.mark.requirement("RQ-027")
def test_wrong_signatures_count_as_well(batch: Played) -> None:
    """Guessing in the signature panel is guessing."""
    batch.finish("1.8")
    for number in range(5):
        with pytest.raises(Refused, match="nothing was signed"):
            batch.lab.sign(c.VerifyStep(batch.number, "1.5", ""), ALICE, Signing("bob", f"guess {number}", ""))
    assert batch.lab.row(User, "bob").locked
    assert batch.lab.tablet().sign_in("bob", PASSWORD).status == 403


@pytest.mark.requirement("RQ-072")
def test_an_administrator_unlocks_after_an_assessment(lab: Laboratory) -> None:
    """Adam looks into it and says what he found; Alice works on, her count at nought."""
    for number in range(5):
        lab.tablet().sign_in("alice", f"a guess, number {number}")
    lab.do(p.Unlock("alice", "her gloves; no attack"), ADAM)
    assert lab.tablet().sign_in("alice", PASSWORD).path == "/batches/"
    assert lab.row(User, "alice").wrong_passwords == 0


def test_a_right_password_forgets_the_wrong_ones_before(lab: Laboratory) -> None:
    """Four slips and then the right one: tomorrow she begins anew."""
    for number in range(4):
        lab.tablet().sign_in("alice", f"a slip, number {number}")
    lab.tablet().sign_in("alice", PASSWORD)
    assert lab.row(User, "alice").wrong_passwords == 0


def test_nobody_can_ask_who_exists(lab: Laboratory) -> None:
    """A wrong password, an unknown name and a locked account get the very same answer."""
    lab.do(p.SetActive("bob", active=False, reason="has left"), ADAM)
    answers = [lab.tablet().sign_in(user, "not the password") for user in ("alice", "bob", "nobody_there", "clock_1")]
    assert len({(answer.status, answer.error) for answer in answers}) == 1
    assert lab.lines("user:nobody_there")[0]["kind"] == "password refused"


def test_a_name_as_long_as_a_book_is_noted_in_short(lab: Laboratory) -> None:
    """Whatever is typed for a name, the attempt is noted, and the ledger stays whole."""
    assert lab.tablet().sign_in("x" * 5_000, "not the password").status == 403
    assert lab.tablet().sign_in("ünï\tcode ' OR 1=1 --", "not the password").status == 403
    assert lab.verify().holds


def test_a_first_password_is_given_again(lab: Laboratory) -> None:
    """Alice forgot hers: Adam gives another, the old one is void, the account open."""
    lab.do(p.SetPassword("alice", "another long enough password", "forgot hers"), ADAM)
    assert lab.tablet().sign_in("alice", PASSWORD).status == 403
    assert lab.tablet().sign_in("alice", "another long enough password").path == "/account"


# --- machines -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-071")
def test_a_machine_has_a_token_and_one_role(lab: Laboratory) -> None:
    """A gateway delivers readings; it neither signs in nor signs."""
    with lab.app.app_context():
        assert queries.machine(TOKENS[GATEWAY.id]) == GATEWAY
        assert queries.machine("another") is None
    assert lab.tablet().sign_in(GATEWAY.id, TOKENS[GATEWAY.id]).status == 403
    with pytest.raises(Malformed, match="gateway, the clock, or"):
        lab.do(p.AddMachine("robot", "A robot", "operator", "a token"), ADAM)


def test_a_deactivated_machine_is_not_known(lab: Laboratory) -> None:
    """A gateway that was taken out of service delivers nothing more."""
    lab.do(p.SetActive(CLOCK.id, active=False, reason="replaced"), ADAM)
    with lab.app.app_context():
        assert queries.machine(TOKENS[CLOCK.id]) is None


def test_a_token_is_one_machines_only(lab: Laboratory) -> None:
    """Two machines with the same token could not be told apart."""
    with pytest.raises(Refused, match="another machine"):
        lab.do(p.AddMachine("gateway_2", "Another gateway", "instrument", TOKENS[GATEWAY.id]), ADAM)
