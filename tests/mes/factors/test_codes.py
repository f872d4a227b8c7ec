"""One-time codes: asked for after the password, each counts once, lost ones are taken away by somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pyotp
import pytest
import time_machine

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from mes.factors.commands import EndFactors
from mes.factors.models import SecondFactor
from mes.factors.proofs import used_step
from mes.people.models import SignIn, User
from mes.signing import Signing
from tests.cast import ALICE, BOB, QUINN
from tests.mes.laboratory import ADAM, PASSWORD, START, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import Tablet

NOW = START.timestamp()


@pytest.fixture(autouse=True)
def wall() -> Iterator[time_machine.Traveller]:
    """The machine's clock, which codes go by; it stands still until a test moves it."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def set_up(tablet: Tablet, password: str = PASSWORD) -> str:
    """Set an authenticator up on the page, and return its secret."""
    page = tablet.press("/account/factors/", "/codes", name="telephone")
    secret = re.sub(r"\s", "", re.findall(r'<code class="whole">([A-Z2-7 ]+)</code>', page.html)[0])
    form = next(form for form in page.page.forms if "code" in form.asks)
    tablet.send(form, code=pyotp.TOTP(secret).now(), password=password)
    return secret


@contextmanager
def asking(lab: Laboratory, **settings: Any) -> Iterator[None]:  # noqa: ANN401 - any setting
    """Let the laboratory ask for second factors in another way."""
    before = lab.installation.settings
    lab.installation.settings = replace(before, **settings)
    yield
    lab.installation.settings = before


@pytest.mark.requirement("RQ-071")
def test_who_has_one_is_asked_after_the_password(lab: Laboratory, wall: time_machine.Traveller) -> None:
    """With the password alone no page answers but the one that asks; a right code opens, a wrong one does not."""
    secret = set_up(lab.tablet(ALICE))
    wall.shift(60)
    tablet = lab.tablet()
    assert tablet.sign_in("alice", PASSWORD).path == "/account/factors/ask"
    asked = ("/batches/", "/account", "/account/factors/", "/api/v1/batches/B26-0001", "/audit/")
    assert {tablet.open(path).path for path in asked} == {"/account/factors/ask"}
    wrong = tablet.press("/account/factors/ask", "/ask/code", code="000000")
    assert (wrong.status, "not right" in wrong.error) == (409, True)
    assert tablet.press("/account/factors/ask", "/ask/code", code=pyotp.TOTP(secret).now()).path == "/batches/"


@pytest.mark.requirement("RQ-071")
def test_no_other_factor_is_set_up_before_the_first_is_given(lab: Laboratory, wall: time_machine.Traveller) -> None:
    """Whoever knows only the password cannot give themselves an authenticator, nor change the password."""
    set_up(lab.tablet(ALICE))
    wall.shift(60)
    tablet = lab.tablet()
    fields = tablet.sign_in("alice", PASSWORD).form("/ask/code").fields
    for path in ("/account/factors/codes", "/account/factors/passkeys", "/account/password"):
        answer = tablet.post(path, {**fields, "name": "mine", "password": PASSWORD})
        assert answer.path == "/account/factors/ask"
    assert lab.count("second_factor") == 1


@pytest.mark.requirement("RQ-071")
def test_a_code_counts_once(lab: Laboratory, wall: time_machine.Traveller) -> None:
    """Somebody looked over her shoulder: the same code is worth nothing, nor the one before it."""
    secret = set_up(lab.tablet(ALICE))
    wall.shift(60)
    code, before = pyotp.TOTP(secret).now(), pyotp.TOTP(secret).at(NOW + 30)
    first, second = lab.tablet(), lab.tablet()
    for tablet in (first, second):
        tablet.sign_in("alice", PASSWORD)
    first.press("/account/factors/ask", "/ask/code", code=code)
    for again in (code, before):
        assert second.press("/account/factors/ask", "/ask/code", code=again).status == 409


@pytest.mark.requirement("RQ-027")
def test_wrong_codes_lock_the_account(lab: Laboratory, wall: time_machine.Traveller) -> None:
    """Guessing six digits is guessing: after five the account is locked, and its half-open session is over."""
    set_up(lab.tablet(ALICE))
    wall.shift(60)
    tablet = lab.tablet()
    tablet.sign_in("alice", PASSWORD)
    form = tablet.open("/account/factors/ask").form("/ask/code")
    for _ in range(5):
        tablet.send(form, code="000000")
    assert lab.row(User, "alice").locked
    assert tablet.open("/account/factors/ask").path.startswith("/sign-in")
    assert len(lab.lines("user:alice", "password refused")) == 5
    assert lab.verify().holds


