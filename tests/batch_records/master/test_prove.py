"""The proof: what it says of small recipes, and that no real batch goes where it did not."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from batch_records.executed.batch import key_of
from batch_records.executed.progress import Standing
from batch_records.master.proof.known import Known
from batch_records.master.proof.walk import RELEASED, Paths, Walk, Ways
from batch_records.master.prove import ASSUMED, prove
from batch_records.master.recipe import Field, Operation, Recipe, Role, Step
from batch_records.release.simulate import Simulation
from batch_records.values.formula import Formula
from tests.batch_records.writing import cd7, larger

BRANCHING = """
- operation: 1 Look
  repeat: {until: gate, is: enough, at most: 3}
  steps:
  - step: 1.1 Count
    record: {share: {unit: "%", plausible: 0 to 100 %}, seen: {one of: [clear, clots]}}
  - step: 1.2 Filter
    when: seen = "clots"
    record: {filtered: {one of: ["yes", "no"]}}
  - step: 1.3 Gate
    decide:
      gate: {choices: {enough: {needs: share >= 10 %}, again: , stop: {needs: share < 10 %, ends the batch: "yes"}}}
- operation: 2 Act
  when: share >= 50 %
  steps:
  - step: 2.1 Dilute
    record: {diluted: {one of: ["yes", "no"]}}
- operation: 3 Test
  steps:
  - step: 3.1 Sterility
    result: {sterility: {one of: [no growth, growth], limit: no growth, class: CQA}}
    method: Ph. Eur. 2.6.27
    performed by: analyst
    verified by: analyst
"""


@dataclass
class Following(Walk):
    """A walk that goes only where one batch went."""

    def __init__(self, recipe: Recipe, batch: Simulation) -> None:
        super().__init__(recipe)
        self.batch, self.number = batch, 1

    def step(self, operation: Operation, step: Step, number: int, paths: Paths) -> Paths:
        """Know the round."""
        self.number = number
        if number > self.batch.progress.rounds(operation):
            return {}
        return super().step(operation, step, number, paths)

    def applying(self, when: Formula | None, paths: Paths, step: Step) -> tuple[Paths, Paths]:
        """Take the side that the batch took; a step that it did not come to leaves both open."""
        doing, skipping = super().applying(when, paths, step)
        standing = self.batch.progress.standing(key_of(step.id, self.number))
        if standing is Standing.NOT_APPLICABLE:
            return {}, skipping or paths  # a step of an operation that does not apply has no side of its own
        return (doing, {}) if standing is Standing.DONE else (doing, skipping)

    def decided(
        self, operation: Operation, step: Step, number: int, decision: Field, pair: tuple[Known, Ways]
    ) -> list[tuple[Known, Ways]]:
        """Take the way that the batch took."""
        value = self.batch.batch.run(key_of(step.id, number)).values.get(decision.name)
        ways = [] if value is None else list(super().decided(operation, step, number, decision, pair))
        options = [decision.options.index(value.text)] if value else []
        return [way for way in ways if dict(way[0].regions)[decision.name] == frozenset(options)]


def played(recipe: Recipe, seed: int, out: float) -> tuple[Simulation, str]:
    """Play a batch to its end; return it with its end."""
    batch = Simulation(recipe, Random(seed), out, {})  # noqa: S311 - played again from its seed
    batch.start(**{fact.name: batch.fact(fact) for fact in recipe.facts})
    return batch, batch.finish().conclude()


@settings(max_examples=25, phases=[Phase.generate])  # the seed says it all: there is nothing to shrink
@given(seed=st.integers(0, 2**32), out=st.sampled_from([0.0, 0.05, 0.3]))
def test_no_batch_goes_where_the_proof_did_not(seed: int, out: float) -> None:
    """Whatever a batch that is played through the real commands does, some path of the walk does the same."""
    assert_followed(larger(BRANCHING), seed, out)


@pytest.mark.parametrize("seed", range(4))
def test_no_batch_of_the_shipped_recipe_does_either(seed: int) -> None:
    """Its batches go through ninety steps, up to twelve days of culture, and ten decisions."""
    assert_followed(cd7(), seed, 0.05)


def assert_followed(recipe: Recipe, seed: int, out: float) -> None:
    """Play a batch, and walk the recipe where the batch went."""
    batch, end = played(recipe, seed, out)
    following = Following(recipe, batch).all()
    if end == "released":
        assert RELEASED in following.ends
    elif not batch.batch.disposition.is_open and end != "rejected":
        assert end.rpartition(": ")[2] in {name.partition(": ")[2] for name in following.ends}
    else:
        assert following.ends


def test_paths_are_counted() -> None:
    """Each end has the number of paths to it: counted by hand for one round."""
    once = larger(BRANCHING.replace("at most: 3", "at most: 2"))
    ends = prove(once).ends
    first = 2  # clear, or clots: either leads to each of the ways
    again, enough, stop = 2 * first, first, first  # again at 10 % or above and below, enough above, stop below
    assert ends["ended at step 1.3: stop"] == stop + again * stop
    assert ends["released"] == 2 * (enough + again * enough)  # 50 % or above, and below
    assert ends["rejected"] == 2 * ends["released"]  # with growth, and without


def test_a_last_round_without_a_way_out_is_told_as_a_story() -> None:
    """The counter-example says what happened, round by round, and which choice is not open."""
    text = BRANCHING.replace(', stop: {needs: share < 10 %, ends the batch: "yes"}', "")
    (stuck,) = prove(larger(text)).claims["Every path comes to a named end"]
    assert stuck.why == "no choice of “Gate” is open in round 3, the last"
    assert [event for event in stuck.story if event.startswith("step 1.3")] == ["step 1.3: “again”"] * 2


def test_a_recipe_with_problems_is_not_proved() -> None:
    """The lint comes first: nothing is claimed of a recipe that it refuses."""
    proof = prove(
        larger(
            BRANCHING.replace("needs: share >= 10 %", "needs: other >= 10 %")
            .replace("share, ", "")
            .replace("needs: other", "needs: diluted_share")
            .replace("{diluted: {one of", '{diluted_share: {unit: "%"}, diluted: {one of')
        )
    )
    assert proof.problems
    assert not proof.holds
    assert not proof.claims


def test_the_people_it_needs_are_counted() -> None:
    """Two analysts where one checks the other, and a reviewer who decided no gate."""
    assert prove(cd7()).people == {
        Role.OPERATOR.value: 1,
        Role.VERIFIER.value: 1,
        Role.ANALYST.value: 2,
        Role.PHYSICIAN.value: 1,
        Role.REVIEWER.value: 2,
        Role.RELEASER.value: 1,
    }


def test_what_is_taken_for_granted_is_said() -> None:
    """Each assumption is a sentence."""
    assert all(sentence.endswith(".") for sentence in ASSUMED)
