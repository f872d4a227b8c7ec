"""The format of a line, which never changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mes.ledger.line import ZERO, canonical, line_hash, utc
from tests.mes.played import Played

GOLDEN = json.loads((Path(__file__).resolve().parents[2] / "data/golden_line.json").read_text())
_JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(some.characters(exclude_categories=["Cs"])),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text("abc", max_size=3), inner, max_size=4),
    max_leaves=12,
)


def test_the_golden_line_is_written_as_ever() -> None:
    """The same content gives the same text and the same hash, on every version and for ever."""
    assert canonical(GOLDEN["content"]) == GOLDEN["text"]
    assert line_hash(bytes.fromhex(GOLDEN["previous"]), GOLDEN["text"]).hex() == GOLDEN["hash"]


def test_the_first_page_follows_thirty_two_zero_bytes() -> None:
    """A book begins with nothing before it, and says so."""
    assert bytes(32) == ZERO
    assert line_hash(ZERO, "").hex() == "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"


@given(_JSON)
def test_content_comes_back_as_it_was(value: object) -> None:
    """Whatever a body holds is read again unchanged, and written again the same."""
    text = canonical({"body": value})
    assert json.loads(text) == {"body": value}
    assert canonical(json.loads(text)) == text


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    """One content has one text: keys in order, no blanks, letters as themselves."""
    assert canonical({"b": ["é", {"d": 1, "c": "10⁶"}], "a": None}) == '{"a":null,"b":["é",{"c":"10⁶","d":1}]}'


@pytest.mark.parametrize("body", [0.5, [1, 0.5], {"deep": {"er": float("nan")}}, (1.0,)])
def test_a_float_is_refused(body: object) -> None:
    """A number has its digits as typed; a float would choose its own."""
    with pytest.raises(TypeError, match="use a text"):
        canonical({"body": body})


def test_times_are_utc_with_microseconds() -> None:
    """A time in any zone is one text: UTC, six digits, Z."""
    at = datetime(2026, 11, 22, 18, 15, tzinfo=timezone(timedelta(hours=8)))
    assert utc(at) == "2026-11-22T10:15:00.000000Z"
    assert utc(datetime(999, 1, 1, tzinfo=UTC)) == "0999-01-01T00:00:00.000000Z"


@pytest.mark.requirement("RQ-106")
def test_a_line_says_who_where_when_and_what(batch: Played) -> None:
    """Alice's value stands in the batch's book with her role, her tablet, the server's time, and nothing empty."""
    batch.finish("1.5").enter("1.5", volume="50 mL")
    line = batch.lab.lines(batch.book)[-1]
    assert line.pop("body")["value"] == "50 mL"
    where = {"book": batch.book, "page": len(batch.kinds()), "workstation": "tablet-1"}
    who = {"author": "alice", "role": "operator", "at": utc(batch.at)}
    assert line == {"kind": "value recorded", **where, **who}
