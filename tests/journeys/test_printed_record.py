"""The record that ``demo`` prints: every step, line, signature and reading is in it, and each page says whose it is."""

from __future__ import annotations

import pytest

from batch_records.executed.batch import Disposition
from batch_records.executed.fold import fold
from mes.batches.folds import entries
from mes.db import Database
from tests.journeys.batch_record import Played, assert_readings_are_printed

COI = "COI-26-0007-K"


@pytest.mark.requirement("RQ-104")
def test_every_step_and_line_is_printed(played: Played) -> None:
    """The recipe's steps, the hash of every line, every signature with its meaning: all of it is on paper."""
    assert played.pdf.missing == 0
    assert [step.id for step in played.recipe.steps.values() if not played.pdf.has(f"{step.id} {step.title}")] == []
    assert [line["page"] for line in played.lines if not played.pdf.has(line["hash"])] == []
    signed = [line["signed"] for line in played.lines if "signed" in line]
    assert {each["meaning"] for each in signed} == {"performed", "verified", "decided", "reviewed", "released"}
    assert [each for each in signed if not played.pdf.has(f"{each['meaning']} {each['name']}")] == []


@pytest.mark.requirement("RQ-107")
def test_every_reading_used_is_printed(played: Played) -> None:
    """With its source, its number and the digest of the bytes that the instrument sent."""
    assert_readings_are_printed(played)
    assert {used["instrument"] for used in played.readings_used()} == {"BR-01", "CC-01"}


@pytest.mark.requirement("RQ-080")
def test_every_page_says_what_it_belongs_to(played: Played) -> None:
    """Which of how many, of whose cells, and the head of the record."""
    pages = ["".join(page.split()) for page in played.pdf.pages]
    assert len(pages) > 20
    for number, page in enumerate(pages, 1):
        assert f"page{number}of{len(pages)}" in page.lower()
        assert COI in page
        assert played.head in page


@pytest.mark.requirement("RQ-084")
def test_the_history_is_told_again_from_its_lines_alone(played: Played) -> None:
    """From the child's code and the collection to the release: what was done, by whom, when, in which order."""
    database = Database(f"sqlite:///{played.records}")
    with database.snapshot() as connection:
        batch = fold(played.recipe, entries(connection, f"batch:{played.batch}"))
    database.dispose()
    assert (batch.coi, batch.disposition) == (COI, Disposition.RELEASED)
    collection = batch.run("3.1").values
    assert {"collection_start", "collection_end"} <= set(collection)
    values = [value for run in batch.runs.values() for value in run.values.values()]
    assert len(values) > 100
    assert [value for value in values if not (value.text and value.stamp.author and value.stamp.at)] == []
