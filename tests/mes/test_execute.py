"""The door: one act for a tap, an answer after the commit, and every attempt in the ledger."""

from __future__ import annotations

import dataclasses
import threading
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from batch_records.executed import commands as c
from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed, Refused
from mes.execute import HANDLERS, Actor, Doing, Forbidden, execute, handles
from mes.materials.models import Lot
from mes.people.commands import ROLES
from mes.people.models import User
from tests.cast import ALICE, BOB, MALLORY, QUINN
from tests.mes.fixtures import Copying
from tests.mes.furnishing import MEDIUM
from tests.mes.laboratory import ADAM, OTHER_COI, START, Laboratory, opened
from tests.mes.played import Played


@dataclass(frozen=True)
class Knock:
    """A wish of the tests' own."""

    book: str
    then: Callable[[Doing], object] = lambda _: None


@contextmanager
def handling(command: type, **how: typing.Any) -> Iterator[None]:  # noqa: ANN401 - what `handles` takes
    """Have the door know a command for a while."""
    books = how.pop("books", lambda it: (it.book,))

    @handles(command, "knocked", books=books, **how)
    def _run(doing: Doing, wish: Knock) -> Mapping[str, str]:
        doing.act.write(wish.book, "knocked", {})
        wish.then(doing)
        return {"knocked": wish.book}

    try:
        yield
    finally:
        del HANDLERS[command]


# --- one tap, one act ---------------------------------------------------------------------------------------------


def test_the_same_tap_twice_is_one_act_and_one_answer(batch: Played) -> None:
    """Alice taps twice: the value is recorded once, and both times she is told the same."""
    batch.finish("1.5")
    tap, command = str(uuid4()), c.RecordValues(batch.number, "1.5", {"volume": "50 mL"})
    first = batch.send(command, ALICE, tap)
    before = batch.kinds()
    assert batch.send(command, ALICE, tap) == first
    assert batch.kinds() == before


def test_a_tap_that_can_be_repeated_is_not(batch: Played) -> None:
    """A remark could be made twice; the same tap makes it once."""
    tap = str(uuid4())
    for _ in range(3):
        batch.send(c.AddComment(batch.number, "all well"), ALICE, tap)
    assert batch.kinds().count("comment added") == 1


def test_a_refusal_is_not_remembered(batch: Played) -> None:
    """What was refused can be tried again with the same tap, and is done when it may be."""
    tap, command = str(uuid4()), c.UseEquipment(batch.number, "1.2", "counter", "CC-01")
    with pytest.raises(Refused):
        batch.send(command, ALICE, tap)
    batch.finish("1.2")
    batch.send(command, ALICE, tap)
    assert batch.value("1.2", "counter") == "CC-01"


def test_a_tap_with_other_content_is_not_answered_as_saved(batch: Played) -> None:
    """A form sent again from the browser's history, changed: she is told that it was not saved."""
    tap = str(uuid4())
    batch.send(c.AddComment(batch.number, "all well"), ALICE, tap)
    with pytest.raises(Refused, match="open the page again"):
        batch.send(c.AddComment(batch.number, "all bad"), ALICE, tap)
    with pytest.raises(Refused, match="open the page again"):
        batch.send(c.AddComment(batch.number, "all well"), BOB, tap)
    assert batch.kinds().count("comment added") == 1


def test_a_tap_is_taken_by_what_was_committed_only(lab: Laboratory) -> None:
    """An act that failed on the way leaves its tap free."""
    tap = str(uuid4())
    with handling(Knock):
        with pytest.raises(ZeroDivisionError):
            lab.do(Knock("laboratory", lambda _: 1 / 0), tap=tap)
        assert lab.do(Knock("laboratory"), tap=tap) == {"knocked": "laboratory"}
    assert len(lab.lines("laboratory", "knocked")) == 1


# --- refused, forbidden, malformed --------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-074")
def test_a_refused_attempt_stands_in_the_book_it_was_made_on(batch: Played) -> None:
    """Alice wants to fill before she has counted: refused, and the attempt is in the batch's record."""
    with pytest.raises(Refused, match="cannot start"):
        batch.send(c.RecordValues(batch.number, "1.8", {"feed": "50 mL"}), ALICE)
    line = batch.lab.lines(batch.book, "attempt refused")[-1]
    assert (line["author"], line["body"]["command"], line["body"]["step"]) == ("alice", "RecordValues", "1.8")
    assert batch.lab.verify().holds