def test_an_authenticator_is_set_up_with_a_code_and_the_password(lab: Laboratory) -> None:
    """A wrong digit or a wrong password: it does not count yet, and she is not asked for it."""
    tablet = lab.tablet(ALICE)
    page = tablet.press("/account/factors/", "/codes", name="telephone")
    form = next(form for form in page.page.forms if "code" in form.asks)
    assert "not the code" in tablet.send(form, code="000000", password=PASSWORD).error
    assert tablet.send(form, code="000000", password="wrong").status == 409
    assert lab.tablet().sign_in("alice", PASSWORD).path == "/batches/"


def test_the_secret_is_in_no_line_and_not_in_the_database(lab: Laboratory) -> None:
    """It is kept encrypted, and the ledger says only that there is one."""
    secret = set_up(lab.tablet(ALICE))
    with lab.installation.reading() as session:
        (row,) = session.query(SecondFactor)
    assert secret not in row.secret
    assert secret not in str(lab.lines("user:alice"))
    assert lab.verify().holds


@pytest.mark.requirement("RQ-071")
def test_a_second_factor_signs_nothing(lab: Laboratory) -> None:
    """A signature asks for name and password; a code in its place is a wrong password."""
    secret = set_up(lab.tablet(QUINN))
    batch = Played(lab).start("COI-26-0001-A")
    signing = Signing("quinn", pyotp.TOTP(secret).now(), batch.batch.last.hash)
    with pytest.raises(Refused, match="nothing was signed"):
        lab.sign(c.HoldBatch(batch.number, "a doubt"), ALICE, signing)


@pytest.mark.requirement("RQ-023")
def test_a_lost_one_is_taken_away_by_somebody_else(lab: Laboratory) -> None:
    """Adam says how he made sure; Alice comes in with her password, and signs when another has seen her again."""
    set_up(lab.tablet(ALICE))
    lab.tablet(ADAM).press("/people?person=alice", "/alice/factors", why="seen in person, with her passport")
    assert lab.tablet().sign_in("alice", PASSWORD).path == "/batches/"
    assert lab.row(User, "alice").proven_at is None
    with pytest.raises(Refused, match="from others only"):
        lab.do(EndFactors("adam", "mine"), ADAM)


@pytest.mark.requirement("RQ-071")
def test_from_outside_one_is_needed(lab: Laboratory, wall: time_machine.Traveller) -> None:
    """At the site Alice is not asked. From elsewhere she is, and Bob, who has none, does not come in at all."""
    secret = set_up(lab.tablet(ALICE))
    wall.shift(60)
    with asking(lab, second_factor="outside", inside=(ip_network("192.0.2.0/24"),)):
        assert lab.tablet().sign_in("alice", PASSWORD).path == "/batches/"
        outside = Tablet(lab.app, "203.0.113.5")
        lab.tablets.append(outside)
        assert "set one up at a workstation of the site" in outside.sign_in("bob", PASSWORD).error
        assert outside.sign_in("alice", PASSWORD).path == "/account/factors/ask"
        outside.press("/account/factors/ask", "/ask/code", code=pyotp.TOTP(secret).now())
        assert outside.open("/batches/").path == "/batches/"


@pytest.mark.requirement("RQ-071")
def test_where_everybody_needs_one_it_is_set_up_first(lab: Laboratory) -> None:
    """Bob has none yet: at the site he is led to where it is set up, and goes on once it has shown a code."""
    with asking(lab, second_factor="always"):
        tablet = lab.tablet()
        assert tablet.sign_in("bob", PASSWORD).path == "/account/factors/"
        assert tablet.open("/batches/").path == "/account/factors/"
        set_up(tablet)
        assert tablet.open("/batches/").path == "/batches/"
    with lab.installation.reading() as session:
        assert [row.waits_for for row in session.query(SignIn).filter_by(user=BOB.id)] == [None]


@pytest.mark.parametrize(("off", "counts"), [(-30, True), (0, True), (59, True), (-31, False), (60, False)])
def test_a_telephones_clock_may_be_a_little_off(off: float, counts: bool) -> None:  # noqa: FBT001 - a parameter
    """The code before and the code after are taken; those beyond are not."""
    secret = pyotp.random_base32()
    code = pyotp.TOTP(secret).at(NOW + off)
    assert (used_step(secret, code, 0, NOW) is not None) is counts
