"""What a law asks of a record as a whole: entered by known people, checked by others, never deleted, released."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from batch_records.executed.batch import Disposition
from batch_records.executed.draft import Refused
from batch_records.master.recipe import Stage
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, BOB, PETRA
from tests.mes.played import Played


@pytest.mark.requirement("RQ-122")
def test_data_are_entered_by_password_and_recorded(batch: Played) -> None:
    """Without a password nothing is entered; with it, the entry and its correction stand with who, when and why."""
    stranger = batch.lab.tablet()
    before = len(batch.lab.lines(batch.book))
    assert stranger.open(f"{batch.page}/steps/1.1").path.startswith("/sign-in")
    assert len(batch.lab.lines(batch.book)) == before
    batch.finish("1.5").step("1.5").correct("1.5", "volume", "60.0 mL", "typing mistake")
    corrected = batch.lab.lines(batch.book)[-1]
    assert (corrected["author"], corrected["reason"]) == (ALICE.id, "typing mistake")
    assert corrected["at"]


@pytest.mark.requirement("RQ-122")
def test_data_are_deleted_by_nobody(batch: Played) -> None:
    """Not by the application, and not by the owner of the database either while its triggers stand."""
    batch.finish("1.5")
    before = len(batch.lab.lines(batch.book))
    for engine in (batch.lab.database.writer, batch.lab.owner()):
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM line")
        engine.dispose()
    assert len(batch.lab.lines(batch.book)) == before


@pytest.mark.requirement("RQ-122")
def test_a_critical_entry_is_checked_by_another(batch: Played) -> None:
    """Who performed it cannot verify it; a colleague can."""
    batch.finish("1.5").step("1.5").correct("1.5", "volume", "60.0 mL", "typing mistake")
    batch.complete("1.5")
    with pytest.raises(Refused):
        batch.verify("1.5", ALICE)
    batch.verify("1.5", BOB)
    assert batch.batch.run("1.5").verified


@pytest.mark.requirement("RQ-051")
def test_a_batch_leaves_only_after_a_review_and_with_a_signature(batch: Played) -> None:
    """The releaser is refused while nobody reviewed the record; then the line names who, when and what it means."""
    batch.finish()
    with pytest.raises(Refused):
        batch.release(Stage.FINAL)
    assert batch.batch.disposition is not Disposition.RELEASED
    batch.review()
    batch.release(Stage.FINAL)
    *_, reviewed, released = [line for line in batch.lab.lines(batch.book) if "signed" in line]
    assert (reviewed["signed"]["meaning"], reviewed["author"]) == ("reviewed", RUTH.id)
    assert (released["signed"]["meaning"], released["signed"]["name"]) == ("released", PETRA.name)
    assert released["at"] > reviewed["at"] or released["page"] > reviewed["page"]
