"""Which signatures stand after a change: exactly those that do not rest on it, in a child's whole batch."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_records.executed import commands as c
from batch_records.executed.batch import Batch, Run
from batch_records.executed.draft import Malformed, Refused
from batch_records.executed.unsigned import unsigned_since
from batch_records.master.recipe import IN_BRACES, Field, Kind, Stage
from tests.batch_records.child import child_at
from tests.batch_records.playing import B, Play
from tests.cast import ALICE, DORA

_TYPED = (Kind.NUMBER, Kind.TEXT, Kind.CHOICE, Kind.READING, Kind.RESULT)


def reviewed() -> Play:
    """Return the child's batch with every step done, and reviewed."""
    play = child_at("")
    play.review(Stage.FINAL)
    return play


def rests_on(batch: Batch, key: str, field: Field) -> list[str]:
    """Say what a value was made from and judged by, as whoever signed its step saw it: written without `rests_on`."""
    values = batch.seen_from(key)
    bounds = [bound for limit in vars(field.limits).values() if limit for bound in (limit.low, limit.high) if bound]
    formulas = [field.formula, *(choice.needs for choice in field.choices)]
    said = [values.said(use, name) for formula in formulas if formula for use, name in formula.inputs]
    named = [name for bound in bounds for name in bound.names] + [field.matches, field.sample]
    named += [name for line in field.lines for name in IN_BRACES.findall(line)]
    return said + [values.text(name) for name in named if name]


def content(batch: Batch, run: Run) -> list[object]:
    """Return everything that the signatures of a step are on: its values, their verdicts, and what those rest on."""
    fields = batch.recipe.steps[run.key.partition(":")[0]].fields
    found = [(run.values[each.name], each) for each in fields if each.name in run.values]
    return [(value.text, value.verdict, value.entry.judged, rests_on(batch, run.key, each)) for value, each in found]


def signatures(batch: Batch) -> dict[int, str]:
    """Return the pages of the signatures of steps, each with its step."""
    runs = batch.runs.values()
    return {stamp.page: run.key for run in runs for stamp in (run.completed, run.verified) if stamp}


def another(field: Field, text: str, data: st.DataObject) -> str:
    """Return another value of the same kind."""
    if field.options:
        return data.draw(st.sampled_from(field.options))
    digits, _, unit = text.partition(" ")
    if field.kind is Kind.DOSE:
        return text.replace("1e6", data.draw(st.sampled_from(["5e5", "1e6", "1.01e6", "3e6"])))
    if field.unit is None:
        return text + ", read again"
    factor = data.draw(st.sampled_from(["0.5", "0.9", "0.999", "1.001", "1.1", "2", "10"]))
    return f"{Decimal(digits) * Decimal(factor)} {unit}"


def change(play: Play, data: st.DataObject) -> None:
    """Correct something: a value, a fact of the order, or a lot that was another."""
    play.at = play.batch.last.at
    recorded = [(run.key, name) for run in play.batch.runs.values() for name in run.values]
    key, name = data.draw(st.sampled_from([*recorded, ("", "weight"), ("", "assigned_dose")]))
    if not key:
        field = next(each for each in play.recipe.facts if each.name == name)
        play.do(c.CorrectFact(B, name, another(field, play.batch.facts[name], data), "misread"), DORA)
        return
    field = next((each for each in play.recipe.steps[key.partition(":")[0]].fields if each.name == name), None)
    if field and field.kind is Kind.LOT:
        gives = {given: "2.4e8 TU/mL" for given in field.gives if not field.gives[given].must_be}
        play.add(key, name, "L-2", "the other vial", gives=play.lot(field, "L-2").gives | gives)
    elif field and field.kind in _TYPED:
        play.correct(key, name, another(field, play.value(key, name), data), by=play.performer(key))


@pytest.mark.requirement("RQ-079")
@pytest.mark.requirement("RQ-100")
@settings(max_examples=60)
@given(data=st.data())
def test_exactly_those_signatures_stand_that_do_not_rest_on_what_changed(data: st.DataObject) -> None:
    """A signature stands if all that was on its signer's screen, and all that rests on, is as it was; no other does."""
    play = reviewed()
    before, signed = play.batch, signatures(play.batch)
    try:
        change(play, data)
    except (Refused, Malformed):
        assert play.batch is before
        return
    after = play.batch
    same = {key for key, run in before.runs.items() if content(before, run) == content(after, after.runs[key])}
    stands = {page for page in signed if page not in unsigned_since(after)}
    assert stands == {page for page, key in signed.items() if key in same}
    if after is not before:
        assert before.reviews[-1][0].page in unsigned_since(after)


@pytest.mark.requirement("RQ-100")
def test_what_was_signed_stays_readable_with_the_change_that_took_it_back() -> None:
    """Alice and Bob signed the volume; since it was corrected, both stand there as counting no more, and why."""
    play = child_at("6.9")
    run = play.batch.run("6.4")
    play.correct("6.4", "activated_volume", "110", "misread", ALICE)
    (gone,) = play.batch.run("6.4").withdrawn
    assert (gone.completed, gone.verified) == (run.completed, run.verified)
    assert gone.because.endswith("was corrected from 100 mL to 110 mL")
    assert play.batch.run("6.4").completed is None


def test_what_was_signed_again_stands_and_the_first_signature_does_not() -> None:
    """The earlier signature keeps the change that took it back; the new one counts."""
    play = child_at("6.9")
    first = play.batch.run("6.4").completed
    play.correct("6.4", "activated_volume", "110", "misread", ALICE)
    play.settle().step("6.4")
    second = play.batch.run("6.4").completed
    assert first
    assert second
    assert first.page in unsigned_since(play.batch)
    assert second.page not in unsigned_since(play.batch)