def test_an_attempt_on_nothing_stands_in_ones_own_book(lab: Laboratory) -> None:
    """What names no book that exists is kept where its author's doings are."""
    with pytest.raises(Refused, match="no batch"):
        lab.do(c.AddComment("B99-0001", "is it there?"), ALICE)
    assert lab.refusals("user:alice") == ["there is no batch B99-0001"]


@pytest.mark.requirement("RQ-074")
def test_a_forbidden_attempt_stands_in_the_ledger(batch: Played) -> None:
    """Mallory holds no role: nothing happens, and it is known that she tried."""
    with pytest.raises(Forbidden, match="Mallory Outsider does not hold it"):
        batch.send(c.AddComment(batch.number, "let me in"), MALLORY)
    assert batch.lab.lines(batch.book)[-1]["author"] == "mallory"


def test_what_cannot_be_read_changes_nothing(batch: Played) -> None:
    """A value that is no number is given back for correction: no line, no tap, no row."""
    before = batch.lab.count("line"), batch.lab.count("tap")
    batch.finish("1.5")
    lines = batch.lab.count("line"), batch.lab.count("tap")
    with pytest.raises(Malformed):
        batch.enter("1.5", volume="much")
    assert (batch.lab.count("line"), batch.lab.count("tap")) == lines > before


def test_a_refusal_takes_back_what_was_begun(lab: Laboratory) -> None:
    """Rows and lines written before the refusal are gone; only the attempt stays."""

    def refuse(doing: Doing) -> None:
        doing.session.get(User, "alice").active = False
        doing.act.flush()
        raise Refused("not today")

    with handling(Knock), pytest.raises(Refused):
        lab.do(Knock("laboratory", refuse))
    assert lab.row(User, "alice").active
    assert not lab.lines("laboratory", "knocked")
    assert lab.refusals("laboratory") == ["not today"]


# --- every command, every role ------------------------------------------------------------------------------------


def _any(kind: object) -> object:
    """Return some value of a field's type."""
    origin = typing.get_origin(kind)
    if origin is not None:
        kind = dict if issubclass(origin, Mapping) else origin
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    known = {str: "x", int: 1, float: 1.0, bool: False, datetime: START, dict: {}, tuple: (), type(None): None}
    return known.get(kind)


def _some(command: type) -> object:
    """Return a command with something in every field."""
    kinds = typing.get_type_hints(command)
    needed = [field.name for field in dataclasses.fields(command) if field.default is dataclasses.MISSING]
    return command(**{name: _any(kinds[name]) for name in needed})


