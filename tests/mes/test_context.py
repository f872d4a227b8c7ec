"""What an installation consists of: its clock, its people's names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from batch_records.executed.commands import Person
from devices.clock import ProcessClock
from mes.batches.folds import Folds
from mes.context import Installation
from tests.cast import ALICE
from tests.mes.laboratory import START, Laboratory
from tests.mes.played import Played


@pytest.mark.requirement("RQ-006")
def test_a_laboratory_takes_no_process_clock(lab: Laboratory, tmp_path: Path) -> None:
    """Time that somebody can move is for a demonstration, never for a record that counts."""
    clock = ProcessClock.create(tmp_path / "clock.json", START)
    settings = replace(lab.installation.settings, clock=clock)
    with pytest.raises(ValueError, match="opened as a laboratory: it takes no process clock"):
        Installation(settings, lab.database)


def test_a_new_colleague_is_known_by_name_at_once(lab: Laboratory) -> None:
    """Names are kept, for they never change; who is new is looked up."""
    names = lab.installation.names
    assert names[ALICE.id] == ALICE.name
    lab.hire(Person("carol", "Carol Verifier", frozenset({"verifier"})))
    assert names["carol"] == "Carol Verifier"
    assert "carol" in set(names)
    assert len(names) == lab.count("user_account")
    with pytest.raises(KeyError):
        names["nobody"]


def test_recipes_and_open_batches_are_read_before_the_first_tap(batch: Played) -> None:
    """A process that just started answers its first tablet as fast as its thousandth."""
    folds = Folds()
    with batch.lab.reading() as connection:
        folds.warm(connection)
    assert folds._batches[batch.number].last.hash == batch.batch.last.hash
    assert batch.batch.recipe.digest in folds._recipes
