"""The proof: what holds on every path through a recipe, shown before anybody signs it.

All paths are walked (`batch_records.master.proof`): every condition both ways, every choice, every round up to the
last, every specification met and not. What the proof takes for granted stands in `ASSUMED`, and is printed with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batch_records.master.lint import lint
from batch_records.master.proof.claims import CLAIMS, CounterExample, Explored
from batch_records.master.proof.walk import RELEASED, WAIVED, walk
from batch_records.master.recipe import Recipe, Role
from batch_records.master.text import Problem

ASSUMED = tuple(
    """
What a condition compares gives a number: a calculation that gives none stops its step until quality ends the batch.
Two comparisons between recorded values may turn out any way; only what has a fixed bound is reasoned about.
Quality lifts each hold, or ends the batch. Quality can end a batch at every step; these ends are not counted.
The system lets nobody verify their own act, and nobody review or release a batch that they worked on.
The system starts no step before those it waits for are over.
The system releases nothing while a step that applies is open or a quality attribute is out of specification.
It lets a choice be made against what it needs only by the recipe's waiver, signed by different people.
It releases nothing without a waiver's signatures on the values as they are.
What leaves out of specification at a physician's request leaves by records of its own: here it is rejected.
A correction opens again the steps that rest on the value; what follows is another path of these.
""".strip().splitlines()
)


@dataclass(frozen=True)
class Proof:
    """What was shown of a recipe. ``claims`` has the counter-examples of each sentence, ``ends`` the paths to each."""

    problems: tuple[Problem, ...]
    claims: Mapping[str, tuple[CounterExample, ...]]
    ends: Mapping[str, int]
    people: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """Whether the recipe lints, and every claim holds."""
        return not self.problems and not any(self.claims.values())

    @property
    def paths(self) -> int:
        """How many paths there are; each that is released could be rejected as well, and is counted once."""
        return sum(paths for end, paths in self.ends.items() if end not in (RELEASED, WAIVED))


def prove(recipe: Recipe) -> Proof:
    """Walk every path of a recipe, and hold each claim against them."""
    if problems := lint(recipe):
        return Proof(tuple(problems), {}, {}, {})
    explored = Explored(recipe, walk(recipe))
    claims = {sentence: tuple(claim(explored)) for sentence, claim in CLAIMS.items()}
    ends = {name: ways.paths for name, ways in explored.walked.ends.items()}
    return Proof((), claims, ends, _people(recipe))


def _people(recipe: Recipe) -> dict[str, int]:
    """Return how many people of each role a batch needs at least."""
    needed = dict.fromkeys(Role, 0)
    for step in recipe.steps.values():
        needed[step.performer] = max(needed[step.performer], 1)
        if step.verifier:
            needed[step.verifier] = max(needed[step.verifier], 1 + (step.verifier is step.performer))
    for role in (Role.REVIEWER, Role.RELEASER):  # who worked on a batch neither reviews nor releases it
        needed[role] += 1
    return {role.value: number for role, number in needed.items() if number}