@pytest.fixture(scope="module")
def another(copied: Copying, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A laboratory for commands that may well be carried out: what they leave behind is nobody's."""
    folder = tmp_path_factory.mktemp("another")
    with copied("sqlite", folder) as url, opened(url, folder) as laboratory:
        yield laboratory


@pytest.mark.requirement("RQ-009")
@pytest.mark.parametrize("command", HANDLERS, ids=lambda command: command.__name__)
def test_one_permission(another: Laboratory, command: type) -> None:
    """Whoever holds a role that a command is for gets through to it; whoever does not is forbidden."""
    another.install()
    asked, let_in = HANDLERS[command].roles, set()
    for role in (*ROLES, ""):
        try:
            another.sign(_some(command), Person("nobody_new", "Nobody New", frozenset({role} - {""})), None)
        except Forbidden:
            continue
        except (Refused, Malformed):
            pass
        let_in.add(role)
    everybody = {*ROLES, ""}
    assert let_in == (asked & everybody if asked else everybody)


def test_every_command_says_what_it_does() -> None:
    """The audit trail has a sentence for each command, and no two commands are handled by chance."""
    assert all(handler.sentence and handler.run.__doc__ for handler in HANDLERS.values())
    with pytest.raises(ValueError, match="two handlers"):
        handles(c.AddComment, "again")(lambda _, __: None)


@pytest.mark.requirement("RQ-105")
def test_the_administrator_does_no_work(batch: Played) -> None:
    """Adam gives roles; he records nothing, verifies nothing, releases nothing."""
    for command in (c.RecordValues(batch.number, "1.5", {}), c.VerifyStep(batch.number, "1.5", "")):
        with pytest.raises(Forbidden):
            batch.lab.do(command, ADAM)


# --- the transaction ----------------------------------------------------------------------------------------------


def test_the_answer_leaves_after_the_commit(lab: Laboratory) -> None:
    """When the caller hears of it, another connection can read it."""
    with handling(Knock):
        lab.do(Knock("laboratory"))
        assert len(lab.lines("laboratory", "knocked")) == 1


def test_what_follows_a_commit_does_not_follow_a_refusal(lab: Laboratory) -> None:
    """What is kept in memory is kept only of what was committed."""
    done = []

    def refuse(doing: Doing) -> None:
        doing.after.append(lambda: done.append("kept"))
        raise Refused("no")

    with handling(Knock):
        with pytest.raises(Refused):
            lab.do(Knock("laboratory", refuse))
        lab.do(Knock("laboratory", lambda doing: doing.after.append(lambda: done.append("done"))))
    assert done == ["done"]


def test_a_commit_that_fails_leaves_nothing_and_answers_nothing(lab: Laboratory) -> None:
    """The database refuses at the last moment: no line, no row, no tap; the caller hears it, and can try again."""
    owner, tap = lab.owner(), str(uuid4())
    with owner.begin() as connection:
        connection.execute(text("CREATE TABLE rule (id int PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE kept (id int REFERENCES rule DEFERRABLE INITIALLY DEFERRED)"))
        if not lab.is_sqlite:
            connection.execute(text("GRANT ALL ON kept, rule TO mes_app"))
    owner.dispose()
    counted = lab.count("line"), lab.count("tap"), lab.count("lot")

    def keep(doing: Doing) -> None:
        doing.session.add(Lot(number="X-1", material="water", status="released", expires=START, gives={}))
        doing.act.connection.execute(text("INSERT INTO kept VALUES (1)"))

    with handling(Knock):
        with pytest.raises(IntegrityError):
            lab.do(Knock("laboratory", keep), tap=tap)
        assert (lab.count("line"), lab.count("tap"), lab.count("lot")) == counted
        assert lab.do(Knock("laboratory"), tap=tap) == {"knocked": "laboratory"}
    assert lab.verify().holds


@pytest.mark.parametrize("lab", ["postgresql"], indirect=True)
def test_a_connection_killed_in_commit_answers_nothing(lab: Laboratory) -> None:
    """The server ends the connection just before it commits: the caller hears of it, and nothing was done."""
    owner = lab.owner()

    def kill(doing: Doing) -> None:
        (process,) = doing.act.connection.execute(text("SELECT pg_backend_pid()")).one()
        with owner.begin() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": process})

    with handling(Knock):
        with pytest.raises(DBAPIError):
            lab.do(Knock("laboratory", kill))
        assert lab.do(Knock("laboratory")) == {"knocked": "laboratory"}
    owner.dispose()
    assert len(lab.lines("laboratory", "knocked")) == 1


@pytest.mark.parametrize("lab", ["postgresql"], indirect=True)
def test_of_two_that_wait_for_each_other_both_are_done(lab: Laboratory) -> None:
    """Two acts lock two books crosswise; PostgreSQL ends one of them, and the door tries it again."""
    meeting, tried = threading.Barrier(2, timeout=20), []

    def crosswise(other: str) -> Callable[[Doing], None]:
        def then(doing: Doing) -> None:
            tried.append(other)
            if tried.count(other) == 1:
                meeting.wait()
            doing.act.write(other, "knocked", {})

        return then

    with handling(Knock):
        wishes = [Knock("laboratory", crosswise(f"lot:{MEDIUM}")), Knock(f"lot:{MEDIUM}", crosswise("laboratory"))]
        threads = [threading.Thread(target=lab.do, args=(wish,)) for wish in wishes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert len(lab.lines("laboratory", "knocked")) == len(lab.lines(f"lot:{MEDIUM}", "knocked")) == 2
    assert len(tried) > 2
    assert lab.verify().holds


def test_another_database_error_is_not_tried_again(lab: Laboratory) -> None:
    """What would fail again is said at once."""
    tried = []

    def fail(doing: Doing) -> None:
        tried.append(1)
        doing.act.connection.execute(text("SELECT nothing FROM nowhere"))

    with handling(Knock), pytest.raises(DBAPIError):
        lab.do(Knock("laboratory", fail))
    assert tried == [1]


def test_a_tablet_is_named_in_every_line(batch: Played) -> None:
    """Which workstation something was done at stands beside who did it."""
    with batch.lab.app.app_context():
        execute(c.AddComment(batch.number, "here"), by=Actor(ALICE, "tablet-7", "alice"), tap="")
    assert batch.lab.lines(batch.book)[-1]["workstation"] == "tablet-7"


def test_batches_are_numbered_without_gaps(batch: Played) -> None:
    """The next batch has the next number; a refused start takes none."""
    with pytest.raises(Refused, match="no therapy order"):
        Played(batch.lab).start("COI-NONE-1")
    assert Played(batch.lab).start(OTHER_COI).number == "B26-0002"
    assert QUINN.id not in {line["author"] for line in batch.lab.lines(batch.book)}
