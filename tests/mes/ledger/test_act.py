"""The one session that can write: what it compares, what it refuses, what it does not show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from batch_records.executed.draft import Malformed
from mes.db import Row, Table, View
from mes.gateways.models import GatewayTold
from mes.ledger.act import Act, Author, Unlogged
from mes.ledger.line import utc
from mes.machine.models import MachineTold
from mes.materials.models import Lot
from mes.people.models import User
from mes.site.models import Site
from tests.cast import QUINN
from tests.mes.furnishing import MEDIUM
from tests.mes.laboratory import PASSWORD, START, TOKENS, Laboratory


class _Elsewhere(DeclarativeBase):
    """Tables of somebody else."""


class _Stray(_Elsewhere):
    """A row that nobody said anything about."""

    __tablename__ = "lot_note"
    id: Mapped[int] = mapped_column(primary_key=True)


@contextmanager
def acting(lab: Laboratory, author: str = "alice") -> Iterator[Act]:
    """Act as the door does, and commit."""
    with lab.database.turn(), lab.database.writer.connect() as connection:
        act = Act(connection, Author(author, "operator", "tablet-1"), lab.time())
        try:
            yield act
            act.flush()
            connection.commit()
        finally:
            act.close()


def rows() -> list[type[Row]]:
    """Return every class whose changes are lines."""
    return [mapper.class_ for mapper in Table.registry.mappers if issubclass(mapper.class_, Row)]


def test_whatever_is_mapped_is_a_row_or_a_view() -> None:
    """What can change without a line is what gateways tell of themselves, and nothing else."""
    classes = {mapper.class_ for mapper in Table.registry.mappers}
    assert classes == {GatewayTold, MachineTold, *rows(), *(each for each in classes if issubclass(each, View))}


def test_a_session_of_ones_own_cannot_flush(lab: Laboratory) -> None:
    """Code that opens a session beside the door changes nothing."""
    with Session(lab.database.writer) as session:
        session.add(Lot(number="X-1", material="water", status="released", expires=START, gives={}))
        with pytest.raises(Unlogged, match="outside an act"):
            session.flush()
    assert lab.count("lot") == 4


def test_a_strange_object_is_refused(lab: Laboratory) -> None:
    """An act writes rows and views, and nothing else that somebody mapped."""
    with pytest.raises(Unlogged, match="neither a Row nor a View"), acting(lab) as act:
        act.session.add(_Stray(id=1))


@pytest.mark.requirement("RQ-018")
def test_a_row_is_retired_never_deleted(lab: Laboratory) -> None:
    """Neither a lot nor a user goes away."""
    for thing in (Lot, User):
        with pytest.raises(Unlogged, match="never deleted"), acting(lab) as act:
            act.session.delete(act.session.scalars(select(thing)).first())


@pytest.mark.parametrize(
    "statement",
    [
        update(Lot).values(status="released"),
        delete(Lot),
        insert(Lot).values(number="X-1", material="water", status="released", expires=START, gives={}),
    ],
)
def test_rows_are_not_changed_past_the_comparison(lab: Laboratory, statement: object) -> None:
    """A statement over many rows would write no line, so a session refuses it, in an act and outside."""
    with pytest.raises(Unlogged, match="one by one"), acting(lab) as act:
        act.session.execute(statement)
    with Session(lab.database.writer) as session, pytest.raises(Unlogged):
        session.execute(statement)


@pytest.mark.requirement("RQ-006")
def test_a_new_row_is_a_line_with_all_its_values(lab: Laboratory) -> None:
    """Whatever is entered stands in the ledger, defaults included, by whom, when and where."""
    with acting(lab) as act:
        act.session.add(Lot(number="X-1", material="water", status="quarantine", expires=START, gives={"a": "1"}))
    (line,) = lab.lines("lot:X-1")
    values = {"number": "X-1", "material": "water", "status": "quarantine", "expires": utc(START), "gives": {"a": "1"}}
    assert (line["kind"], line["body"]) == ("lot added", {"values": values})
    assert (line["author"], line["role"], line["workstation"]) == ("alice", "operator", "tablet-1")


@pytest.mark.requirement("RQ-075")
def test_a_change_is_a_line_with_old_and_new(lab: Laboratory) -> None:
    """Each column that changed says what it was; one that did not is not mentioned."""
    with acting(lab) as act:
        lot = act.session.get(Lot, MEDIUM)
        before = lot.expires
        lot.status, lot.material, lot.expires = "rejected", lot.material, START + timedelta(days=1)
    line = lab.lines(f"lot:{MEDIUM}")[-1]
    assert line["kind"] == "lot changed"
    changes = {"status": ["released", "rejected"], "expires": [utc(before), utc(START + timedelta(days=1))]}
    assert line["body"]["changes"] == changes


def test_a_change_to_the_same_is_no_line(lab: Laboratory) -> None:
    """Saying again what is so already leaves no trace, for nothing changed."""
    before = lab.lines(f"lot:{MEDIUM}")
    with acting(lab) as act:
        act.session.get(Lot, MEDIUM).status = "released"
    assert lab.lines(f"lot:{MEDIUM}") == before


def test_every_secret_is_marked_as_one() -> None:
    """A column that holds a password's or a token's hash is never quoted in a line."""
    for row in rows():
        secret = {column.key for column in row.__table__.columns if column.key.endswith("_hash")}
        assert secret <= row.unlogged, row


def test_secrets_are_not_shown(lab: Laboratory) -> None:
    """The ledger says that a password changed, and nothing that would help to guess it."""
    with acting(lab) as act:
        act.session.get(User, "alice").password_hash = "kept nowhere"
    assert lab.lines("user:alice")[-1]["body"]["changes"] == {"password_hash": ["(not shown)", "(not shown)"]}
    hidden = (PASSWORD, "$argon2", "kept nowhere", *TOKENS.values())
    with lab.reading() as connection:
        texts = connection.exec_driver_sql("SELECT text FROM line").scalars().all()
        texts += connection.exec_driver_sql("SELECT outcome FROM tap").scalars().all()
    assert not [text for text in texts for word in hidden if word in text]


def test_what_does_not_fit_is_said_in_a_sentence(lab: Laboratory) -> None:
    """A text too long for its column is refused alike on both databases, before either sees it."""
    with pytest.raises(Malformed, match="at most 60 characters"), acting(lab) as act:
        act.session.add(Lot(number="X" * 61, material="water", status="released", expires=START, gives={}))


def test_views_are_not_lines(lab: Laboratory) -> None:
    """What is made from lines needs none: it is made again at any time."""
    with acting(lab) as act:
        assert not [view for view in act.session.deleted if isinstance(view, View)]
        act.session.flush()
    assert lab.verify().holds


def test_a_book_that_two_open_at_once_is_opened_once(lab: Laboratory) -> None:
    """A first line in a new book follows nothing, whoever came first."""
    with acting(lab) as act:
        act.lock(["lot:NEW", "lot:NEW", "order:NEW"])
        assert (act.page("lot:NEW"), act.page("order:NEW")) == (0, 0)
        act.write("lot:NEW", "lot used", {})
    assert lab.lines("lot:NEW")[0]["page"] == 1
    assert lab.verify().holds


def test_a_row_knows_its_book(lab: Laboratory) -> None:
    """What has a history says where it stands."""
    assert lab.row(Site, 1).book == "laboratory"
    assert lab.row(Lot, MEDIUM).book == f"lot:{MEDIUM}"
    assert QUINN.id in {line["author"] for line in lab.lines(f"lot:{MEDIUM}")}
