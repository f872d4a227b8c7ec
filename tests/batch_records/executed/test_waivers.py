"""A gate that is not met is passed by the signatures of two people in the roles that the recipe names, or not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch_records.executed import commands as c
from batch_records.executed import supply_commands as s
from batch_records.executed.batch import Disposition
from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed, Refused
from batch_records.executed.review import exceptions
from batch_records.master.recipe import Role
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import larger
from tests.cast import ALICE, DORA, PETRA, QUINN

RECIPE = """
- operation: 1 Gate
  repeat: {until: gate, is: collect, at most: 3}
  steps:
  - step: 1.1 Code
    check: {code: {ask: Code on the tube, matches: coi}}
    verified by: verifier
  - step: 1.2 Blasts
    result: {blasts: {ask: Blasts in blood, unit: "%", limit: <= 5 %, class: IPC}}
    method: Flow
    performed by: analyst
  - step: 1.3 Decide
    milestone: blasts in blood
    gate: {metric: share of white cells, phenotype: the patient's LAIP, sensitivity: 0.01 %, valid for: 72 h}
    decide:
      gate:
        ask: Tumour burden
        choices:
          collect: {needs: blasts <= 5 %, waived by: [quality reviewer, physician]}
          treat and test again:
          end the batch: {ends the batch: "yes"}
    performed by: physician
- operation: 2 Results
  steps:
  - step: 2.1 Endotoxin
    result: {endotoxin: {ask: Endotoxin, unit: EU/mL, limit: <= 5 EU/mL, class: CQA}}
    method: LAL
    performed by: analyst
"""


def at_the_gate(blasts: str = "8") -> Play:
    """Return a batch before the decision, with so many blasts in blood."""
    return Play(larger(RECIPE), answers={"blasts": blasts, "endotoxin": "1"}).start().finish("1.3").settle()


def waive(play: Play, by: Person, key: str = "1.3", why: str = "they fall under treatment") -> list[str]:
    return kinds(play.do(s.WaiveGate(B, key, "collect", why, play.batch.last.hash), by))


def test_fact_4_a_burden_above_the_gate_is_passed_by_two_signatures_and_every_page_says_so() -> None:
    """Quinn and Dora waive; only then Dora decides; the reviewer and who releases see both signatures."""
    play = at_the_gate()
    with pytest.raises(Refused, match="or a waiver: quality reviewer and physician has still to sign it"):
        play.choose("1.3", "gate", "collect")
    waive(play, QUINN)
    with pytest.raises(Refused, match="or a waiver: physician has still to sign it"):
        play.choose("1.3", "gate", "collect")
    waive(play, DORA)
    play.choose("1.3", "gate", "collect")
    said = [finding.sentence for finding in exceptions(play.batch) if "waived" in finding.sentence]
    assert said == [
        "“collect” was waived by Quinn Reviewer, quality reviewer: they fall under treatment",
        "“collect” was waived by Dora Physician, physician: they fall under treatment",
    ]
    play.finish().settle().review()
    assert kinds(play.release()) == ["batch released"]


def test_nobody_waives_alone_or_what_is_met() -> None:
    """Not in both roles, not twice, not without a why, not in a role that the recipe does not name."""
    play = at_the_gate()
    both = replace(QUINN, roles=frozenset({Role.REVIEWER.value, Role.PHYSICIAN.value}))
    waive(play, both)
    with pytest.raises(Refused, match="another person signs it as well"):
        waive(play, both)
    with pytest.raises(Refused, match="for a person with the role “physician”"):
        waive(play, PETRA)
    with pytest.raises(Malformed, match="say why"):
        waive(play, DORA, why=" ")
    with pytest.raises(Refused, match="there is nothing to waive"):
        waive(at_the_gate("2"), DORA)
    with pytest.raises(Refused, match="has no choice “end the batch” that could be waived"):
        play.do(s.WaiveGate(B, "1.3", "end the batch", "x", play.batch.last.hash), DORA)


def test_fact_4_a_gate_that_is_not_met_is_held_and_tested_again() -> None:
    """Treated, and the next round is within: no waiver, and the first result stays on record."""
    play = at_the_gate()
    play.choose("1.3", "gate", "treat and test again")
    play.answers["blasts"] = "3"
    play.finish()
    assert play.batch.run("1.2").values["blasts"].text == "8 %"
    assert not play.batch.waivers
    play.settle().review()
    assert kinds(play.release()) == ["batch released"]


def test_a_waiver_is_of_one_round_and_of_the_values_it_was_signed_on() -> None:
    """Another round, or another value, and everybody signs again; until then nothing is released."""
    play = at_the_gate()
    waive(play, QUINN)
    waive(play, DORA)
    play.choose("1.3", "gate", "collect")
    play.finish().settle()
    play.correct("1.2", "blasts", "9")
    play.settle()
    play.complete("1.2")
    with pytest.raises(Refused, match="or a waiver: quality reviewer and physician"):
        play.complete("1.3")
    play.review()
    with pytest.raises(Refused, match="without what it needs, and without its waiver"):
        play.release()
    waive(play, QUINN)
    waive(play, DORA)
    play.complete("1.3")
    play.review()
    assert kinds(play.release()) == ["batch released"]


def test_fact_4_a_result_counts_as_long_as_its_gate_says() -> None:
    """Seventy-three hours later the blood is tested again; the gate is decided by nothing older."""
    play = at_the_gate("2").later(hours=73)
    with pytest.raises(Refused, match="is 3 d 1 h old, and counts for 72 h: test again"):
        play.choose("1.3", "gate", "collect")
    play.choose("1.3", "gate", "treat and test again")
    play.finish()
    assert play.batch.disposition is Disposition.IN_PROCESS


def test_who_waived_neither_reviews_nor_releases() -> None:
    """Quinn has an interest in it now; Ruth reads the record."""
    play = at_the_gate()
    waive(play, QUINN)
    waive(play, DORA)
    play.choose("1.3", "gate", "collect")
    play.finish().settle()
    with pytest.raises(Refused, match="Quinn Reviewer did some of the work"):
        play.review(by=QUINN)


def test_a_waiver_is_signed_on_the_record_that_was_seen() -> None:
    """A remark in between: it is read again."""
    play = at_the_gate()
    seen = play.batch.last.hash
    play.do(c.AddComment(B, "wait"), ALICE)
    with pytest.raises(Refused, match="has changed"):
        play.do(s.WaiveGate(B, "1.3", "collect", "x", seen), DORA)
