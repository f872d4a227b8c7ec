"""Entries: one sample of every kind ever written loads for ever and writes back the same."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from batch_records.executed.entries import KINDS, BatchHeld, Recorded, ValueRecorded, from_body, kind, to_body
from batch_records.values.limit import Verdict
from tests.batch_records.child import child_at

FOLDER = Path(__file__).parents[2] / "data" / "entries"
SAMPLES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.requirement("RQ-004")
@pytest.mark.requirement("RQ-057")
def test_what_was_written_is_read_for_ever(name: str) -> None:
    """A line of years ago is read and written back to the very same body, or its hash would no longer hold."""
    sample = SAMPLES[name]
    entry = from_body(sample["kind"], sample["body"])
    assert to_body(entry) == sample["body"]
    assert kind(entry) == sample["kind"]


def bodies(of: str) -> list[dict[str, Any]]:
    """Return the bodies of the samples of a kind."""
    return [sample["body"] for sample in SAMPLES.values() if sample["kind"] == of]


@pytest.mark.parametrize("each", KINDS)
def test_every_kind_has_a_sample_with_all_its_attributes(each: str) -> None:
    """Who adds a kind or an attribute adds a sample to tests/data/entries: it is a promise for thirty years."""
    assert bodies(each), f"tests/data/entries has no “{each}.json”"
    written = {name for body in bodies(each) for name in body}
    assert written == {attribute.name for attribute in fields(KINDS[each])}


def test_no_kind_was_forgotten() -> None:
    """A kind that was ever written is never removed or renamed."""
    assert {sample["kind"] for sample in SAMPLES.values()} <= set(KINDS)


def test_a_kind_is_its_name_in_small_words() -> None:
    """The ledger speaks of what happened, not of classes."""
    assert kind(ValueRecorded) == "value recorded"
    assert kind(ValueRecorded("1.1", "volume", "5 mL")) == "value recorded"


def test_what_is_empty_is_left_out() -> None:
    """A body holds what is said, and what was left out comes back empty."""
    entry = ValueRecorded("1.1", "volume", "5 mL", Verdict.WITHIN)
    body = {"step": "1.1", "field": "volume", "value": "5 mL", "verdict": "within limits"}
    assert to_body(entry) == body
    assert from_body("value recorded", body) == entry
    assert from_body("batch held", to_body(BatchHeld(""))) == BatchHeld("")


def test_a_verdict_stands_in_words() -> None:
    """An auditor reads the body without our source."""
    assert {verdict.value for verdict in Verdict} == {
        "no limit",
        "within limits",
        "outside the alert limit",
        "outside the action limit",
        "not plausible",
    }


def test_a_kind_from_a_newer_version_is_not_guessed_at() -> None:
    """An older program stops at what it does not know."""
    with pytest.raises(KeyError, match="cells teleported"):
        from_body("cells teleported", {})


def test_every_entry_of_a_whole_batch_writes_and_reads_the_same() -> None:
    """Through canonical JSON and back, each of some four hundred entries is what it was."""
    play = child_at("")
    for _, entry in play.lines:
        body = json.loads(json.dumps(to_body(entry), sort_keys=True, separators=(",", ":"), ensure_ascii=False))
        assert from_body(kind(entry), body) == entry


def test_values_are_texts_as_recorded() -> None:
    """A number in the ledger is what the person wrote, unit and all."""
    recorded = [entry for _, entry in child_at("").lines if isinstance(entry, Recorded)]
    assert all(isinstance(entry.value, str) and entry.value for entry in recorded)
